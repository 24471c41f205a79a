"""Waking a worker for what was received. A lost nudge loses nothing: the sweeper makes another."""

from __future__ import annotations

from django_q.tasks import async_task

from integrations.clusters import GENERAL, has_room
from integrations.nudging import Nudge

TASK = "integrations.webhooks.tasks.work_events"

# Enough for a slow answer of Propexo on top of the time that a worker takes for a round of events.
LONGEST_SECONDS = 200


def queue_work() -> None:
    """Ask for a worker, unless more is queued than the workers can take up.

    Effects: a row in the queue.
    """
    if has_room(GENERAL):
        async_task(TASK, timeout=LONGEST_SECONDS, cluster=GENERAL)


nudge = Nudge(queue_work)
