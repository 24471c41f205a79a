"""Waking a worker for what was queued. A lost nudge loses nothing: the sweeper makes another."""

from __future__ import annotations

from django.db import transaction
from django_q.tasks import async_task

from integrations.clusters import GENERAL, has_room
from integrations.nudging import Nudge

TASK = "integrations.outgoing.tasks.send_deliveries"

# A round, the slowest receiver and slow name servers; shorter than the queue's own patience.
LONGEST_SECONDS = 200


def queue_work() -> None:
    """Ask for a worker, unless more is queued than the workers can take up.

    Effects: a row in the queue.
    """
    if has_room(GENERAL):
        async_task(TASK, timeout=LONGEST_SECONDS, cluster=GENERAL)


nudge = Nudge(queue_work)


def nudge_after_commit() -> None:
    """Wake a worker once what was queued is there for it; nobody is woken for a rollback."""
    transaction.on_commit(nudge, robust=True)
