"""Looking after events that lost their nudge or their worker, and forgetting old ones."""

from __future__ import annotations

from datetime import datetime, timedelta

from django_q.tasks import async_task

from integrations.clusters import GENERAL, has_room
from integrations.models import EventState, WebhookEvent, WebhookRejection
from integrations.turns import take_turn
from integrations.webhooks.nudge import LONGEST_SECONDS, queue_work

CATCH_UP_TASK = "integrations.webhooks.tasks.catch_up_with_pms"

# Long enough to look back at last quarter's trouble; the bodies may name residents.
KEPT_FOR = timedelta(days=90)

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


def sweep_events(*, now: datetime) -> bool:
    """Wake a worker when something is due; any number of sweepers may do so.

    Shape: tells whether there was something.
    Effects: rows in the queue; once a minute one that lets a worker see to what was missed.
    """
    if has_room(GENERAL) and take_turn("webhooks", every=_MINUTE, now=now):
        async_task(CATCH_UP_TASK, timeout=LONGEST_SECONDS, cluster=GENERAL)
    due = WebhookEvent.objects.filter(state=EventState.RECEIVED, due_at__lte=now).exists()
    if due:
        queue_work()
    return due


def forget_old_events(*, now: datetime) -> int:
    """Delete, once a day, what was received long ago; what failed stays until it is dealt with.

    Effects: rows are gone.
    """
    if not take_turn("old webhooks", every=_DAY, now=now):
        return 0
    old = WebhookEvent.objects.filter(received_at__lt=now - KEPT_FOR)
    count, _ = old.filter(state__in=[EventState.HANDLED, EventState.IGNORED]).delete()
    WebhookRejection.objects.filter(hour__lt=now - KEPT_FOR).delete()
    return count
