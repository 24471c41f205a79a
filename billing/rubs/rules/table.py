"""Reading a data file strictly: what is missing, odd or unknown is refused by file and field."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

Word = TypeVar("Word", bound=StrEnum)


class MalformedPlace(ValueError):
    """A data file does not say what a place's rules must say."""

    def __init__(self, file: str, field: str, reason: str) -> None:
        super().__init__(f"{file}: {field} {reason}")
        self.file = file
        self.field = field


class Table:
    """A table whose members are taken one by one, each once."""

    def __init__(self, members: Mapping[str, object], *, file: str, place: str = "") -> None:
        self._members = dict(members)
        self._file = file
        self._place = place

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._members))

    def refuse(self, name: str, reason: str) -> MalformedPlace:
        """Name the place of what is wrong."""
        return MalformedPlace(self._file, self._at(name), reason)

    def close(self) -> None:
        """Refuse members that nobody asked for, so that nothing is dropped unseen.

        Errors: MalformedPlace.
        """
        for name in self._members:
            raise self.refuse(name, "is not known")

    def table(self, name: str) -> Table:
        """Take a table; one that is not there is empty."""
        members = self._members.pop(name, {})
        if not isinstance(members, dict):
            raise self.refuse(name, "is not a table")
        return Table(members, file=self._file, place=self._at(name))

    def tables(self, name: str) -> list[Table]:
        """Take a list of tables, each named by its id or its position."""
        rows = self._take(name)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self.refuse(name, "is not a list of tables")
        names = [row.get("id", number) for number, row in enumerate(rows)]
        return [
            Table(row, file=self._file, place=f"{self._at(name)}[{label}]")
            for label, row in zip(names, rows, strict=True)
        ]

    def text(self, name: str) -> str:
        """Take a text that is not blank."""
        value = self._take(name)
        if not isinstance(value, str) or not value.strip():
            raise self.refuse(name, "is not a text")
        return value

    def sentence(self, name: str) -> str:
        """Take a text that begins and ends as a sentence does."""
        text = self.text(name)
        if not text[0].isupper() or not text.endswith("."):
            raise self.refuse(name, "is not a sentence")
        return text

    def words(self, name: str, among: Collection[str]) -> tuple[str, ...]:
        """Take a list of words, none of them twice."""
        values = self._take(name)
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.refuse(name, "is not a list of words")
        if not values or len(set(values)) < len(values):
            raise self.refuse(name, "is empty or has a word twice")
        for value in values:
            if value not in among:
                raise self.refuse(name, f"does not know {value!r}; known are {', '.join(among)}")
        return tuple(values)

    def choice(self, name: str, kind: type[Word]) -> Word:
        """Take one of a set of words."""
        return self._chosen(name, kind, self._take(name))

    def choices(self, name: str, kind: type[Word]) -> tuple[Word, ...]:
        """Take a list of words of a set, none of them twice."""
        values = self.words(name, [member.value for member in kind])
        return tuple(self._chosen(name, kind, value) for value in values)

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """Take true or false."""
        if default is not None and name not in self:
            return default
        value = self._take(name)
        if not isinstance(value, bool):
            raise self.refuse(name, "is neither true nor false")
        return value

    def whole(self, name: str) -> int:
        """Take a whole number that is not negative."""
        value = self._take(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.refuse(name, "is not a whole number")
        return value

    def number(self, name: str) -> int | Decimal:
        """Take an exact number that is not negative."""
        return self._exact(name, self._take(name))

    def number_or_none(self, name: str) -> int | Decimal | None:
        """Take an exact number, if there is one."""
        return self.number(name) if name in self else None

    def numbers(self, name: str) -> tuple[int | Decimal, ...]:
        """Take a list of exact numbers."""
        values = self._take(name)
        if not isinstance(values, list) or not values:
            raise self.refuse(name, "is not a list of numbers")
        return tuple(self._exact(name, value) for value in values)

    def cents_or_none(self, name: str) -> int | None:
        """Take an amount written in dollars, if there is one.

        Units: cents out.
        """
        if name not in self:
            return None
        cents = self.number(name) * 100
        if cents != int(cents):
            raise self.refuse(name, "is not an amount in whole cents")
        return int(cents)

    def day(self, name: str) -> date:
        """Take a date."""
        value = self._take(name)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.refuse(name, "is not a date")
        return value

    def day_or_none(self, name: str) -> date | None:
        """Take a date, if there is one."""
        return self.day(name) if name in self else None

    def _exact(self, name: str, value: object) -> int | Decimal:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.refuse(name, "is not a number")
        if not Decimal(value).is_finite() or value < 0:
            raise self.refuse(name, "is not a number of 0 or more")
        return value

    def _chosen(self, name: str, kind: type[Word], value: object) -> Word:
        for member in kind:
            if member.value == value:
                return member
        known = ", ".join(member.value for member in kind)
        raise self.refuse(name, f"does not know {value!r}; known are {known}")

    def _take(self, name: str) -> object:
        if name not in self._members:
            raise self.refuse(name, "is missing")
        return self._members.pop(name)

    def _at(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name
