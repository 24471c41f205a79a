"""Values on their way into and out of JSON."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from billing.rubs.document import MalformedBill
from billing.rubs.numbers import Number, exact

Json = dict[str, object]

Choice = TypeVar("Choice", bound=StrEnum)


def given(**members: object) -> Json:
    """Keep the members that have a value."""
    return {name: value for name, value in members.items() if value is not None}


def fraction_text(number: Number | None) -> str | None:
    """Write an exact number, as "17" or "17/2"."""
    return None if number is None else str(exact(number))


def choice_of(choices: type[Choice], text: str, place: str) -> Choice:
    """Read one of several names.

    Errors: MalformedBill, which names the place.
    """
    try:
        return choices(text)
    except ValueError:
        raise MalformedBill(f"{place} is not known: {text!r}") from None
