"""Counting calls: how many more somebody may make, kept in the database for all web processes.

Each call uses up a step of time, a minute divided by the plan's rate. `spent_until` is where the
steps have led; a call is let in while that is no further ahead than the plan's burst. One row, one
UPDATE, no window at whose edge twice as much would pass.

A process that is asked often takes several calls at once and lets them in without the database. It
never lets in more than it took; what it does not use within a second is lost to everybody.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import cache
from threading import Lock

from django.db.models import F
from django.db.models.functions import Greatest

from meterbase.lib.durability import quick_commits
from meterbase.lib.kept_question import KeptChange, blank
from portfolios.models import CallLimit, LimitedCaller

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_HOLDING_LASTS = _SECOND
# No more is taken at once than this part of a burst, so that little is lost.
_LARGEST_PART = 16
_GROWTH = 4
_MOST_HOLDERS = 10_000


@dataclass(frozen=True, slots=True)
class CallStanding:
    """How many calls somebody has left.

    Shape: `reset_at` is when a whole minute's calls are open again; `retry_after` is 0 for a call
        that was let in.
    Units: calls; seconds since 1970; seconds.
    """

    per_minute: int
    remaining: int
    reset_at: int
    retry_after: int = 0

    @property
    def is_spent(self) -> bool:
        """Tell whether the call is refused."""
        return self.retry_after > 0


@dataclass(slots=True)
class _Held:
    """Calls that this process has taken and not let in yet; `spent_until` counts them as made."""

    size: int
    left: int
    taken_at: int
    spent_until: int

    def is_fresh(self, now: int) -> bool:
        return self.taken_at <= now < self.taken_at + _HOLDING_LASTS


_held: dict[str, _Held] = {}
_lock = Lock()


def count_call(*, caller: LimitedCaller, limit: CallLimit, now: int | None = None) -> CallStanding:
    """Count a call, or refuse it; a call that is refused costs nothing.

    Units: `now` in microseconds since 1970.
    Effects: the caller's row, shared by all processes, or what this one has taken of it before.
    """
    now = time.time_ns() // 1_000 if now is None else now
    step = _MINUTE // limit.per_minute
    standing, wanted = _use_held(caller.holder, limit, now)
    if standing is not None:
        return standing
    spent = max(caller.spent_until, now)
    free = (now + limit.burst * step - spent) // step
    # Others may have been faster; then at least this one call may still be open.
    for size in dict.fromkeys((max(1, min(wanted, free)), 1)):
        if free > 0 and _take(caller, size=size, step=step, now=now, burst=limit.burst):
            held = _Held(size, size - 1, now, spent + size * step)
            _hold(caller.holder, held)
            return _standing(held, limit, now)
    caller.refresh_from_db(fields=["spent_until"])
    wait = max(1, caller.spent_until - (now + (limit.burst - 1) * step))
    return _standing(_Held(0, 0, now, caller.spent_until), limit, now, wait=wait)


def _use_held(holder: str, limit: CallLimit, now: int) -> tuple[CallStanding | None, int]:
    """Let a call in that was taken before; else tell how many to take now."""
    with _lock:
        held = _held.get(holder)
        if held is None or not held.is_fresh(now):
            return None, 1
        if held.left == 0:
            return None, min(held.size * _GROWTH, max(1, limit.burst // _LARGEST_PART))
        held.left -= 1
        return _standing(held, limit, now), 0


def _hold(holder: str, held: _Held) -> None:
    with _lock:
        if len(_held) >= _MOST_HOLDERS:
            _held.clear()
        _held[holder] = held


def _take(caller: LimitedCaller, *, size: int, step: int, now: int, burst: int) -> bool:
    """Move the row on, unless others have used up what was left."""
    latest = now + (burst - size) * step
    change = _moving(type(caller))
    with quick_commits():
        return change.make(pk=caller.pk, latest=latest, now=now, more=size * step) == 1


@cache
def _moving(model: type[LimitedCaller]) -> KeptChange:
    rows = model._default_manager.filter(pk=blank("pk"), spent_until__lte=blank("latest"))
    moved = Greatest(F("spent_until"), blank("now")) + blank("more")
    return KeptChange(rows, spent_until=moved)


def _standing(held: _Held, limit: CallLimit, now: int, *, wait: int = 0) -> CallStanding:
    step = _MINUTE // limit.per_minute
    this_second = now // _SECOND
    remaining = max(0, (now + limit.burst * step - held.spent_until) // step + held.left)
    missing = max(0, limit.per_minute - remaining)
    return CallStanding(
        per_minute=limit.per_minute,
        remaining=min(remaining, limit.burst - 1),
        reset_at=min(math.ceil((now + max(1, missing) * step) / _SECOND), this_second + 60),
        retry_after=math.ceil(wait / _SECOND),
    )
