"""How much of the bills came back from the residents, and where the rest leaked."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from billing.reports.recovery import Recovery, read_recovery
from billing.views.breadcrumbs import above_property
from billing.views.recovery_tables import (
    group_tables,
    months_chart,
    recovered_part,
    step_rows,
    steps_chart,
)
from billing.views.report_filters import Asked, asked_of, bills_asked, report_tabs
from billing.views.report_sheets import recovery_sheet
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Property


@require_safe
@signed_in
def report_recovery(request: SignedInRequest) -> HttpResponseBase:
    """Show where the money of the bills went, as a waterfall and as tables."""
    asked = asked_of(request)
    found = read_recovery(bills_asked(request, asked.scope))
    if answer := list_file(request, lambda: recovery_sheet(found, filters=asked.filters)):
        return answer
    here = reverse("billing:report-recovery")
    return render(request, "billing/report_recovery.html", _context(found, asked, here))


@require_safe
@signed_in
def property_reports(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show where the money of one property's bills went."""
    places = Property.objects.select_related("portfolio")
    place = access.fetch(places, Action.READ, user=request.user, pk=pk)
    asked = asked_of(request, place=place)
    found = read_recovery(bills_asked(request, asked.scope))
    filters = (("Property", place.name), *asked.filters)
    if answer := list_file(request, lambda: recovery_sheet(found, filters=filters)):
        return answer
    here = reverse("billing:property-reports", args=[place.pk])
    more = {"place": place, "breadcrumbs": above_property(place)}
    context = _context(found, asked, here) | more
    return render(request, "billing/property_reports.html", context)


def _context(found: Recovery, asked: Asked, here: str) -> dict[str, object]:
    scope = asked.scope
    return {
        "here": here,
        "months": scope.months.words,
        "choices": asked.choices,
        "is_narrowed": asked.is_narrowed,
        "note": asked.note,
        "tabs": report_tabs(scope),
        "tab": "recovery",
        "recovery": found,
        "recovered_part": recovered_part(found),
        "chart": steps_chart(found, scope),
        "steps": step_rows(found, scope),
        "months_chart": months_chart(found, scope),
        "groups": group_tables(found, scope, here=here),
    }
