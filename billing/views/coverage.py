"""Which methods a property's units are known well enough for, and what the others lack."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from billing.inputs import rule_input
from billing.models import Method, ShareRule
from billing.rubs.methods import METHODS
from billing.views.breadcrumbs import above_property
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Property, UnitField
from portfolios.queries import UnitFacts, lacking_fields, read_units

# What the methods of the arithmetic read, as it is called on a unit.
_FIELDS = {
    "sqft": UnitField.SQFT,
    "bedrooms": UnitField.BEDROOMS,
    "bathrooms": UnitField.BATHROOMS,
    "occupants": UnitField.OCCUPANT_COUNT,
}
_ELSEWHERE = {
    "weight": "weights, set with the units under the share rule",
    "percent": "percentages, set with the units under the share rule",
    "usage": "readings, entered with each bill",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """How many units lack a field, and where they are."""

    field: UnitField
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class MethodRow:
    """A method and the units that it could share a bill by.

    Shape: `gaps` has every field that the method reads, those that no unit lacks too; `elsewhere`
        says what it reads beside the units' own fields, which nobody counts here; `used_for` are
        the utilities whose rule in force shares so.
    """

    label: str
    gaps: tuple[Gap, ...]
    elsewhere: str
    ready: int
    percent: int
    used_for: str


@require_safe
@signed_in
def property_coverage(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show for every method how many units have what it needs."""
    places = Property.objects.select_related("portfolio")
    place = access.fetch(places, Action.READ, user=request.user, pk=pk)
    units = [unit for unit in read_units(place) if unit.billable and not unit.missing]
    lacking = [frozenset(lacking_fields(unit)) for unit in units]
    return render(
        request,
        "billing/property_coverage.html",
        {
            "place": place,
            "unit_count": len(units),
            "rows": _method_rows(place, lacking),
            "occupied": _gap(place, UnitField.OCCUPIED, lacking),
            "left_aside": _left_aside(place, units),
            "may_prepare": access.may(place.portfolio, Action.PREPARE, user=request.user),
            "breadcrumbs": above_property(place),
        },
    )


Lacking = Sequence[frozenset[UnitField]]


def _method_rows(place: Property, lacking: Lacking) -> list[MethodRow]:
    used_for = _utilities_by_method(place)
    return [
        _method_row(place, method, lacking, ", ".join(used_for[method]))
        for method in Method
        if method in METHODS
    ]


def _method_row(place: Property, method: Method, lacking: Lacking, used_for: str) -> MethodRow:
    reads = METHODS[method].reads
    fields = [_FIELDS[name] for name in reads if name in _FIELDS]
    # Whoever shares a bill must know who is there: an unknown occupancy stops every method.
    needed = {UnitField.OCCUPIED, *fields}
    ready = sum(not needed & lacks for lacks in lacking)
    return MethodRow(
        label=method.label,
        gaps=tuple(_gap(place, field, lacking) for field in fields),
        elsewhere=", ".join(_ELSEWHERE[name] for name in reads if name in _ELSEWHERE),
        ready=ready,
        percent=100 * ready // len(lacking) if lacking else 0,
        used_for=used_for,
    )


def _gap(place: Property, field: UnitField, lacking: Lacking) -> Gap:
    counts = Counter(each for lacks in lacking for each in lacks)
    here = reverse("portfolios:unit-values", args=[place.pk])
    return Gap(field, counts[field], f"{here}?lacks={field.value}")


def _utilities_by_method(place: Property) -> defaultdict[str, list[str]]:
    """Name the utilities whose rule in force uses a method, alone or in a mix."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for rule in ShareRule.objects.filter(property=place, is_active=True).order_by("utility"):
        for method in _methods_of(rule):
            found[method].append(rule.get_utility_display())
    return found


def _methods_of(rule: ShareRule) -> list[str]:
    return [part.method for part in rule_input(rule).mix] or [rule.method]


def _left_aside(place: Property, units: Sequence[UnitFacts]) -> int:
    return place.units.count() - len(units)
