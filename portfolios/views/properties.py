"""The page of a property: its facts and its units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from meterbase.lib.sheets import chosen_filters
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Property
from portfolios.queries import read_units
from portfolios.views.place_sheets import unit_sheet
from portfolios.views.unit_rows import UnitRow, row_of
from portfolios.views.utility_cards import standings

PAGE_SIZE = 50

SHOWN: dict[str, tuple[str, Callable[[UnitRow], bool]]] = {
    "": ("All", lambda _row: True),
    "incomplete": ("Incomplete", lambda row: bool(row.gaps)),
    "vacant": ("Vacant", lambda row: row.facts.occupied is False),
    "typed": ("Typed by hand", lambda row: bool(row.facts.typed)),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """A ready-made choice of the list's rows."""

    label: str
    count: int
    url: str
    active: bool


@require_safe
@signed_in
def property_detail(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show a property with its units as billing sees them."""
    place = access.fetch(
        Property.objects.select_related("portfolio"),
        access.Action.READ,
        user=request.user,
        pk=pk,
    )
    rows = [row_of(facts) for facts in read_units(place)]
    wanted = request.GET.get("show", "")
    shown = wanted if wanted in SHOWN else ""
    chosen = [row for row in rows if SHOWN[shown][1](row)]
    filters = chosen_filters(show=SHOWN[shown][0] if shown else "")
    if answer := list_file(request, lambda: unit_sheet(place, chosen, filters=filters)):
        return answer
    context = {
        "place": place,
        "facts": _facts(place, units_here=sum(not row.facts.missing for row in rows)),
        "page": Paginator(chosen, PAGE_SIZE).get_page(request.GET.get("page")),
        "utilities": standings(place.utilities.select_related("utility", "confirmed_by")),
        "filters": _filters(place, rows, shown),
        "unit_count": len(rows),
        "incomplete_count": sum(bool(row.gaps) for row in rows),
        "may_prepare": access.may(place.portfolio, access.Action.PREPARE, user=request.user),
        "breadcrumbs": [
            ("Portfolios", reverse("portfolios:portfolio-list")),
            (
                str(place.portfolio),
                reverse("portfolios:portfolio-detail", args=[place.portfolio.pk]),
            ),
        ],
    }
    return render(request, "portfolios/property_detail.html", context)


def _filters(place: Property, rows: list[UnitRow], shown: str) -> list[Filter]:
    here = reverse("portfolios:property-detail", args=[place.pk])
    return [
        Filter(
            label=label,
            count=sum(keeps(row) for row in rows),
            url=f"{here}?show={key}" if key else here,
            active=key == shown,
        )
        for key, (label, keeps) in SHOWN.items()
    ]


def _facts(place: Property, *, units_here: int) -> list[tuple[str, str]]:
    listed = "" if place.unit_count is None else f" of {place.unit_count:,} that the PMS counts"
    area = "" if place.square_footage is None else f"{place.square_footage:,} sq ft"
    return [
        ("Address", ", ".join(filter(None, (place.address, place.city)))),
        ("State", place.state or _odd(place.raw_state)),
        ("ZIP code", place.zip_code or _odd(place.raw_zip_code)),
        ("Units", f"{units_here:,} here{listed}"),
        ("Square footage", area),
        ("Id in Propexo", place.propexo_property_id),
    ]


def _odd(text: str) -> str:
    return f"not recognised; the PMS writes “{text}”" if text else ""
