"""What a method read of each unit, as the columns of a calculation's table."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from billing.rubs.figures import dollars_cut, plain

Json = dict[str, Any]

_COLUMNS = {
    "sqft": "Square feet",
    "occupants": "People",
    "vacant_unit_occupants": "People",
    "occupancy_ratio": "Ratio by people",
    "bedrooms": "Bedrooms",
    "bedroom_ratio": "Ratio by bedrooms",
    "bathrooms": "Bathrooms",
    "unit": "Equal parts",
    "weight": "Weight set",
    "percent": "Percent set",
    "usage": "Metered",
}


def input_columns(lines: Iterable[Json]) -> tuple[str, ...]:
    """Name what the methods read, in their own order."""
    return tuple(dict.fromkeys(_column(term) for line in lines for term in line["terms"]))


def inputs_in(line: Json, columns: Iterable[str]) -> tuple[str, ...]:
    """Write what was read for one line; several figures when they changed during the period."""
    found: dict[str, list[str]] = {}
    for term in line["terms"]:
        found.setdefault(_column(term), []).append(_text(term, is_vacant=not line["lease_key"]))
    return tuple(", ".join(dict.fromkeys(found.get(column, ()))) for column in columns)


def fixed_parts(line: Json, charges: Iterable[Json]) -> tuple[str, ...]:
    """Write what a tenant's line bears of each fixed charge, before rounding.

    Units: dollars, cut after four decimals.
    """
    return tuple(
        dollars_cut(Fraction(charge["per_unit_exact_cents"]) * line["days"] / line["period_days"])
        for charge in charges
    )


@lru_cache(maxsize=10_000)
def written(exact: str) -> str:
    """Write a number that is frozen as text, such as "17/2", as people read it.

    Shape: units are alike, so a building's table shows the same few numbers again and again.
    """
    return plain(Fraction(exact))


def _column(term: Json) -> str:
    field: str = term["field"]
    return _COLUMNS.get(field, field.replace("_", " ").capitalize())


def _text(term: Json, *, is_vacant: bool) -> str:
    """Write what was read; where it counted as something else, say so."""
    counted, field = written(term["quantity"]), term["field"]
    if field == "vacant_unit_occupants":
        return f"{counted} assumed"
    if "read" not in term:
        return counted
    read = written(term["read"])
    if field == "occupancy_ratio":
        return f"{counted} (for {read} assumed)" if is_vacant else f"{counted} (for {read})"
    return (
        f"{counted} (for {read})" if field == "bedroom_ratio" else f"{read} (counts as {counted})"
    )
