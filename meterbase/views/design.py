"""The components of the pages, together, for whoever writes pages."""

from __future__ import annotations

from types import SimpleNamespace

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from meterbase.lib.sorting import Heading
from portfolios.http import SignedInRequest, signed_in

TONES = ("neutral", "info", "success", "warning", "danger", "unknown")


@require_safe
@signed_in
def design(request: SignedInRequest) -> HttpResponse:
    """Show every component in both colour schemes; only where developers work."""
    if not settings.DEBUG:
        raise Http404
    context = {
        "schemes": ("light", "dark"),
        "tones": TONES,
        "segments": _segments(),
        "headings": [
            Heading("Unit", "", "?sort=-unit", "ascending"),
            Heading("Resident", "", "?sort=resident"),
            Heading("Charge", "money", "?sort=charge"),
            Heading("State", ""),
        ],
        "rows": [
            ("101", "Ada Lopez", 10_694, "success", "Posted"),
            ("102", "Zoë Kim", None, "danger", "Failed"),
            ("103", "Ben Nguyen", -250, "unknown", "Not known yet"),
        ],
        "filters": [
            {"label": "All", "count": 48, "url": "?", "active": True},
            {"label": "Needs a decision", "count": 3, "url": "?show=open", "active": False},
        ],
        "facts": [("Property", "Maplewood Court"), ("Account", "")],
        "reasons": [("2 units have no square feet", "?"), ("1 flag is not cleared", "")],
        "crumbs": [("Portfolios", "?"), ("Lakeside", "?")],
        "page": Paginator(range(120), 50).page(2),
    }
    return render(request, "meterbase/design.html", context)


def _segments() -> list[SimpleNamespace]:
    parts = (("posted", 41, "success"), ("failed", 3, "danger"), ("waiting", 4, "neutral"))
    return [
        SimpleNamespace(label=label, count=count, tone=tone, url="?")
        for label, count, tone in parts
    ]
