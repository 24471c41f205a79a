"""Reading a JSON object that a person wrote: all that is wrong is noted, not only the first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from billing.rubs.numbers import Number
from billing.rubs.problems import Problem

Choice = TypeVar("Choice", bound=StrEnum)

_CENTS = 100
_EARLIEST, _LATEST = 1900, 2200
_LONGEST = 3_660
_LONGEST_NUMBER = 30


class Reader:
    """An object whose members are taken one by one; what cannot be read is noted and left out.

    Shape: `place` names the object in a message, as in "units[3]"; `unit` is the name of the unit
        that it belongs to.
    """

    def __init__(
        self, value: object, place: str, problems: list[Problem], unit: str | None = None
    ) -> None:
        self.place = place
        self.problems = problems
        self.unit = unit
        self._members: dict[str, object] = {}
        if isinstance(value, Mapping):
            self._members = dict(value)
        else:
            self.note("", "is not an object", place or "The request")

    def note(self, name: str, message: str, place: str | None = None) -> None:
        """Note a problem of a member."""
        where = place or self.at(name)
        field = name or self.place or "request"
        self.problems.append(Problem(self.unit, self.unit or "", field, f"{where} {message}."))

    def at(self, name: str) -> str:
        """Name the place of a member, for a message."""
        return f"{self.place}.{name}" if self.place else name

    def has(self, name: str) -> bool:
        """Tell whether a member is there and is not null."""
        return self._members.get(name) is not None

    def close(self) -> None:
        """Note the members that nobody asked for, so that nothing is dropped unseen."""
        for name in self._members:
            self.note(name, "is not known")

    def take(self, name: str) -> object:
        """Take a member as it is; None when it is missing."""
        return self._members.pop(name, None)

    def object(self, name: str) -> Reader | None:
        """Take an object."""
        value = self.take(name)
        if value is None:
            return None
        return Reader(value, self.at(name), self.problems, self.unit)

    def objects(self, name: str) -> list[Reader]:
        """Take a list of objects."""
        value = self.take(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.note(name, "is not a list")
            return []
        place = self.at(name)
        return [
            Reader(row, f"{place}[{number}]", self.problems, self.unit)
            for number, row in enumerate(value)
        ]

    def text(self, name: str, usual: str | None = None) -> str | None:
        """Take a text; a number is read as its digits, as unit numbers often are."""
        value = self.take(name)
        if value is None:
            return usual
        if isinstance(value, bool) or not isinstance(value, str | int):
            self.note(name, "is not a text")
            return usual
        return str(value)

    def flag(self, name: str, *, usual: bool) -> bool:
        """Take true or false."""
        value = self.take(name)
        if value is None:
            return usual
        if not isinstance(value, bool):
            self.note(name, "is neither true nor false")
            return usual
        return value

    def choice(self, name: str, choices: type[Choice], usual: Choice | None) -> Choice | None:
        """Take one of several names."""
        value = self.take(name)
        if value is None:
            return usual
        if isinstance(value, str) and value in set(choices):
            return choices(value)
        self.note(name, f"is {value!r}; choose one of {', '.join(choices)}")
        return usual

    def number(self, name: str, usual: Number | None = None) -> Number | None:
        """Take an exact number: a JSON number, or a text such as "1.6" or "1/3"."""
        value = self.take(name)
        if value is None:
            return usual
        found = _number(value)
        if found is None:
            self.note(name, f"is {value!r}, which is not a number")
            return usual
        return found

    def numbers(self, name: str) -> tuple[Number, ...]:
        """Take a list of exact numbers."""
        value = self.take(name)
        found = [_number(row) for row in value] if isinstance(value, list) else [None]
        numbers = tuple(number for number in found if number is not None)
        if len(numbers) < len(found):
            self.note(name, "is not a list of numbers")
        return numbers

    def whole(self, name: str) -> int | None:
        """Take a whole number."""
        value = self.number(name)
        if value is None:
            return None
        if value != int(value):
            self.note(name, f"is {value}, which is not a whole number")
            return None
        return int(value)

    def cents(self, name: str) -> int | None:
        """Take an amount of dollars with at most two decimals.

        Units: cents out.
        """
        value = self.number(name)
        if value is None:
            return None
        cents = Fraction(value) * _CENTS
        if cents.denominator != 1:
            self.note(name, f"is {value}, which is not an amount in dollars and whole cents")
            return None
        return int(cents)

    def days(self, name: str, most: int = _LONGEST) -> int | None:
        """Take a number of days.

        Units: days.
        """
        value = self.whole(name)
        if value is None or 0 <= value <= most:
            return value
        self.note(name, f"is {value}; enter 0 to {most} days")
        return None

    def day_after(self, name: str) -> date | None:
        """Take a last day, and give the day after it."""
        value = self.day(name)
        return None if value is None else value + timedelta(days=1)

    def day(self, name: str) -> date | None:
        """Take a date, written as 2026-03-31."""
        value = self.take(name)
        if value is None:
            return None
        try:
            read = date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            self.note(name, f"is {value!r}, which is not a date such as 2026-03-31")
            return None
        if not _EARLIEST <= read.year <= _LATEST:
            self.note(name, f"is {value!r}; enter a year from {_EARLIEST} to {_LATEST}")
            return None
        return read


def _number(value: object) -> Number | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return _sensible(value)
    if not isinstance(value, str) or len(value) > _LONGEST_NUMBER:
        return None
    try:
        return Fraction(value) if "/" in value else _sensible(Decimal(value))
    except (ValueError, ZeroDivisionError, InvalidOperation):
        return None


def _sensible(value: Decimal) -> Decimal | None:
    """Refuse what is no number, or would take a page to write out."""
    return value if value.is_finite() and abs(value.adjusted()) < _LONGEST_NUMBER else None
