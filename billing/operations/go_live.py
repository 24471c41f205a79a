"""Ticking a connection's go-live checklist, and taking a tick back."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from billing.models import GoLiveItem, GoLiveTick
from integrations.models import Connection
from portfolios.models import User
from portfolios.operations.audit import record_event


class AlreadyTicked(Exception):
    """Somebody ticked this item before."""


class NotTicked(Exception):
    """The tick was taken back before."""


def tick_item(
    *, connection: Connection, item: GoLiveItem, note: str, by: User, now: datetime
) -> GoLiveTick:
    """Say for an item of the checklist that it is true, and what was looked at.

    Errors: AlreadyTicked.
    Effects: a tick and an audit event.
    """
    try:
        with transaction.atomic():
            tick = GoLiveTick.objects.create(
                connection=connection, item=item, note=note, ticked_by=by, ticked_at=now
            )
            record_event(
                verb="go_live.ticked",
                subject=tick,
                by=by,
                now=now,
                after={"item": item.value},
                note=note,
            )
    except IntegrityError:
        standing = GoLiveTick.objects.select_related("ticked_by").filter(
            connection=connection, item=item, withdrawn_at=None
        )
        who = standing.get().ticked_by
        raise AlreadyTicked(f"{who} ticked this before: {item.label}.") from None
    return tick


@transaction.atomic
def withdraw_tick(*, tick: GoLiveTick, because: str, by: User, now: datetime) -> None:
    """Take a tick back; who had set it, and why it was taken back, stays visible.

    Errors: NotTicked.
    Effects: the tick counts no more; an audit event.
    """
    standing = GoLiveTick.objects.filter(pk=tick.pk, withdrawn_at=None)
    if not standing.update(withdrawn_at=now, withdrawn_by=by, withdrawn_because=because):
        raise NotTicked("This tick was taken back before.")
    record_event(
        verb="go_live.withdrawn",
        subject=tick,
        by=by,
        now=now,
        before={"item": tick.item, "ticked_by": str(tick.ticked_by), "note": tick.note},
        note=because,
    )
