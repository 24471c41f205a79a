"""The components of the pages, together, for whoever writes pages."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from meterbase.lib.charts import (
    BarGroup,
    BarPart,
    Leak,
    LinePoint,
    bar_chart,
    line_chart,
    waterfall,
)
from meterbase.lib.sorting import Heading
from portfolios.http import SignedInRequest, signed_in

_MONTHS = (("Jan 26", 40_210, 36_100), ("Feb 26", 43_187, 39_940), ("Mar 26", -2_100, 0))
_MONTHLY = [
    BarGroup(month, month, (BarPart("Billed", billed, "neutral"), BarPart("Paid", paid, "success")))
    for month, billed, paid in _MONTHS
]
_DAILY = [
    LinePoint(label="Jan 26", name="January 2026", cents=Fraction(1_297), words="$12.97 a day"),
    LinePoint(label="Feb 26", name="February 2026", cents=Fraction(1_542), words="$15.42 a day"),
    LinePoint(
        label="Mar 26",
        name="March 2026",
        cents=Fraction(2_180),
        words="$21.80 a day",
        mark="+41 % against the usual",
    ),
    LinePoint(label="Apr 26", name="April 2026", cents=None),
]
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
        "waterfall": waterfall(
            Leak("Billed by the utilities", 566_161, "neutral", "?"),
            [
                Leak("Common area", 56_616, "neutral", "?"),
                Leak("Approved, but failed", 28_308, "danger", "?"),
                Leak("On its way to the PMS", 120_000, "info", "?"),
            ],
            Leak("Recovered", 361_237, "success", "?"),
        ),
        "bar_chart": bar_chart(_MONTHLY),
        "line_chart": line_chart(_DAILY),
        "page": Paginator(range(120), 50).page(2),
    }
    return render(request, "meterbase/design.html", context)


def _segments() -> list[SimpleNamespace]:
    parts = (("posted", 41, "success"), ("failed", 3, "danger"), ("waiting", 4, "neutral"))
    return [
        SimpleNamespace(label=label, count=count, tone=tone, url="?")
        for label, count, tone in parts
    ]
