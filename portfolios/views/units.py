"""The page of a unit, where its values can be typed over the PMS's."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from portfolios import access
from portfolios.forms import UnitValuesForm
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Unit
from portfolios.operations.units import set_unit_values
from portfolios.queries import read_unit
from portfolios.views.unit_rows import row_of


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def unit_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a unit, and keep what a manager types over the PMS's values."""
    posted = request.method == "POST"
    unit = access.fetch(
        Unit.objects.select_related("property__portfolio").prefetch_related(
            "leases", "overrides__entered_by"
        ),
        access.Action.PREPARE if posted else access.Action.READ,
        user=request.user,
        pk=pk,
    )
    form = UnitValuesForm(request.POST.dict() if posted else None, unit=unit)
    if posted and form.is_valid():
        return _save(request, unit, form)
    place = unit.property
    context = {
        "unit": unit,
        "row": row_of(read_unit(unit)),
        "form": form,
        "may_prepare": access.may(place.portfolio, access.Action.PREPARE, user=request.user),
        "breadcrumbs": [
            ("Portfolios", reverse("portfolios:portfolio-list")),
            (
                str(place.portfolio),
                reverse("portfolios:portfolio-detail", args=[place.portfolio_id]),
            ),
            (str(place), reverse("portfolios:property-detail", args=[place.pk])),
        ],
    }
    return render(request, "portfolios/unit_edit.html", context)


def _save(request: SignedInRequest, unit: Unit, form: UnitValuesForm) -> HttpResponse:
    changes = form.changes()
    if changes:
        set_unit_values(unit=unit, values=changes, by=request.user, now=timezone.now())
        messages.success(request, f"The values of unit {unit} are saved.")
    else:
        messages.info(request, "Nothing was changed.")
    return redirect("portfolios:property-detail", pk=unit.property_id)
