"""Waking workers, but not for every row of a burst."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError

logger = logging.getLogger(__name__)

# One nudge serves a burst; what comes after its worker has looked, the sweeper finds.
_SECONDS_BETWEEN_NUDGES = 0.25


class Nudge:
    """Asks for a worker, at most some times a second in each process."""

    def __init__(
        self, queue_work: Callable[[], None], *, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._queue_work = queue_work
        self._seconds = seconds
        self._lock = threading.Lock()
        self._next = 0.0

    def __call__(self) -> None:
        """Ask for a worker, unless one was asked for a moment ago.

        Effects: those of `queue_work`; a database that is busy costs the nudge and nothing else.
        """
        with self._lock:
            if self._seconds() < self._next:
                return
            self._next = self._seconds() + _SECONDS_BETWEEN_NUDGES
        try:
            self._queue_work()
        except (DatabaseError, InterfaceError):
            logger.warning("No worker could be woken; the sweeper will", exc_info=True)
