"""Areas that no other unit of the same size has: a typing error, or the building's own area."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from integrations.sync.plan.stored_rows import StoredUnit
from integrations.sync.plan.units import SENSIBLE_SQFT
from integrations.sync.plan.values import Flag

# What a unit's area is compared with is no matter of its own record, so the flag has its own place.
RECORD_KIND = "unit_area"

# Of two units nobody can say which one is wrong.
_FEWEST = 3
_MOST_TIMES = 4


def flag_odd_areas(units: Iterable[StoredUnit]) -> Iterable[Flag]:
    """Flag the areas of more than four times the median of as many bedrooms, or under a quarter.

    Shape: an area that is flagged by itself, or is not known, is not looked at.
    Units: square feet.
    """
    for bedrooms, alike in _by_bedrooms(units).items():
        if len(alike) < _FEWEST:
            continue
        areas = sorted(area for _, area in alike)
        twice_usual = _twice_median(areas)
        if not any(_is_odd(area, twice_usual) for area in (areas[0], areas[-1])):
            continue
        for unit, area in alike:
            if _is_odd(area, twice_usual):
                yield _flag(unit, area, bedrooms, twice_usual // 2)


def _by_bedrooms(units: Iterable[StoredUnit]) -> dict[Decimal, Sequence[tuple[StoredUnit, int]]]:
    found: dict[Decimal, list[tuple[StoredUnit, int]]] = defaultdict(list)
    for unit in units:
        area, bedrooms = unit.sqft, unit.bedrooms
        if unit.billable and bedrooms is not None and area is not None and area in SENSIBLE_SQFT:
            found[bedrooms].append((unit, area))
    return dict(found)


def _is_odd(area: int, twice_usual: int) -> bool:
    return 2 * area > twice_usual * _MOST_TIMES or 2 * area * _MOST_TIMES < twice_usual


def _twice_median(areas: Sequence[int]) -> int:
    """Add up the two in the middle, or the middle one with itself: whole numbers are exact.

    Shape: `areas` are in order.
    """
    return areas[(len(areas) - 1) // 2] + areas[len(areas) // 2]


def _flag(unit: StoredUnit, area: int, bedrooms: Decimal, usual: int) -> Flag:
    rooms = "studios" if bedrooms == 0 else f"units with as many bedrooms ({_plain(bedrooms)})"
    return Flag(
        "odd_value",
        RECORD_KIND,
        unit.remote_id,
        unit.label,
        f"{unit.label} has {area:,} square feet in the PMS, while half of the {rooms} here have no "
        f"more than {usual:,}. Check the number, and type the right one on the unit if it "
        "is wrong.",
        # Not the median, which moves with every unit: what was decided stays decided.
        seen=f"square feet {area} with {_plain(bedrooms)} bedrooms",
    )


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
