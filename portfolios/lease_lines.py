"""Leases laid out over months: where each bar begins and ends, and which ones overlap."""

from __future__ import annotations

import itertools
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portfolios.models import LeaseStatus
from portfolios.queries import LeaseFacts

MONTHS_BEFORE = 11
MONTHS_SHOWN = 16

_OVER = frozenset({LeaseStatus.PAST})


@dataclass(frozen=True, slots=True)
class Window:
    """The months on show; every month is as wide as any other.

    Shape: `first` is the first day of the oldest.
    """

    first: date

    @property
    def months(self) -> tuple[date, ...]:
        """List the first days of the months, the oldest first."""
        start = self.first.year * 12 + self.first.month - 1
        return tuple(_month(start + number) for number in range(MONTHS_SHOWN))

    def moved(self, months: int) -> Window:
        """Give the window some months later, or earlier."""
        return Window(_month(self.first.year * 12 + self.first.month - 1 + months))

    def place_of(self, day: date) -> float:
        """Tell where a day begins, in months from the left edge."""
        whole = (day.year - self.first.year) * 12 + day.month - self.first.month
        return whole + (day.day - 1) / monthrange(day.year, day.month)[1]


@dataclass(frozen=True, slots=True)
class Bar:
    """A lease in the window.

    Shape: `left` and `width` are in months; `lane` counts from 0, and leases in different lanes
        share days.
    """

    lease: LeaseFacts
    left: float
    width: float
    lane: int


def usual_window(today: date) -> Window:
    """Show the last months and the next few."""
    return Window(today.replace(day=1)).moved(-MONTHS_BEFORE)


def lay_out(leases: Sequence[LeaseFacts], window: Window, *, today: date) -> tuple[Bar, ...]:
    """Lay leases out over the window; those that share a day stand below one another."""
    lanes: list[float] = []
    bars = []
    for lease in sorted(leases, key=lambda lease: (lease.start or date.min, lease.lease_id)):
        start, end = _extent(lease, window, today)
        left, right = max(start, 0.0), min(end, float(MONTHS_SHOWN))
        if left >= right:
            continue
        lane = next((number for number, until in enumerate(lanes) if until <= start), len(lanes))
        lanes[lane : lane + 1] = [end]
        bars.append(Bar(lease, left, right - left, lane))
    return tuple(bars)


def overlapping(leases: Sequence[LeaseFacts], *, today: date) -> bool:
    """Tell whether two leases that the PMS shows have a day in common."""
    window = usual_window(today)
    shown = sorted(_extent(lease, window, today) for lease in leases if not lease.missing)
    return any(left[1] > right[0] for left, right in itertools.pairwise(shown))


def _extent(lease: LeaseFacts, window: Window, today: date) -> tuple[float, float]:
    """Tell where a lease begins and ends; what is not known reaches to the edge, or to today."""
    start = window.place_of(lease.start) if lease.start else float("-inf")
    if lease.end is not None:
        return start, window.place_of(lease.end)
    if lease.status in _OVER:
        return start, max(window.place_of(today), start)
    return start, float("inf")


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)
