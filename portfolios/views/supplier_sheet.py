"""Who supplies a portfolio's properties, as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from meterbase.lib.sheets import Cell, Column, Sheet
from portfolios.models import Portfolio, Property
from portfolios.views.utility_cards import Standing

_COLUMNS = (
    Column("property"),
    Column("ZIP code"),
    Column("commodity"),
    Column("supplier"),
    Column("state"),
    Column("changed"),
)


def supplier_sheet(
    portfolio: Portfolio,
    rows: Iterable[tuple[Property, Sequence[Standing]]],
    *,
    filters: tuple[tuple[str, str], ...],
) -> Sheet:
    """Write a row for each commodity of each property."""
    named = (("Portfolio", portfolio.name), *filters)
    return Sheet("Utilities", named, _COLUMNS, _rows(rows))


def _rows(rows: Iterable[tuple[Property, Sequence[Standing]]]) -> Iterator[Sequence[Cell]]:
    for place, standings in rows:
        for standing in standings:
            yield (
                place.name,
                place.zip_code,
                standing.label,
                standing.supplier,
                standing.state,
                "yes" if standing.changed else "",
            )
