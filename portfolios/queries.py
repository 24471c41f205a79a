"""Reading units as billing sees them: the PMS's values with the hand-typed ones over them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, QuerySet, When

from portfolios.models import Lease, LeaseStatus, Property, Unit, UnitField, UnitOverride
from portfolios.models.place import unit_label

UnitValue = int | Decimal | bool | None

CURRENT_LEASES = frozenset({LeaseStatus.ACTIVE, LeaseStatus.MONTH_TO_MONTH})


@dataclass(frozen=True, slots=True)
class LeaseFacts:
    """A lease as billing sees it.

    Shape: days are [start, end); None is open, and of a lease that is over: not known. Those of the
        contract stand beside them. `move_out` is when everybody had left, as the PMS has it.
    """

    lease_id: int
    propexo_lease_id: str
    propexo_resident_id: str
    resident_name: str
    start: date | None
    end: date | None
    occupants: int | None
    status: LeaseStatus
    missing: bool = False
    contract_start: date | None = None
    contract_end: date | None = None
    move_out: date | None = None

    @property
    def is_current(self) -> bool:
        """Tell whether the lease is in force now, and the PMS shows it."""
        return self.status in CURRENT_LEASES and not self.missing


@dataclass(frozen=True, slots=True)
class TypedValue:
    """A value that a person typed, beside what the PMS says."""

    field: UnitField
    pms_value: UnitValue
    typed_value: UnitValue
    entered_by: str
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """A unit as billing sees it; None is unknown, never 0.

    Shape: `in_pms` is False for a unit that no sync has ever read.
    Units: square feet.
    """

    unit_id: int
    propexo_unit_id: str
    label: str
    sqft: int | None
    bedrooms: Decimal | None
    bathrooms: Decimal | None
    occupant_count: int | None
    occupied: bool | None
    billable: bool
    raw_status: str
    missing: bool
    leases: tuple[LeaseFacts, ...]
    typed: tuple[TypedValue, ...]
    unit_number: str = ""
    building: str = ""
    in_pms: bool = True

    @property
    def is_silent(self) -> bool:
        """Tell whether neither the PMS nor anybody here says a word about who lives there."""
        return self.occupied is None and not self.raw_status

    def value_of(self, field: UnitField) -> UnitValue:
        """Give what counts for a field: the typed value, else the PMS's."""
        found: UnitValue = getattr(self, field.value)
        return found

    def value_typed(self, field: UnitField) -> TypedValue | None:
        """Find the typed value of a field."""
        return next((value for value in self.typed if value.field == field), None)


def read_value(field: UnitField, text: str) -> UnitValue:
    """Read the stored text of a typed value."""
    if field in (UnitField.OCCUPIED, UnitField.BILLABLE):
        return text == "true"
    if field in (UnitField.BEDROOMS, UnitField.BATHROOMS):
        return Decimal(text)
    return int(text)


def lacking_fields(unit: UnitFacts) -> Iterable[UnitField]:
    """Name what a unit lacks before every method could share a bill by it.

    Shape: nothing for a unit that is not billable; people are missed only where somebody lives, as
        a current lease shows where the PMS says nothing.
    """
    if not unit.billable:
        return
    let = unit.is_silent and any(lease.is_current for lease in unit.leases)
    if unit.occupied is None and not let:
        yield UnitField.OCCUPIED
    for field in (UnitField.SQFT, UnitField.BEDROOMS, UnitField.BATHROOMS):
        if unit.value_of(field) is None:
            yield field
    if (unit.occupied or let) and not _knows_people(unit):
        yield UnitField.OCCUPANT_COUNT


def _knows_people(unit: UnitFacts) -> bool:
    if unit.occupant_count is not None:
        return True
    return any(lease.is_current and lease.occupants is not None for lease in unit.leases)


def read_units(place: Property) -> list[UnitFacts]:
    """Read all units of a property with their leases.

    Units the PMS no longer shows are among them, marked as missing.
    """
    facts = _read(Unit.objects.filter(property=place).order_by("building", "unit_number", "pk"))
    return sorted(facts, key=lambda unit: _natural(unit.label))


def read_unit(unit: Unit) -> UnitFacts:
    """Read one unit with its leases."""
    (facts,) = _read(Unit.objects.filter(pk=unit.pk))
    return facts


