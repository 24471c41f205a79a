"""Reading units as billing sees them: the PMS's values with the hand-typed ones over them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from portfolios.models import Lease, LeaseStatus, Property, Unit, UnitField

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
    units = place.units.prefetch_related("leases", "overrides__entered_by")
    return sorted((_facts(unit) for unit in units), key=lambda unit: _natural(unit.label))


def read_unit(unit: Unit) -> UnitFacts:
    """Read one unit with its leases."""
    return _facts(unit)


def _facts(unit: Unit) -> UnitFacts:
    typed = tuple(_typed(unit))
    values: dict[str, UnitValue] = {field.value: getattr(unit, field.value) for field in UnitField}
    values |= {value.field.value: value.typed_value for value in typed}
    return UnitFacts(
        unit_id=unit.pk,
        propexo_unit_id=unit.propexo_unit_id,
        label=str(unit),
        sqft=_whole(values["sqft"]),
        bedrooms=_number(values["bedrooms"]),
        bathrooms=_number(values["bathrooms"]),
        occupant_count=_whole(values["occupant_count"]),
        occupied=None if values["occupied"] is None else bool(values["occupied"]),
        billable=bool(values["billable"]),
        raw_status=unit.raw_status,
        missing=unit.missing_since is not None,
        leases=tuple(_lease(lease) for lease in unit.leases.all()),
        typed=typed,
        unit_number=unit.unit_number,
        building=unit.building,
        in_pms=unit.last_seen_at is not None,
    )


def _typed(unit: Unit) -> Iterable[TypedValue]:
    for override in unit.overrides.all():
        field = UnitField(override.field)
        yield TypedValue(
            field=field,
            pms_value=getattr(unit, field.value),
            typed_value=read_value(field, override.value),
            entered_by=str(override.entered_by),
            entered_at=override.entered_at,
        )


def _lease(lease: Lease) -> LeaseFacts:
    return LeaseFacts(
        lease_id=lease.pk,
        propexo_lease_id=lease.propexo_lease_id,
        propexo_resident_id=lease.propexo_resident_id,
        resident_name=lease.resident_name,
        start=lease.start_date,
        end=lease.end_date,
        occupants=lease.occupant_count,
        status=LeaseStatus(lease.status),
        missing=lease.missing_since is not None,
        contract_start=lease.contract_start_date,
        contract_end=lease.contract_end_date,
        move_out=lease.move_out_date,
    )


def _whole(value: UnitValue) -> int | None:
    return None if value is None else int(value)


def _number(value: UnitValue) -> Decimal | None:
    return None if value is None else Decimal(value)


def _natural(label: str) -> tuple[tuple[int, str], ...]:
    """Sort 2 before 10 and A-2 before A-10."""
    parts = "".join(c if c.isdecimal() else f" {c} " for c in label).split()
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)
