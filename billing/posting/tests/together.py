"""Doing the same thing in several threads that start together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from types import ModuleType
from typing import Any, TypeVar

import pytest
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


def slowly(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, *, until: Event | None = None
) -> Event:
    """Let a module's function take its time at its end; tell when it has done its work."""
    is_done, act = Event(), getattr(module, name)

    # Any: whatever the function takes and gives.
    def act_slowly(*args: Any, **named: Any) -> Any:
        result = act(*args, **named)
        is_done.set()
        if until is not None:
            until.wait(timeout=SECONDS)
        # When the other transaction waits for a lock, as it should, nothing tells so: it gets a
        # moment to go wrong.
        time.sleep(0.5)
        return result

    monkeypatch.setattr(module, name, act_slowly)
    return is_done