# All units of a large building are read at every look at a calculation: only the columns that
# count, and no object of a model for each row.
_FIELDS = tuple(field.value for field in UnitField)
_UNIT = ("pk", "propexo_unit_id", "building", "unit_number", "raw_status", *_FIELDS)
_LEASE = (
    *("pk", "propexo_lease_id", "propexo_resident_id", "resident_name", "start_date", "end_date"),
    *("occupant_count", "status", "missing_since"),
    *("contract_start_date", "contract_end_date", "move_out_date"),
)


def _read(units: QuerySet[Unit]) -> list[UnitFacts]:
    """Read units with what belongs to them, in three queries however many they are."""
    of_units = {"unit__in": units.order_by().values("pk")}
    leases: defaultdict[int, list[LeaseFacts]] = defaultdict(list)
    rows = Lease.objects.filter(**of_units).order_by("start_date", "pk")
    for unit_id, *lease in rows.values_list("unit_id", *_LEASE):
        leases[unit_id].append(_lease(*lease))
    typed: defaultdict[int, list[UnitOverride]] = defaultdict(list)
    for override in UnitOverride.objects.filter(**of_units).select_related("entered_by"):
        typed[override.unit_id].append(override)
    seen = {"in_pms": _is_known("last_seen_at"), "missing": _is_known("missing_since")}
    return [
        _facts(unit, leases.get(unit["pk"], ()), typed.get(unit["pk"], ()))
        for unit in units.annotate(**seen).values(*_UNIT, *seen)
    ]


def _is_known(column: str) -> Case:
    return Case(When(**{f"{column}__isnull": False}, then=True), default=False)


def _facts(
    unit: Mapping[str, Any], leases: Iterable[LeaseFacts], overrides: Iterable[UnitOverride]
) -> UnitFacts:
    typed = tuple(_typed(unit, override) for override in overrides)
    values = {**unit, **{value.field.value: value.typed_value for value in typed}}
    return UnitFacts(
        unit_id=unit["pk"],
        propexo_unit_id=unit["propexo_unit_id"],
        label=unit_label(unit["building"], unit["unit_number"]),
        sqft=_whole(values["sqft"]),
        bedrooms=_number(values["bedrooms"]),
        bathrooms=_number(values["bathrooms"]),
        occupant_count=_whole(values["occupant_count"]),
        occupied=None if values["occupied"] is None else bool(values["occupied"]),
        billable=bool(values["billable"]),
        raw_status=unit["raw_status"],
        missing=unit["missing"],
        leases=tuple(leases),
        typed=typed,
        unit_number=unit["unit_number"],
        building=unit["building"],
        in_pms=unit["in_pms"],
    )


def _typed(unit: Mapping[str, Any], override: UnitOverride) -> TypedValue:
    field = UnitField(override.field)
    return TypedValue(
        field=field,
        pms_value=unit[field.value],
        typed_value=read_value(field, override.value),
        entered_by=str(override.entered_by),
        entered_at=override.entered_at,
    )


def _lease(
    lease_id: int,
    propexo_lease_id: str,
    propexo_resident_id: str,
    resident_name: str,
    start: date | None,
    end: date | None,
    occupants: int | None,
    status: str,
    missing_since: datetime | None,
    contract_start: date | None,
    contract_end: date | None,
    move_out: date | None,
) -> LeaseFacts:
    return LeaseFacts(
        lease_id=lease_id,
        propexo_lease_id=propexo_lease_id,
        propexo_resident_id=propexo_resident_id,
        resident_name=resident_name,
        start=start,
        end=end,
        occupants=occupants,
        status=LeaseStatus(status),
        missing=missing_since is not None,
        contract_start=contract_start,
        contract_end=contract_end,
        move_out=move_out,
    )


def _whole(value: UnitValue) -> int | None:
    return None if value is None else int(value)


def _number(value: UnitValue) -> Decimal | None:
    return None if value is None else Decimal(value)


def _natural(label: str) -> tuple[tuple[int, str], ...]:
    """Sort 2 before 10 and A-2 before A-10."""
    parts = "".join(c if c.isdecimal() else f" {c} " for c in label).split()
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)
