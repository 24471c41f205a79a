"""The values of a property's units on one page, to be typed where they are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from meterbase.lib.sheets import Sheet, chosen_filters
from portfolios import access
from portfolios.forms import UnitTable
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Property, Unit, UnitField
from portfolios.operations.units import set_values_of_units
from portfolios.queries import UnitFacts, lacking_fields, read_units
from portfolios.views.breadcrumbs import above_property
from portfolios.views.place_sheets import unit_sheet
from portfolios.views.properties import PAGE_SIZE, Filter
from portfolios.views.unit_rows import row_of


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def unit_values(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show the values of many units, and keep what a manager types over the PMS's."""
    posted = request.method == "POST"
    place = access.fetch(
        Property.objects.select_related("portfolio"),
        access.Action.PREPARE if posted else access.Action.READ,
        user=request.user,
        pk=pk,
    )
    lacks = _wanted(request)
    if answer := list_file(request, lambda: _sheet(place, lacks)):
        return answer
    problems: list[tuple[str, str]] = []
    if posted:
        sent = _rows(place, request.POST.getlist("unit"))
        table = UnitTable(sent, request.POST.dict())
        problems = table.problems()
        if not problems:
            return _save(request, place, table)
    facts = read_units(place)
    page = Paginator([unit.unit_id for unit in _chosen(facts, lacks)], PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    if not posted:
        table = UnitTable(_rows(place, list(page)))
    return render(
        request,
        "portfolios/unit_values.html",
        {
            "place": place,
            "table": table,
            "problems": problems,
            "page": page,
            "fields": UnitField.labels,
            "filters": _filters(place, facts, lacks),
            "lacks": lacks,
            "may_prepare": access.may(place.portfolio, access.Action.PREPARE, user=request.user),
            "breadcrumbs": above_property(place),
        },
    )


def _chosen(facts: Sequence[UnitFacts], lacks: UnitField | None) -> list[UnitFacts]:
    return [unit for unit in facts if lacks is None or lacks in _lacking(unit)]


def _sheet(place: Property, lacks: UnitField | None) -> Sheet:
    rows = [row_of(unit) for unit in _chosen(read_units(place), lacks)]
    filters = chosen_filters(show=_LACKING[lacks] if lacks else "")
    return unit_sheet(place, rows, filters=filters)


def _wanted(request: SignedInRequest) -> UnitField | None:
    lacks = request.GET.get("lacks", "")
    return UnitField(lacks) if lacks in _LACKING else None


def _lacking(unit: UnitFacts) -> frozenset[UnitField]:
    """Name what a unit lacks; one that left the PMS lacks nothing any more."""
    return frozenset() if unit.missing else frozenset(lacking_fields(unit))


def _rows(place: Property, ids: Sequence[int | str]) -> list[Unit]:
    """Read units of the property in the order given; what is no id of one is left out."""
    wanted = [int(pk) for pk in ids[:PAGE_SIZE] if str(pk).isascii() and str(pk).isdecimal()]
    units = place.units.prefetch_related("overrides__entered_by").select_related("property")
    found = units.in_bulk([pk for pk in wanted if pk < 2**63])
    return [found[pk] for pk in dict.fromkeys(wanted) if pk in found]


def _save(request: SignedInRequest, place: Property, table: UnitTable) -> HttpResponse:
    changes = table.changes()
    if changes:
        set_values_of_units(values=changes, by=request.user, now=timezone.now())
        units = "1 unit" if len(changes) == 1 else f"{len(changes)} units"
        messages.success(request, f"The values of {units} are saved.")
    else:
        messages.info(request, "Nothing was changed.")
    here = reverse("portfolios:unit-values", args=[place.pk])
    kept = {key: request.GET[key] for key in ("lacks", "page") if request.GET.get(key)}
    return redirect(f"{here}?{urlencode(kept)}" if kept else here)


def _filters(place: Property, facts: Sequence[UnitFacts], lacks: UnitField | None) -> list[Filter]:
    here = reverse("portfolios:unit-values", args=[place.pk])
    counts = Counter(field for unit in facts for field in _lacking(unit))
    return [
        Filter("All", len(facts), here, active=lacks is None),
        *(
            Filter(label, counts[field], f"{here}?lacks={field.value}", active=field == lacks)
            for field, label in _LACKING.items()
        ),
    ]


_LACKING = {
    UnitField.SQFT: "Without square feet",
    UnitField.BEDROOMS: "Without bedrooms",
    UnitField.BATHROOMS: "Without bathrooms",
    UnitField.OCCUPANT_COUNT: "Without occupants",
    UnitField.OCCUPIED: "Occupancy not known",
}
