"""What is odd or set by hand about a unit, read from what was frozen with a calculation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from billing.models import Calculation
from billing.rubs.figures import plain
from meterbase.lib.money import format_dollars

Json = Mapping[str, Any]

_FIGURES = {"sqft": "square feet", "bedrooms": "bedrooms", "bathrooms": "bathrooms"}
_LIMITS = {"minimum_cents": "minimum", "cap_cents": "cap", "flat_cents": "flat amount"}


@dataclass(frozen=True, slots=True)
class UnitMarks:
    """What a unit lacks, and what was set for it alone.

    Shape: `own` in words, such as "Own cap $50.00"; an exclusion is said by the unit's row.
        `is_choosable` tells that terms can be set for it.
    """

    missing: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    is_left_out: bool = False
    is_choosable: bool = False


def marks_of_units(calculation: Calculation) -> dict[str, UnitMarks]:
    """Read the marks of every unit, by its key."""
    return {
        unit["key"]: UnitMarks(
            missing=tuple(_missing(unit)),
            own=tuple(_own(unit)),
            is_left_out=bool(unit["excluded_because"]),
            is_choosable=unit["billable"] and bool(unit["stays"]),
        )
        for unit in calculation.inputs["units"]
    }


def _missing(unit: Json) -> Iterator[str]:
    if not unit["billable"]:
        return
    yield from (name for field, name in _FIGURES.items() if unit[field] is None)
    if any(stay["occupants"] is None for stay in unit["stays"]):
        yield "people"


def _own(unit: Json) -> Iterator[str]:
    if unit.get("weight") is not None:
        yield f"Own weight {plain(Fraction(unit['weight']))}"
    if unit.get("percent") is not None:
        yield f"Own share {plain(Fraction(unit['percent']))} %"
    limits = unit.get("limits") or {}
    yield from (
        f"Own {name} {format_dollars(limits[field])}"
        for field, name in _LIMITS.items()
        if limits.get(field) is not None
    )
