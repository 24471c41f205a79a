"""Working on an event once more, because somebody asks for it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from integrations.models import EventState, WebhookEvent
from integrations.webhooks.nudge import queue_work
from portfolios.models import User
from portfolios.operations.audit import record_event


class BeingWorkedOn(Exception):
    """A worker has the event right now."""


def replay_event(*, event: WebhookEvent, by: User, now: datetime) -> None:
    """Work on one event again, whatever came of it before.

    Errors: BeingWorkedOn.
    Effects: the event waits for a worker, one is woken, an audit event.
    """
    with transaction.atomic():
        if not _replay(event, by=by, now=now):
            raise BeingWorkedOn("A worker has this event right now. Look again in a moment.")
        queue_work()


def replay_all(*, events: QuerySet[WebhookEvent], by: User, now: datetime) -> int:
    """Work again on each of several events; one that a worker has is left alone.

    Shape: tells how many wait for a worker now.
    Effects: as for one event, in one transaction.
    """
    with transaction.atomic():
        chosen = events.select_related("connection__portfolio")
        count = sum(_replay(event, by=by, now=now) for event in chosen)
        if count:
            queue_work()
    return count


def _replay(event: WebhookEvent, *, by: User, now: datetime) -> bool:
    idle = Q(token="") | Q(due_at__lte=now) | ~Q(state=EventState.RECEIVED)
    taken = WebhookEvent.objects.filter(idle, pk=event.pk).update(
        state=EventState.RECEIVED,
        due_at=now,
        token="",
        attempts=0,
        finished_at=None,
        replayed_by=by,
        replayed_at=now,
    )
    if taken and event.connection is not None:
        # The trail is read by portfolio; an event of no connection keeps who and when itself.
        record_event(
            verb="webhook_event.replayed",
            subject=event,
            by=by,
            now=now,
            before={"state": event.state, "cause": event.cause, "error": event.error},
        )
    return bool(taken)
