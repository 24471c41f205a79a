"""A page of units: what of it is stored, and what a person has to look at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from integrations.pms.records import MalformedRecord, Occupancy, PmsUnit
from integrations.sync.plan.last_seen import last_seen_of
from integrations.sync.plan.values import (
    Flag,
    Known,
    PagePlan,
    UnitValues,
    compare,
    flag_unreadable,
    joined,
)

SENSIBLE_SQFT = range(100, 10_001)
MOST_OCCUPANTS = 12

_OCCUPIED = {Occupancy.OCCUPIED: True, Occupancy.VACANT: False, Occupancy.UNKNOWN: None}
# A spreadsheet on the way has made a decimal number of the unit's number.
_DECIMAL_NUMBER = re.compile(r"(?P<number>[0-9]+)\.0+")
_POWER_OF_TEN = re.compile(r"[0-9]+(?:\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_NO_DWELLING = re.compile(
    r"(?:STG|STOR|STORAGE|SU|PKG|PRK|PARK|PARKING|GAR|GARAGE|CARPORT|COM|COMM|COMMERCIAL|RETAIL"
    r"|OFFICE|LAUNDRY)[ #.-]*[0-9A-Z]{0,4}",
    re.IGNORECASE,
)


def plan_units(
    rows: Sequence[PmsUnit | MalformedRecord],
    known: Mapping[str, Known[UnitValues]],
    *,
    gone_before: datetime | None = None,
) -> PagePlan[UnitValues]:
    """Work out what a page of units changes.

    Shape: `known` are the stored rows of the page's units, by the PMS's ids; what the PMS last
        showed to Propexo before `gone_before` is not back.
    """
    readable = [row for row in rows if isinstance(row, PmsUnit)]
    broken = [row for row in rows if isinstance(row, MalformedRecord)]
    return compare(
        {row.unit_id: _values(row) for row in readable},
        known,
        kept=[row.remote_id for row in broken if row.remote_id],
        flags=(*map(flag_unreadable, broken), *_flags(readable)),
        last_seen=last_seen_of(readable),
        gone_before=gone_before,
    )


def unit_label(building: str, unit_number: str) -> str:
    """Call a unit as people do."""
    return f"Unit {building} {unit_number}".replace("  ", " ")


# The buildings of a portfolio number their units alike.
@lru_cache(4096)
def is_dwelling(unit_number: str) -> bool:
    """Tell a home from storage, parking and shops, as far as the number shows."""
    # Most numbers begin with a digit, which settles it.
    return unit_number[:1].isdigit() or _NO_DWELLING.fullmatch(unit_number.strip()) is None


def _values(unit: PmsUnit) -> UnitValues:
    number = _plain_number(unit.unit_number)
    return UnitValues(
        unit_number=number,
        raw_unit_number="" if number == unit.unit_number else unit.unit_number,
        building=unit.building,
        sqft=unit.square_feet,
        bedrooms=unit.bedrooms,
        bathrooms=unit.bathrooms,
        occupied=_OCCUPIED[unit.occupancy],
        occupant_count=unit.occupant_count,
        billable=unit.billable and is_dwelling(number),
        raw_status=unit.raw_status,
        current_lease_id=unit.current_lease_id or "",
    )


def _plain_number(unit_number: str) -> str:
    found = _DECIMAL_NUMBER.fullmatch(unit_number) if "." in unit_number else None
    return found["number"] if found else unit_number


def _flags(units: Iterable[PmsUnit]) -> Iterable[Flag]:
    for unit in units:
        label = unit_label(unit.building, unit.unit_number)
        if _has_unknown_status(unit):
            yield Flag(
                "unknown_status",
                "unit",
                unit.unit_id,
                label,
                f"{label} has the status “{unit.raw_status}” in the PMS, which MeterBase does not "
                "know. Say on the unit whether it is occupied and billable.",
                seen=f"status {unit.raw_status}",
            )
        odd = joined(_odd_values(unit, label))
        if odd is not None:
            yield Flag("odd_value", "unit", unit.unit_id, label, odd[0], seen=odd[1])


def _has_unknown_status(unit: PmsUnit) -> bool:
    # Where the PMS has no word at all, leases tell who lives there; only a bill can ask for more.
    silent = not unit.raw_status
    unknown = unit.occupancy is Occupancy.UNKNOWN and not silent
    return unknown and unit.billable and is_dwelling(unit.unit_number)


def _odd_values(unit: PmsUnit, label: str) -> Iterable[tuple[str, str]]:
    """Find the values that make no sense, each as a sentence and as what was seen."""
    # Most units are numbered with digits alone, of which nothing is odd.
    if not unit.unit_number.isdigit():
        yield from _odd_number(unit, label)
    yield from _odd_sizes(unit, label)
    for warning in unit.warnings:
        yield f"{label}: {warning}", warning


def _odd_number(unit: PmsUnit, label: str) -> Iterable[tuple[str, str]]:
    if not is_dwelling(unit.unit_number):
        yield (
            (
                f"{label} looks like storage, parking or a shop, not like a home. It is not billed "
                "until somebody says on the unit that it is billable."
            ),
            f"no dwelling {unit.unit_number}",
        )
    if _POWER_OF_TEN.fullmatch(unit.unit_number):
        yield (
            (
                f"{label} has a number that a spreadsheet may have spoiled ({unit.unit_number}). "
                "Correct it in the PMS."
            ),
            f"number {unit.unit_number}",
        )


def _odd_sizes(unit: PmsUnit, label: str) -> Iterable[tuple[str, str]]:
    if unit.square_feet is not None and unit.square_feet not in SENSIBLE_SQFT:
        yield (
            (
                f"{label} has {unit.square_feet:,} square feet in the PMS. Check the number, "
                "and type the right one on the unit if it is wrong."
            ),
            f"square feet {unit.square_feet}",
        )
    if unit.bathrooms is not None and unit.bathrooms == Decimal(0):
        yield (
            (
                f"{label} has no bathroom in the PMS, which is seldom true. Check it, and type the "
                "right number on the unit."
            ),
            "bathrooms 0",
        )
    if unit.occupant_count is not None and unit.occupant_count > MOST_OCCUPANTS:
        yield (
            (
                f"{label} has {unit.occupant_count} occupants in the PMS. Check the number, and "
                "type the right one on the unit if it is wrong."
            ),
            f"occupants {unit.occupant_count}",
        )
