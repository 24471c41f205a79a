"""The history of a property as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from django.db.models import QuerySet

from meterbase.lib.sheets import Cell, Column, Kind, Sheet
from meterbase.lib.sheets.batches import BATCH
from portfolios.models import AuditEvent, Property

_COLUMNS = (
    Column("at", Kind.MOMENT),
    Column("who"),
    Column("what"),
    Column("of"),
    Column("changes"),
    Column("note"),
)


def history_sheet(
    place: Property,
    events: QuerySet[AuditEvent],
    *,
    filters: tuple[tuple[str, str], ...],
    in_words: Callable[[AuditEvent], tuple[str, Iterable[tuple[str, str, str]]]],
) -> Sheet:
    """Write what was done to a property and its rows.

    Shape: `in_words` gives an act and its changes, each with its name, and the value before and
        after.
    """

    def cells(event: AuditEvent) -> Sequence[Cell]:
        what, changes = in_words(event)
        told = "; ".join(
            f"{name}: {before or 'nothing'} → {after or 'nothing'}"
            for name, before, after in changes
        )
        return (event.at, event.actor_name, what, event.subject_label, told, event.note)

    rows = map(cells, events.iterator(chunk_size=BATCH))
    return Sheet("History", (("Property", place.name), *filters), _COLUMNS, rows)
