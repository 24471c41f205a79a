"""Waking a worker for the notices that are due."""

from __future__ import annotations

from datetime import datetime

from django_q.tasks import async_task

from integrations.clusters import GENERAL, has_room
from portfolios.notices.sending import due_notices

# A slice, and a mail server that answers slowly; shorter than the queue's own patience.
_LONGEST_SECONDS = 200
_TASK = "portfolios.tasks.send_notices"


def wake_sender(*, now: datetime) -> bool:
    """Wake a worker when notices are due, unless enough is queued already; tell whether some are.

    Effects: a row in the queue.
    """
    due = due_notices(now=now).exists()
    if due and has_room(GENERAL):
        async_task(_TASK, timeout=_LONGEST_SECONDS, cluster=GENERAL)
    return due
