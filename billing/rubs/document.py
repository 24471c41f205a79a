"""Reading a JSON object strictly: what is missing, odd or unknown is refused, with its place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction


class MalformedBill(ValueError):
    """The document is not a bill as bill_input_to_json writes it."""


class Document:
    """A JSON object whose members are taken one by one, each once."""

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, Mapping):
            raise MalformedBill(f"{place} is not an object")
        self._members = dict(value)
        self._place = place

    def has(self, name: str) -> bool:
        """Tell whether a member is there."""
        return name in self._members

    def close(self) -> None:
        """Refuse members that nobody asked for, so that nothing is dropped unseen.

        Errors: MalformedBill.
        """
        if self._members:
            names = ", ".join(sorted(map(str, self._members)))
            raise MalformedBill(f"{self._place} has members that are not known: {names}")

    def nested(self, name: str) -> Document:
        """Take an object."""
        return Document(self._take(name), self.place(name))

    def each(self, name: str) -> list[Document]:
        """Take a list of objects."""
        rows = self._take(name)
        if not isinstance(rows, list):
            raise MalformedBill(f"{self.place(name)} is not a list")
        return [Document(row, f"{self.place(name)}[{n}]") for n, row in enumerate(rows)]

    def text(self, name: str) -> str:
        """Take a text."""
        value = self._take(name)
        if not isinstance(value, str):
            raise MalformedBill(f"{self.place(name)} is not a text")
        return value

    def text_or_none(self, name: str) -> str | None:
        """Take a text or null."""
        return self.text(name) if self._has_value(name) else None

    def flag(self, name: str) -> bool:
        """Take true or false."""
        value = self._take(name)
        if not isinstance(value, bool):
            raise MalformedBill(f"{self.place(name)} is neither true nor false")
        return value

    def whole(self, name: str) -> int:
        """Take a whole number."""
        value = self._take(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise MalformedBill(f"{self.place(name)} is not a whole number")
        return value

    def whole_or_none(self, name: str) -> int | None:
        """Take a whole number or null."""
        return self.whole(name) if self._has_value(name) else None

    def fraction(self, name: str) -> Fraction:
        """Take an exact number, written as "17" or "17/2"."""
        text = self.text(name)
        try:
            return Fraction(text)
        except (ValueError, ZeroDivisionError):
            raise MalformedBill(f"{self.place(name)} is not a fraction: {text!r}") from None

    def fraction_or_none(self, name: str) -> Fraction | None:
        """Take an exact number or null."""
        return self.fraction(name) if self._has_value(name) else None

    def fraction_if_there(self, name: str) -> Fraction | None:
        """Take an exact number, or nothing when there is none."""
        return self.fraction(name) if self.has(name) else None

    def fractions(self, name: str) -> list[Fraction]:
        """Take a list of exact numbers."""
        rows = self._take(name)
        if not isinstance(rows, list):
            raise MalformedBill(f"{self.place(name)} is not a list")
        wrapped = Document({str(n): row for n, row in enumerate(rows)}, self.place(name))
        return [wrapped.fraction(str(n)) for n in range(len(rows))]

    def day(self, name: str) -> date:
        """Take a date, written as 2025-03-31."""
        text = self.text(name)
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise MalformedBill(f"{self.place(name)} is not a date: {text!r}") from None

    def day_or_none(self, name: str) -> date | None:
        """Take a date or null."""
        return self.day(name) if self._has_value(name) else None

    def _has_value(self, name: str) -> bool:
        if self._members.get(name, "") is not None:
            return True
        self._take(name)
        return False

    def _take(self, name: str) -> object:
        if name not in self._members:
            raise MalformedBill(f"{self._place} lacks {name}")
        return self._members.pop(name)

    def place(self, name: str) -> str:
        """Name the place of a member, for a message."""
        return f"{self._place}.{name}"
