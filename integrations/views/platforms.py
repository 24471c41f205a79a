"""The page of the platforms that can be connected."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from integrations.pms.catalog import PLATFORMS, Support
from portfolios.http import SignedInRequest, signed_in

_TONES = {Support.YES: "success", Support.BETA: "warning", Support.NO: "neutral"}


@require_safe
@signed_in
def platform_list(request: SignedInRequest) -> HttpResponse:
    """Show what each platform can do."""
    rows = [
        (
            platform.name,
            [
                (_TONES[support], support.label)
                for support in (
                    platform.property_import,
                    platform.unit_sync,
                    platform.lease_sync,
                    platform.charge_posting,
                )
            ],
        )
        for platform in PLATFORMS
    ]
    context = {
        "rows": rows,
        "breadcrumbs": [("Propexo", reverse("integrations:propexo"))],
    }
    return render(request, "integrations/platform_list.html", context)
