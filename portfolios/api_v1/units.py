"""Units, and stating their values over what the PMS says."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query
from pydantic import StrictBool

from meterbase.lib.json_api import PageQuery, sample
from portfolios import access
from portfolios.api_v1.routes import router
from portfolios.api_v1.shapes import (
    Number,
    NumberIn,
    PathId,
    V1Answer,
    V1Body,
    V1Pagination,
    problem_of,
    take_page,
)
from portfolios.bearer import Key, caller
from portfolios.forms.unit_values import UnitValuesForm
from portfolios.models import Property, Scope, Unit, UnitField
from portfolios.operations.units import set_unit_values
from portfolios.queries import UnitFacts, read_unit, read_units


class UnitAnswer(V1Answer):
    """A unit as billing sees it; null is unknown.

    Shape: `typedByHand` names the values that somebody stated over the PMS's.
    """

    id: str
    property_id: str
    unit_number: str
    building: str
    sqft: int | None
    bedrooms: Number | None
    bathrooms: Number | None
    occupied: bool | None
    occupant_count: int | None
    billable: bool
    shown_by_pms: bool
    typed_by_hand: list[str]
    propexo_unit_id: str


class UnitPage(V1Answer):
    """Some of a property's units."""

    data: list[UnitAnswer]
    pagination: V1Pagination


class UnitPatch(V1Body):
    """Values to state over the PMS's; null lets the PMS count again, what is left out stays."""

    model_config = sample(sqft=712, occupied=None)

    sqft: NumberIn | None = None
    bedrooms: NumberIn | None = None
    bathrooms: NumberIn | None = None
    occupant_count: NumberIn | None = None
    occupied: StrictBool | None = None
    billable: StrictBool | None = None


@router.get("/properties/{property_id}/units", auth=Key(Scope.PROPERTIES_READ), response=UnitPage)
def list_units(request: HttpRequest, property_id: PathId, asked: Query[PageQuery]) -> UnitPage:
    """List the units of a property."""
    place = access.fetch(
        Property.objects.all(), access.Action.READ, user=caller(request), pk=property_id
    )
    units, pagination = take_page(read_units(place), asked)
    return UnitPage(data=[_describe(unit, place.pk) for unit in units], pagination=pagination)


@router.get("/units/{unit_id}", auth=Key(Scope.PROPERTIES_READ), response=UnitAnswer)
def show_unit(request: HttpRequest, unit_id: PathId) -> UnitAnswer:
    """Show a unit."""
    unit = access.fetch(Unit.objects.all(), access.Action.READ, user=caller(request), pk=unit_id)
    return _describe(read_unit(unit), unit.property_id)


@router.patch("/units/{unit_id}", auth=Key(Scope.PROPERTIES_WRITE), response=UnitAnswer)
def update_unit(request: HttpRequest, unit_id: PathId, body: UnitPatch) -> UnitAnswer:
    """State values of a unit over what the PMS says."""
    user = caller(request)
    units = Unit.objects.select_related("property__portfolio")
    unit = access.fetch(units, access.Action.PREPARE, user=user, pk=unit_id)
    # The page's form knows which values a unit can have, and says so in the same words.
    form = UnitValuesForm(_as_typed(body, unit), unit=unit)
    if not form.is_valid():
        raise problem_of(form)
    set_unit_values(unit=unit, values=form.changes(), by=user, now=timezone.now())
    return _describe(read_unit(unit), unit.property_id)


def _as_typed(body: UnitPatch, unit: Unit) -> dict[str, str]:
    """Write a body as a person would type it over the values that stand there now."""
    shown = dict(unit.overrides.values_list("field", "value"))
    typed = {}
    for field in UnitField:
        typed[f"initial-{field}"] = shown.get(field.value, "")
        sent = field.value in body.model_fields_set
        typed[field.value] = (
            _text(getattr(body, field.value)) if sent else shown.get(field.value, "")
        )
    return typed


def _text(value: str | bool | None) -> str:  # noqa: FBT001 - a value of three kinds
    return "" if value is None else str(value).lower()


def _describe(unit: UnitFacts, property_id: int) -> UnitAnswer:
    return UnitAnswer(
        id=str(unit.unit_id),
        property_id=str(property_id),
        unit_number=unit.unit_number,
        building=unit.building,
        sqft=unit.sqft,
        bedrooms=unit.bedrooms,
        bathrooms=unit.bathrooms,
        occupied=unit.occupied,
        occupant_count=unit.occupant_count,
        billable=unit.billable,
        shown_by_pms=unit.in_pms and not unit.missing,
        typed_by_hand=[value.field.value for value in unit.typed],
        propexo_unit_id=unit.propexo_unit_id,
    )
