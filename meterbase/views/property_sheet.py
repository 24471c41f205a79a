"""The properties of all of the reader's portfolios as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import QuerySet

from meterbase.lib.sheets import Cell, Column, Kind, Sheet, in_batches
from meterbase.lib.sheets.batches import BATCH
from meterbase.views.property_figures import Figures, figures_of
from portfolios.models import Property

_COLUMNS = (
    Column("property"),
    Column("portfolio"),
    Column("address"),
    Column("city"),
    Column("state"),
    Column("ZIP code"),
    Column("units", Kind.NUMBER),
    Column("open bills", Kind.NUMBER),
    Column("failures", Kind.NUMBER),
    Column("data from the PMS", Kind.MOMENT),
    Column("data is old"),
    Column("id in Propexo"),
    Column("archived at", Kind.MOMENT),
)


def property_sheet(
    places: QuerySet[Property], *, filters: tuple[tuple[str, str], ...], now: datetime
) -> Sheet:
    """Write properties with what waits at each."""
    return Sheet("Properties", filters, _COLUMNS, _rows(places, now))


def _rows(places: QuerySet[Property], now: datetime) -> Iterator[Sequence[Cell]]:
    for batch in in_batches(places.iterator(chunk_size=BATCH)):
        figures = figures_of(batch, now=now)
        yield from (_cells(place, figures[place.pk]) for place in batch)


def _cells(place: Property, figures: Figures) -> Sequence[Cell]:
    return (
        place.name,
        place.portfolio.name,
        place.address,
        place.city,
        place.state,
        place.zip_code,
        figures.units,
        figures.open_bills,
        figures.failures,
        figures.synced_at,
        "yes" if figures.is_old else "",
        place.propexo_property_id,
        place.archived_at,
    )
