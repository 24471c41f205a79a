"""When a delivery that failed is tried again, and how long an endpoint that fails is left alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

# From when it was queued, or replayed by somebody.
GIVEN_UP_AFTER = timedelta(days=3)

_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(hours=8)
_GROWS_BY = 3

_FIRST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(minutes=15)

# So much of a pause is left to chance, or all that failed together would come back together.
_LEFT_TO_CHANCE = 0.2

Chance = Callable[[], float]


def pause_after(tries: int, *, chance: Chance = random.random) -> timedelta:
    """Say how long a delivery waits after so many tries: 10 s, 30 s, 90 s … up to 8 hours.

    Shape: about 16 tries fit into three days.
    """
    return _grown(_FIRST_PAUSE, _GROWS_BY, tries, longest=_LONGEST_PAUSE, chance=chance)


def rest_after(failures: int, *, chance: Chance = random.random) -> timedelta:
    """Say how long an endpoint is left alone after so many failures in a row.

    Shape: shorter than the pauses of deliveries: it ends as soon as one delivery gets through.
    """
    return _grown(_FIRST_REST, 2, failures, longest=LONGEST_REST, chance=chance)


def _grown(
    first: timedelta, factor: int, times: int, *, longest: timedelta, chance: Chance
) -> timedelta:
    # The exponent is bounded before it is used: nobody needs 3 to the power of a thousand.
    grown = min(first * int(factor ** min(times - 1, 20)), longest)
    return grown * (1 - _LEFT_TO_CHANCE * chance())
