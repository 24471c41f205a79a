"""Read the fields of a JSON body and collect everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

from integrations.sandbox.amounts import NotAnAmount, cents_from
from integrations.sandbox.moments import calendar_day
from integrations.sandbox.problems import invalid
from meterbase.lib.exact_json import JsonValue

Value = TypeVar("Value")


class BodyFields:
    """A JSON object that is read field by field; `check` refuses it with all errors at once.

    A field that is wrong reads as a harmless value until then.
    """

    def __init__(self, body: JsonValue) -> None:
        if not isinstance(body, Mapping):
            raise invalid({"body": ["must be a JSON object"]})
        self._body = body
        self._errors: dict[str, list[str]] = {}

    def has(self, name: str) -> bool:
        """Tell whether a field is there at all."""
        return name in self._body

    def text(self, name: str, *, longest: int = 100, required: bool = True) -> str:
        """Read a text without blanks around it."""
        value = self._body.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or not value.strip():
            return self._wrong(name, "is required and must be text", "")
        if len(value) > longest:
            return self._wrong(name, f"must not be longer than {longest} characters", "")
        # Half a surrogate pair is legal in JSON text and cannot be stored.
        if any("\ud800" <= character <= "\udfff" for character in value):
            return self._wrong(name, "holds characters that do not exist", "")
        return value.strip()

    def choice(self, name: str, choices: Sequence[str], *, default: str | None = None) -> str:
        """Read one of several words."""
        value = self._body.get(name, default)
        if not isinstance(value, str) or value not in choices:
            return self._wrong(name, f"must be one of {', '.join(choices)}", "")
        return value

    def words(self, name: str, *, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Read a list of words with at least one."""
        value = self._body.get(name, default)
        if isinstance(value, str) or not isinstance(value, Sequence) or not value:
            return self._wrong(name, "must be a list with at least one entry", ())
        words = tuple(word for word in value if isinstance(word, str) and word.strip())
        if len(words) != len(value):
            return self._wrong(name, "must hold nothing but text", ())
        return words

    def day(self, name: str, *, default: date | None = None) -> date:
        """Read a calendar day."""
        value = self._body.get(name)
        if value is None and default is not None:
            return default
        day = calendar_day(value) if isinstance(value, str) else None
        if day is None:
            return self._wrong(name, "is required and must be a date like 2026-04-01", date.min)
        return day

    def cents(self, name: str) -> int:
        """Read an amount of dollars.

        Units: dollars in the body, cents returned.
        """
        value = self._body.get(name)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return self._wrong(name, "is required and must be a number", 0)
        try:
            return cents_from(value)
        except NotAnAmount as problem:
            return self._wrong(name, str(problem), 0)

    def seconds(self, name: str, *, longest: int) -> Decimal:
        """Read a duration; none is 0."""
        value = self._body.get(name, 0)
        if isinstance(value, int | Decimal) and value is not True and 0 <= value <= longest:
            return Decimal(value)
        return self._wrong(name, f"must be a number from 0 to {longest}", Decimal(0))

    def count(self, name: str, *, largest: int, default: int) -> int:
        """Read a whole number from 1 up."""
        value = self._body.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= largest:
            return self._wrong(name, f"must be a whole number from 1 to {largest}", 0)
        return value

    def whole(self, name: str, *, largest: int, default: int | None) -> int | None:
        """Read a whole number from 0 up; where the default is None, null is a value too."""
        value = self._body.get(name, default)
        if value is None and default is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= largest:
            return self._wrong(name, f"must be a whole number from 0 to {largest}", 0)
        return value

    def probability(self, name: str) -> Decimal | None:
        """Read a probability above 0; none is None."""
        value = self._body.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 < value <= 1:
            return self._wrong(name, "must be a number above 0 and at most 1", None)
        return Decimal(value)

    def part(self, name: str, *, required: bool) -> BodyFields:
        """Read an object inside the object; its own fields are checked by itself."""
        value = self._body.get(name)
        if value is None and not required:
            return BodyFields({})
        if not isinstance(value, Mapping) or (required and not value):
            self._wrong(name, "is required and must be a JSON object", None)
            return BodyFields({})
        return BodyFields(value)

    def check(self) -> None:
        """Refuse the body when anything in it was wrong.

        Errors: Problem 422 with the messages by field.
        """
        if self._errors:
            raise invalid(self._errors)

    def _wrong(self, name: str, message: str, instead: Value) -> Value:
        self._errors.setdefault(name, []).append(message)
        return instead
