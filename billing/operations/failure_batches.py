"""Doing the same with many failures: each stands alone, so one that cannot stops no other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from billing.models import Posting
from billing.operations.calculations import WrongState

# More would keep whoever asked waiting too long; the rest is done by asking once more.
MOST_AT_ONCE = 500
_LONGEST_SECONDS = 15


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What came of it; each refusal is a sentence with its unit, `looked_at` counts both."""

    count: int
    refusals: tuple[str, ...]

    @property
    def looked_at(self) -> int:
        """Count those that it came to at all."""
        return self.count + len(self.refusals)


def act_on_each(failures: Iterable[Posting], act: Callable[[Posting], None]) -> BatchResult:
    """Do something with each failure in a transaction of its own, as far as time allows.

    Effects: those of the act, for each that does not refuse it.
    """
    refusals: list[str] = []
    count = 0
    began = time.monotonic()
    for posting in failures:
        if count == MOST_AT_ONCE or time.monotonic() - began > _LONGEST_SECONDS:
            break
        try:
            act(posting)
        except WrongState as refusal:
            refusals.append(f"Unit {posting.charge.unit_label}: {refusal}")
        else:
            count += 1
    return BatchResult(count, tuple(refusals))
