"""When a charge is tried again, and when a person has to."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

MOST_TRIES = 6
LONGEST_WAIT = timedelta(hours=24)

# How long Propexo may take to write a charge before a person looks into it.
LONGEST_JOB = timedelta(hours=24)

_FIRST_LOOK = timedelta(seconds=2)
_LARGEST_LOOK_GAP = timedelta(minutes=10)
_FIRST_GAP = timedelta(seconds=5)
_LARGEST_GAP = timedelta(minutes=15)


def next_gap(*, tries: int, told: timedelta | None) -> timedelta:
    """Choose the wait before the next try: as told, else exponential with full jitter."""
    if told is not None:
        return told
    ceiling: timedelta = min(_LARGEST_GAP, _FIRST_GAP * 2 ** min(tries, 10))
    return ceiling * random.random()  # noqa: S311 - spreads load, hides nothing


def job_gap(*, looks: int) -> timedelta:
    """Choose the wait before the next look at a job of Propexo's: short at first, then longer."""
    gap: timedelta = min(_LARGEST_LOOK_GAP, _FIRST_LOOK * 2 ** min(looks, 10))
    return gap


def is_spent(*, tries: int, created_at: datetime, now: datetime) -> bool:
    """Tell whether MeterBase has tried long enough by itself."""
    return tries >= MOST_TRIES or now - created_at > LONGEST_WAIT
