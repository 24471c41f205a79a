"""Periods of days, half-open: the first day belongs to the period, the end day does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta


class EmptyPeriod(ValueError):
    """The period would hold no day."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days from `start` up to, and without, `end`.

    Shape: start < end.
    Errors: EmptyPeriod when end is not after start.
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise EmptyPeriod(f"the period {self.start} to {self.end} holds no day")

    @property
    def days(self) -> int:
        """Count the days.

        Units: days.
        """
        return (self.end - self.start).days

    @property
    def middle(self) -> date:
        """Give the day in the middle; the month that it lies in names the period."""
        return self.start + timedelta(days=self.days // 2)

    def overlaps(self, other: Period) -> bool:
        """Tell whether the two share at least one day."""
        return self.start < other.end and other.start < self.end

    def overlap(self, start: date | None, end: date | None) -> Period | None:
        """Cut the period to what lies in [start, end), None being open; None when nothing does."""
        first = self.start if start is None else max(self.start, start)
        last = self.end if end is None else min(self.end, end)
        return Period(first, last) if first < last else None

    def without(self, others: Iterable[Period]) -> tuple[Period, ...]:
        """List the days of this period that none of the others has, as periods in their order."""
        left: list[Period] = []
        day = self.start
        for other in sorted(others):
            if day < min(other.start, self.end):
                left.append(Period(day, min(other.start, self.end)))
            day = max(day, other.end)
        if day < self.end:
            left.append(Period(day, self.end))
        return tuple(left)
