"""Waking a worker for what was received. A lost nudge loses nothing: the sweeper makes another."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError
from django_q.tasks import async_task

from integrations.clusters import GENERAL, has_room

logger = logging.getLogger(__name__)

TASK = "integrations.webhooks.tasks.work_events"

# Enough for a slow answer of Propexo on top of the time that a worker takes for a round of events.
LONGEST_SECONDS = 200

# One nudge serves a burst; what comes after its worker has looked, the sweeper finds.
_SECONDS_BETWEEN_NUDGES = 0.25


class Nudge:
    """Wakes a worker, but not for every event of a burst."""

    def __init__(self, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._next = 0.0

    def __call__(self) -> None:
        """Ask for a worker, unless one was asked for a moment ago or the queue is full anyway.

        Effects: a row in the queue; a database that is busy costs the nudge and nothing else.
        """
        with self._lock:
            if self._seconds() < self._next:
                return
            self._next = self._seconds() + _SECONDS_BETWEEN_NUDGES
        try:
            queue_work()
        except (DatabaseError, InterfaceError):
            logger.warning(
                "No worker could be woken for a webhook; the sweeper will", exc_info=True
            )


def queue_work() -> None:
    """Ask for a worker, unless more is queued than the workers can take up.

    Effects: a row in the queue.
    """
    if has_room(GENERAL):
        async_task(TASK, timeout=LONGEST_SECONDS, cluster=GENERAL)


nudge = Nudge()
