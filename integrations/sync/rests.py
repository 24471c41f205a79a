"""What passes by itself: how long a sync rests after it, and how often before it is given up."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, OperationalError

from integrations.pms import errors

DATABASE_AWAY = (OperationalError, InterfaceError)

LONGEST_REST = timedelta(minutes=30)

# With rests that grow to half an hour, these are about a day and about an hour.
MOST_RESTS = 50
FEW_RESTS = 6

_FIRST_REST = timedelta(minutes=1)
# Propexo names no shorter time when it names none at all.
_FIRST_BREAK = timedelta(seconds=5)
# More than it takes to get from any first rest to the longest.
_DOUBLINGS = 10
_LEAST_SHARE, _GREATEST_SHARE = 0.8, 1.2


@dataclass(frozen=True, slots=True)
class Setback:
    """Something that keeps a sync from going on, and passes by itself.

    Shape: `code` and `message` are what the run says if it never passes. After `most` rests without
        a stored page the sync is given up. `counts` is whether the next rest is one of them.
    """

    code: str
    message: str
    most: int = MOST_RESTS
    first: timedelta = _FIRST_REST
    at_least: timedelta = timedelta(0)
    counts: bool = True

    def rest(self, *, rests: int) -> timedelta:
        """Say how long to rest after so many rests in a row; syncs that fail together part ways."""
        grown = min(self.first * (1 << min(rests, _DOUBLINGS)), LONGEST_REST)
        share = random.uniform(_LEAST_SHARE, _GREATEST_SHARE)  # noqa: S311 - it hides nothing
        return max(grown * share, self.at_least)

    def waits_for(self, *, rests: int) -> str:
        """Say what a sync waits for."""
        if not self.counts:
            return self.message
        return f"{self.message} Rest {rests + 1} of at most {self.most} since the last page."

    def gave_up(self) -> str:
        """Say why a sync was given up."""
        return (
            f"{self.message} The sync rested {self.most} times without getting one page further. "
            "What it stored before stays."
        )


def setback_of(error: errors.PmsError | DatabaseError | InterfaceError) -> Setback | None:
    """Tell how a failure passes; None when waiting does not help."""
    match error:
        case errors.Throttled():
            # A turn that MeterBase itself did not give out is no refusal of Propexo's.
            counts = error.http_status is not None
            pause = max(error.retry_after, _FIRST_BREAK)
            return Setback(
                error.code, error.message, first=_FIRST_BREAK, at_least=pause, counts=counts
            )
        case errors.Unavailable() | errors.NeverSent():
            return Setback(error.code, error.message)
        case errors.UnreadableAnswer():
            # A gateway's page passes; an answer of another shape does not.
            return Setback(error.code, error.message, most=FEW_RESTS)
        case OperationalError() | InterfaceError():
            # While the database is away nothing can be counted, so few are enough.
            return Setback(
                "DATABASE_AWAY", "MeterBase's own database could not be reached.", most=FEW_RESTS
            )
    return None
