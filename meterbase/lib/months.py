"""Months in a row, each known by its first day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date


class NotAMonth(ValueError):
    """The text is not a month written as 2026-03."""


@dataclass(frozen=True, slots=True)
class Months:
    """The months from `first` to `last`, both among them.

    Shape: both are first days, `first` not after `last`.
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first.day != 1 or self.last.day != 1 or self.last < self.first:
            raise ValueError(f"{self.first} to {self.last} are not months in a row")

    def __iter__(self) -> Iterator[date]:
        """Give the first day of each month, the oldest first."""
        for number in range(_number(self.first), _number(self.last) + 1):
            yield _month(number)

    def __len__(self) -> int:
        return _number(self.last) - _number(self.first) + 1

    @property
    def end(self) -> date:
        """Give the first day after all of them."""
        return _month(_number(self.last) + 1)

    @property
    def words(self) -> str:
        """Name them: March 2026, or from April 2025 to March 2026."""
        if self.first == self.last:
            return f"{self.first:%B %Y}"
        return f"{self.first:%B %Y} to {self.last:%B %Y}"


def months_up_to(day: date, count: int) -> Months:
    """Give so many months, the month of a day being the last of them."""
    last = first_of_month(day)
    return Months(_month(_number(last) - count + 1), last)


def first_of_month(day: date) -> date:
    """Give the first day of a day's month."""
    return day.replace(day=1)


def read_month(text: str) -> date:
    """Read the first day of a month that is written as 2026-03.

    Errors: NotAMonth.
    """
    year, _, month = text.partition("-")
    if not (text.isascii() and year.isdigit() and month.isdigit() and len(text) == len("2026-03")):
        raise NotAMonth(text)
    try:
        return date(int(year), int(month), 1)
    except ValueError:
        raise NotAMonth(text) from None


def _number(month: date) -> int:
    return month.year * 12 + month.month - 1


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)
