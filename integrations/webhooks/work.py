"""Working on stored events: claim one, do what follows, write down how it went.

A claim is a lease: `due_at` moves on, so that the event of a worker that died comes up again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import DatabaseError, InterfaceError
from django.db.models import F

from integrations.gateways import PropexoNotConfigured
from integrations.models import EventState, WebhookEvent
from integrations.pms.errors import PmsError, Throttled
from integrations.webhooks.events import Shape, read_event
from integrations.webhooks.handlers import Outcome, Report, act_on
from integrations.webhooks.nudge import queue_work
from integrations.webhooks.store import find_connection_pk

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

# Longer than a worker is allowed to live with one task.
LEASE = timedelta(minutes=5)

BUDGET = timedelta(seconds=20)
MOST_ATTEMPTS = 5
_PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))

_BATCH = 50
_LONGEST_ERROR = 2_000


def work_on_due_events(*, clock: Clock, budget: timedelta = BUDGET) -> int:
    """Work on the events whose time has come; any number of workers may do so at once.

    Shape: tells how many were worked on. When the budget is used up, another worker is woken.
    Errors: those of the database, and what nobody foresaw: the event is then failed and says so.
    Effects: those of the handlers; the events move on.
    """
    count = 0
    until = time.monotonic() + budget.total_seconds()
    for event in _claimed(clock):
        _work_on(event, clock=clock)
        count += 1
        if time.monotonic() >= until:
            queue_work()
            break
    return count


def _claimed(clock: Clock) -> Iterator[WebhookEvent]:
    while True:
        due = WebhookEvent.objects.filter(state=EventState.RECEIVED, due_at__lte=clock())
        found = list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:_BATCH])
        if not found:
            return
        for pk in found:
            event = claim(pk, now=clock())
            if event is not None:
                yield event


def claim(pk: int, *, now: datetime) -> WebhookEvent | None:
    """Take an event, unless another worker did.

    Effects: an attempt is counted before it is made, so that one that kills its worker ends too.
    """
    due = WebhookEvent.objects.filter(pk=pk, state=EventState.RECEIVED, due_at__lte=now)
    token = uuid4().hex
    if not due.update(token=token, due_at=now + LEASE, attempts=F("attempts") + 1):
        return None
    return WebhookEvent.objects.select_related("connection").filter(pk=pk, token=token).first()


def _work_on(event: WebhookEvent, *, clock: Clock) -> None:
    if event.attempts > MOST_ATTEMPTS:
        lost = f"The worker was lost {MOST_ATTEMPTS} times while it worked on this event."
        fail(event, cause="WORKER_LOST", error=event.error or lost, now=clock())
        return
    try:
        outcome = _act(event, now=clock())
    except (PmsError, PropexoNotConfigured) as error:
        _try_later(event, error, now=clock())
    except (DatabaseError, InterfaceError):
        raise  # nothing can be written down now; the lease brings the event back
    except Exception as error:
        # Whatever it was, the event must not be tried again and again; the log has the traceback.
        said = f"{type(error).__name__}: {error}"
        fail(event, cause="INTERNAL_ERROR", error=said, now=clock())
        raise
    else:
        if outcome is not None:
            _finish(event, outcome, now=clock())


def _act(event: WebhookEvent, *, now: datetime) -> Outcome | None:
    read = read_event(bytes(event.body))
    if read.shape is Shape.UNREADABLE:
        why = "The body is not an event that MeterBase can read."
        fail(event, cause="UNREADABLE", error=why, now=now)
        return None
    if event.connection is None:
        # The connection may have been added since the event came.
        event.connection_id = find_connection_pk(read.connection_id)
    return act_on(Report(read, event.connection, event.received_at), now=now)


def _finish(event: WebhookEvent, outcome: Outcome, *, now: datetime) -> None:
    if outcome.state == EventState.IGNORED:
        logger.info("Webhook event %s (%s) ignored: %s", event.pk, event.name, outcome.said)
    _end(event, outcome.state, now=now, outcome=outcome.said, cause="", error="")


def fail(event: WebhookEvent, *, cause: str, error: str, now: datetime) -> None:
    """End the work on an event that did not succeed; it can be replayed.

    Effects: the event keeps its error, grouped by its cause.
    """
    logger.warning("Webhook event %s (%s) failed: %s: %s", event.pk, event.name, cause, error)
    _end(event, EventState.FAILED, now=now, outcome="", cause=cause, error=error[:_LONGEST_ERROR])


def _end(event: WebhookEvent, state: EventState, *, now: datetime, **columns: str) -> None:
    """Write the end, unless the lease ran out and another worker has the event."""
    WebhookEvent.objects.filter(pk=event.pk, token=event.token).update(
        state=state, finished_at=now, token="", connection_id=event.connection_id, **columns
    )


def _try_later(
    event: WebhookEvent, error: PmsError | PropexoNotConfigured, *, now: datetime
) -> None:
    cause = error.code if isinstance(error, PmsError) else "NOT_CONFIGURED"
    if event.attempts >= MOST_ATTEMPTS:
        fail(event, cause=cause, error=str(error), now=now)
        return
    pause = _PAUSES[event.attempts - 1]
    if isinstance(error, Throttled):
        pause = max(pause, error.retry_after)
    WebhookEvent.objects.filter(pk=event.pk, token=event.token).update(
        due_at=now + pause, token="", cause=cause, error=str(error)[:_LONGEST_ERROR]
    )
