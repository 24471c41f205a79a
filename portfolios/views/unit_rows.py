"""Units as their tables show them: values in words, gaps named, typed values beside the PMS's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from portfolios.forms import write_value
from portfolios.models import LeaseStatus, UnitField
from portfolios.queries import LeaseFacts, TypedValue, UnitFacts, UnitValue, lacking_fields

CURRENT = frozenset({LeaseStatus.ACTIVE, LeaseStatus.MONTH_TO_MONTH})


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as a table shows it; empty text is a gap.

    Shape: `typed` and `pms_text` are there when a person typed the value.
    """

    text: str
    typed: TypedValue | None = None
    pms_text: str = ""


@dataclass(frozen=True, slots=True)
class Badge:
    """A status with its tone."""

    tone: str
    label: str


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit in a table.

    Shape: `gaps` names what a billable unit lacks; `lease` is the current one, the newest if the
        PMS shows several; `pms_status` is the PMS's word where it says more than the badge.
    """

    facts: UnitFacts
    sqft: Cell
    bedrooms: Cell
    bathrooms: Cell
    occupants: Cell
    occupancy: Badge
    pms_status: str
    occupied_typed: TypedValue | None
    billable_typed: TypedValue | None
    lease: LeaseFacts | None
    current_leases: int
    gaps: tuple[str, ...]


def row_of(facts: UnitFacts) -> UnitRow:
    """Make a unit's row."""
    current = current_leases(facts)
    occupancy = _occupancy(facts.occupied)
    same_word = facts.raw_status.casefold() == occupancy.label.casefold()
    return UnitRow(
        facts=facts,
        sqft=_cell(facts, UnitField.SQFT, facts.sqft),
        bedrooms=_cell(facts, UnitField.BEDROOMS, facts.bedrooms),
        bathrooms=_cell(facts, UnitField.BATHROOMS, facts.bathrooms),
        occupants=_cell(facts, UnitField.OCCUPANT_COUNT, facts.occupant_count),
        occupancy=occupancy,
        pms_status="" if same_word else facts.raw_status,
        occupied_typed=facts.value_typed(UnitField.OCCUPIED),
        billable_typed=facts.value_typed(UnitField.BILLABLE),
        lease=current[-1] if current else None,
        current_leases=len(current),
        gaps=tuple(_gaps(facts)),
    )


def current_leases(facts: UnitFacts) -> list[LeaseFacts]:
    """Find the leases that are current in the PMS, the newest last."""
    found = [lease for lease in facts.leases if lease.status in CURRENT]
    return sorted(found, key=lambda lease: (lease.start or date.min, lease.lease_id))


def _cell(facts: UnitFacts, field: UnitField, value: UnitValue) -> Cell:
    typed = facts.value_typed(field)
    return Cell(write_value(value), typed, write_value(typed.pms_value) if typed else "")


def _occupancy(occupied: bool | None) -> Badge:  # noqa: FBT001 - three states of one column
    if occupied is None:
        return Badge("unknown", "Unknown")
    return Badge("success", "Occupied") if occupied else Badge("neutral", "Vacant")


def _gaps(facts: UnitFacts) -> Iterable[str]:
    return (_GAPS[field] for field in lacking_fields(facts))


_GAPS = {
    UnitField.OCCUPIED: "whether it is occupied",
    UnitField.SQFT: "square feet",
    UnitField.BEDROOMS: "bedrooms",
    UnitField.BATHROOMS: "bathrooms",
    UnitField.OCCUPANT_COUNT: "occupants",
}
