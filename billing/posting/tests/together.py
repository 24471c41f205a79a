"""Doing the same thing in several threads that start together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connections

Result = TypeVar("Result")

SECONDS = 20


def at_once(*works: Callable[[], Result]) -> Sequence[Result]:
    """Do each work in a thread with its own connection to the database; give the results."""
    barrier = Barrier(len(works))

    def begin(work: Callable[[], Result]) -> Result:
        try:
            barrier.wait(timeout=SECONDS)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(begin, work) for work in works]]
