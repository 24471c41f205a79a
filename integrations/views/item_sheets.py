"""Review items and webhooks as files."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from integrations.models import ReviewItem, WebhookEvent
from meterbase.lib.sheets import Cell, Column, Kind, Sheet
from meterbase.lib.sheets.batches import BATCH

Filters = tuple[tuple[str, str], ...]

_ITEMS = (
    Column("property"),
    Column("kind"),
    Column("about"),
    Column("what is odd"),
    Column("connection"),
    Column("id in the PMS"),
    Column("found at", Kind.MOMENT),
    Column("last found at", Kind.MOMENT),
    Column("resolved at", Kind.MOMENT),
    Column("resolved by"),
    Column("note"),
)
_EVENTS = (
    Column("received at", Kind.MOMENT),
    Column("event"),
    Column("connection"),
    Column("record"),
    Column("record id"),
    Column("state"),
    Column("what came of it"),
    Column("cause"),
    Column("error"),
    Column("attempts", Kind.NUMBER),
    Column("received again", Kind.NUMBER),
    Column("finished at", Kind.MOMENT),
)


def item_sheet(items: QuerySet[ReviewItem], *, filters: Filters) -> Sheet:
    """Write what waits for a decision, or was decided; not what the PMS sent word for word."""
    rows = map(_item, items.defer("raw").iterator(chunk_size=BATCH))
    return Sheet("Review items", filters, _ITEMS, rows)


def _item(item: ReviewItem) -> Sequence[Cell]:
    return (
        item.property.name if item.property else "",
        item.get_kind_display(),
        item.label,
        item.message,
        str(item.connection or ""),
        item.remote_id,
        item.found_at,
        item.last_found_at,
        item.resolved_at,
        str(item.resolved_by or ""),
        item.note,
    )


def event_sheet(events: QuerySet[WebhookEvent], *, filters: Filters) -> Sheet:
    """Write the events that Propexo sent, without their bodies."""
    rows = map(_event, events.iterator(chunk_size=BATCH))
    return Sheet("Webhooks", filters, _EVENTS, rows)


def _event(event: WebhookEvent) -> Sequence[Cell]:
    return (
        event.received_at,
        event.name,
        str(event.connection or ""),
        event.record_kind,
        event.record_id,
        event.get_state_display(),
        event.outcome,
        event.cause,
        event.error,
        event.attempts,
        event.duplicates,
        event.finished_at,
    )
