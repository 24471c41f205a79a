"""What was sent by webhook, as a file."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from integrations.models import Delivery, WebhookEndpoint
from meterbase.lib.sheets import Cell, Column, Kind, Sheet
from meterbase.lib.sheets.batches import BATCH

_DELIVERIES = (
    Column("happened at", Kind.MOMENT),
    Column("event"),
    Column("id"),
    Column("state"),
    Column("tries", Kind.NUMBER),
    Column("last answer"),
    Column("next try at", Kind.MOMENT),
    Column("ended at", Kind.MOMENT),
)


def delivery_sheet(
    endpoint: WebhookEndpoint, deliveries: QuerySet[Delivery], *, filters: dict[str, str]
) -> Sheet:
    """Write the deliveries of a webhook, without their bodies."""
    narrowed = tuple((name, chosen) for name, chosen in filters.items() if chosen)
    rows = map(_delivery, deliveries.iterator(chunk_size=BATCH))
    return Sheet("Deliveries", (("Webhook", endpoint.url), *narrowed), _DELIVERIES, rows)


def _delivery(delivery: Delivery) -> Sequence[Cell]:
    return (
        delivery.event.at,
        delivery.event.kind,
        delivery.event.public_id,
        delivery.get_state_display(),
        delivery.tries,
        delivery.last_said,
        None if delivery.finished_at else delivery.next_at,
        delivery.finished_at,
    )
