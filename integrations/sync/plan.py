"""The difference between what the PMS shows and what is stored, worked out without touching either.

Nothing that the PMS no longer shows is deleted: it is marked as missing and flagged. Nothing is
guessed: a value that makes no sense becomes a flag for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Generic, Literal, TypeVar

from integrations.pms.records import LeaseStatus, Occupancy, PmsLease, PmsResident, PmsUnit

FlagKind = Literal["unreadable", "odd_value", "unknown_status", "overlapping_leases", "vanished"]

SENSIBLE_SQFT = range(100, 10_001)


@dataclass(frozen=True, slots=True)
class UnitValues:
    """What is stored of a unit.

    Units: square feet.
    """

    unit_number: str
    building: str
    sqft: int | None
    bedrooms: Decimal | None
    bathrooms: Decimal | None
    occupied: bool | None
    occupant_count: int | None
    billable: bool
    raw_status: str


@dataclass(frozen=True, slots=True)
class LeaseValues:
    """What is stored of a lease.

    Shape: `unit_id` is the PMS's; days are [start, end).
    """

    unit_id: str
    resident_id: str
    resident_name: str
    start: date | None
    end: date | None
    occupant_count: int | None
    status: LeaseStatus
    raw_status: str


ValuesT = TypeVar("ValuesT", UnitValues, LeaseValues)


@dataclass(frozen=True, slots=True)
class Known(Generic[ValuesT]):
    """A row that is stored already."""

    values: ValuesT
    missing: bool


@dataclass(frozen=True, slots=True)
class Difference(Generic[ValuesT]):
    """What to do with the rows of one table, by the PMS's ids.

    Shape: `changed` also holds rows that were missing and are back.
    """

    created: Mapping[str, ValuesT]
    changed: Mapping[str, ValuesT]
    unchanged: int
    vanished: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """Something for a person to look at."""

    kind: FlagKind
    record_kind: str
    remote_id: str
    label: str
    message: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """Everything that a sync will change."""

    units: Difference[UnitValues]
    leases: Difference[LeaseValues]
    flags: tuple[Flag, ...]

    @property
    def created(self) -> int:
        """Count the new rows."""
        return len(self.units.created) + len(self.leases.created)

    @property
    def changed(self) -> int:
        """Count the rows that differ."""
        return len(self.units.changed) + len(self.leases.changed)

    @property
    def unchanged(self) -> int:
        """Count the rows that are as they were."""
        return self.units.unchanged + self.leases.unchanged


def plan_sync(
    *,
    units: Sequence[PmsUnit],
    leases: Sequence[PmsLease],
    residents: Sequence[PmsResident],
    known_units: Mapping[str, Known[UnitValues]],
    known_leases: Mapping[str, Known[LeaseValues]],
) -> SyncPlan:
    """Work out what a complete reading of a property changes.

    Shape: the mappings of known rows are by the PMS's ids.
    """
    names = {resident.resident_id: resident.full_name for resident in residents}
    counts = {unit.current_lease_id: unit.occupant_count for unit in units if unit.current_lease_id}
    labels = {unit.unit_id: _label(unit) for unit in units}
    housed = [lease for lease in leases if lease.unit_id in labels]
    unit_values = {unit.unit_id: _unit_values(unit) for unit in units}
    lease_values = {lease.lease_id: _lease_values(lease, names, counts) for lease in housed}
    unit_difference = _difference(unit_values, known_units)
    lease_difference = _difference(lease_values, known_leases)
    return SyncPlan(
        units=unit_difference,
        leases=lease_difference,
        flags=(
            *_flags_of_units(units),
            *_flags_of_leases(leases, labels),
            *_flags_of_overlaps(housed, labels),
            *_flags_of_vanished(unit_difference, known_units, lease_difference, known_leases),
        ),
    )


def _label(unit: PmsUnit) -> str:
    return f"Unit {unit.building} {unit.unit_number}".replace("  ", " ")


def _unit_values(unit: PmsUnit) -> UnitValues:
    known = {Occupancy.OCCUPIED: True, Occupancy.VACANT: False, Occupancy.UNKNOWN: None}
    return UnitValues(
        unit_number=unit.unit_number,
        building=unit.building,
        sqft=unit.square_feet,
        bedrooms=unit.bedrooms,
        bathrooms=unit.bathrooms,
        occupied=known[unit.occupancy],
        occupant_count=unit.occupant_count,
        billable=unit.billable,
        raw_status=unit.raw_status,
    )


def _lease_values(
    lease: PmsLease, names: Mapping[str, str], counts: Mapping[str, int | None]
) -> LeaseValues:
    backwards = lease.start is not None and lease.end is not None and lease.end <= lease.start
    count = lease.occupant_count
    return LeaseValues(
        unit_id=lease.unit_id,
        resident_id=lease.resident_id or "",
        resident_name=names.get(lease.resident_id or "", ""),
        start=None if backwards else lease.start,
        end=None if backwards else lease.end,
        occupant_count=counts.get(lease.lease_id) if count is None else count,
        status=lease.status,
        raw_status=lease.raw_status,
    )


def _difference(
    found: Mapping[str, ValuesT], known: Mapping[str, Known[ValuesT]]
) -> Difference[ValuesT]:
    changed = {
        remote_id: values
        for remote_id, values in found.items()
        if remote_id in known and (known[remote_id].missing or known[remote_id].values != values)
    }
    created = {key: values for key, values in found.items() if key not in known}
    return Difference(
        created=created,
        changed=changed,
        unchanged=len(found) - len(created) - len(changed),
        vanished=tuple(key for key, row in known.items() if key not in found and not row.missing),
    )


def _flags_of_units(units: Iterable[PmsUnit]) -> Iterable[Flag]:
    for unit in units:
        label = _label(unit)
        if unit.billable and unit.occupancy is Occupancy.UNKNOWN:
            yield Flag(
                "unknown_status",
                "unit",
                unit.unit_id,
                label,
                f"{label} has the status “{unit.raw_status}” in the PMS, which MeterBase does not "
                "know. Say on the unit whether it is occupied and billable.",
            )
        if unit.square_feet is not None and unit.square_feet not in SENSIBLE_SQFT:
            yield Flag(
                "odd_value",
                "unit",
                unit.unit_id,
                label,
                f"{label} has {unit.square_feet:,} square feet in the PMS. Check the number, "
                "and type the right one on the unit if it is wrong.",
            )


def _flags_of_leases(leases: Iterable[PmsLease], labels: Mapping[str, str]) -> Iterable[Flag]:
    for lease in leases:
        label = f"Lease {lease.lease_id}"
        problem = _problem_of_lease(lease, labels)
        if problem:
            yield Flag("odd_value", "lease", lease.lease_id, label, problem)
        elif lease.status is LeaseStatus.UNKNOWN:
            yield Flag(
                "unknown_status",
                "lease",
                lease.lease_id,
                label,
                f"{label} of {labels[lease.unit_id]} has the status “{lease.raw_status}” in the "
                "PMS, which MeterBase does not know. Its resident is not billed until it is clear.",
            )


def _problem_of_lease(lease: PmsLease, labels: Mapping[str, str]) -> str | None:
    if lease.unit_id not in labels:
        return (
            f"Lease {lease.lease_id} belongs to a unit ({lease.unit_id or 'none given'}) that the "
            "PMS does not list for this property. It was left out; check the lease in the PMS."
        )
    unit = labels[lease.unit_id]
    if lease.start is None and lease.status is not LeaseStatus.PAST:
        return f"Lease {lease.lease_id} of {unit} has no start date. Enter it in the PMS."
    if lease.start is not None and lease.end is not None and lease.end <= lease.start:
        return (
            f"Lease {lease.lease_id} of {unit} ends on {lease.end}, not after it starts on "
            f"{lease.start}. Neither date was stored; correct them in the PMS."
        )
    return None


def _flags_of_overlaps(leases: Iterable[PmsLease], labels: Mapping[str, str]) -> Iterable[Flag]:
    current: dict[str, list[str]] = {}
    for lease in leases:
        if lease.status in (LeaseStatus.ACTIVE, LeaseStatus.MONTH_TO_MONTH):
            current.setdefault(lease.unit_id, []).append(lease.lease_id)
    for unit_id, lease_ids in current.items():
        if len(lease_ids) > 1:
            listed = " and ".join(sorted(lease_ids))
            yield Flag(
                "overlapping_leases",
                "unit",
                unit_id,
                labels[unit_id],
                f"{labels[unit_id]} has more than one current lease in the PMS: {listed}. "
                "End the one that is over in the PMS; until then the unit cannot be billed.",
            )


def _flags_of_vanished(
    units: Difference[UnitValues],
    known_units: Mapping[str, Known[UnitValues]],
    leases: Difference[LeaseValues],
    known_leases: Mapping[str, Known[LeaseValues]],
) -> Iterable[Flag]:
    for unit_id in units.vanished:
        values = known_units[unit_id].values
        label = f"Unit {values.building} {values.unit_number}".replace("  ", " ")
        yield Flag("vanished", "unit", unit_id, label, f"{label} is {_GONE}")
    for lease_id in leases.vanished:
        if known_leases[lease_id].values.status is not LeaseStatus.PAST:
            label = f"Lease {lease_id}"
            yield Flag("vanished", "lease", lease_id, label, f"{label} is {_GONE}")


_GONE = (
    "no longer shown by the PMS. It was kept as it was; if it is really gone, mark the unit as "
    "not billable or end the lease in the PMS and sync again."
)
