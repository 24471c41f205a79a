"""Syncs, and how old the PMS's data is, as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db.models import QuerySet

from integrations.models import Connection, PropertyLink, SyncRun
from meterbase.lib.sheets import Cell, Column, Kind, Sheet
from meterbase.lib.sheets.batches import BATCH
from portfolios.models import Property

Filters = tuple[tuple[str, str], ...]

_RUNS = (
    Column("asked for at", Kind.MOMENT),
    Column("asked by"),
    Column("state"),
    Column("started at", Kind.MOMENT),
    Column("ended at", Kind.MOMENT),
    Column("units read", Kind.NUMBER),
    Column("leases read", Kind.NUMBER),
    Column("residents read", Kind.NUMBER),
    Column("created", Kind.NUMBER),
    Column("changed", Kind.NUMBER),
    Column("unchanged", Kind.NUMBER),
    Column("to decide", Kind.NUMBER),
    Column("error"),
)
_DATA = (
    Column("property"),
    Column("PMS"),
    Column("last synced at", Kind.MOMENT),
    Column("is old"),
    Column("latest sync"),
)
_LINKS = (
    Column("property"),
    Column("portfolio"),
    Column("id in Propexo"),
    Column("imported at", Kind.MOMENT),
    Column("last synced at", Kind.MOMENT),
)
_CONNECTIONS = (
    Column("connection"),
    Column("PMS"),
    Column("portfolio"),
    Column("properties", Kind.NUMBER),
    Column("status"),
    Column("remark"),
    Column("Propexo Connection ID"),
    Column("last completed sync", Kind.MOMENT),
)


def run_sheet(place: Property, runs: QuerySet[SyncRun]) -> Sheet:
    """Write how a property was synced."""
    rows = map(_run, runs.iterator(chunk_size=BATCH))
    return Sheet("Syncs", (("Property", place.name),), _RUNS, rows)


def _run(run: SyncRun) -> Sequence[Cell]:
    return (
        run.queued_at,
        str(run.requested_by or "MeterBase"),
        run.get_state_display(),
        run.started_at,
        run.finished_at,
        run.units_read,
        run.leases_read,
        run.residents_read,
        run.created,
        run.changed,
        run.unchanged,
        run.flagged,
        run.error,
    )


def data_sheet(
    links: QuerySet[PropertyLink],
    *,
    filters: Filters,
    in_words: Callable[[PropertyLink], tuple[bool, str]],
) -> Sheet:
    """Write how old each property's data is; `in_words` tells whether it is, and its last sync."""

    def cells(link: PropertyLink) -> Sequence[Cell]:
        is_old, state = in_words(link)
        old = "yes" if is_old else ""
        return (link.property.name, str(link.connection), link.last_synced_at, old, state)

    return Sheet("PMS data", filters, _DATA, map(cells, links.iterator(chunk_size=BATCH)))


def link_sheet(connection: Connection, links: QuerySet[PropertyLink]) -> Sheet:
    """Write the properties that came through a connection."""
    rows = map(_link, links.iterator(chunk_size=BATCH))
    return Sheet("Properties", (("Connection", str(connection)),), _LINKS, rows)


def _link(link: PropertyLink) -> Sequence[Cell]:
    place = link.property
    return (
        place.name,
        place.portfolio.name,
        place.propexo_property_id,
        link.imported_at,
        link.last_synced_at,
    )


def connection_sheet(
    connections: Sequence[Connection], counts: dict[int, int], *, filters: Filters
) -> Sheet:
    """Write connections with what the reader may see of their properties."""
    rows = (_connection(each, counts.get(each.pk, 0)) for each in connections)
    return Sheet("Connections", filters, _CONNECTIONS, rows)


def _connection(connection: Connection, count: int) -> Sequence[Cell]:
    return (
        str(connection),
        connection.get_pms_display(),
        connection.portfolio.name,
        count,
        connection.get_status_display(),
        connection.status_note,
        connection.propexo_connection_id,
        connection.last_completed_sync,
    )
