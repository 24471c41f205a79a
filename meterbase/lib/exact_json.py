"""JSON in which numbers with decimals are exact, in both directions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NoReturn, TypeAlias, cast

JsonValue: TypeAlias = (
    "bool | int | str | Decimal | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)


class MalformedJson(ValueError):
    """The bytes are not JSON in UTF-8."""


def read_json(data: bytes) -> JsonValue:
    """Parse JSON; numbers with a point become Decimal.

    Errors: MalformedJson, also for NaN and Infinity, which JSON does not have.
    """
    try:
        parsed = json.loads(
            data.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        raise MalformedJson("The text is not JSON in UTF-8.") from None
    return cast("JsonValue", parsed)


def write_json(value: object) -> bytes:
    """Write JSON in ASCII, keys in the order given, decimals digit for digit.

    Errors: TypeError for anything that JSON has no word for; a binary float is one of these.
    """
    return _text(value).encode("ascii")


def _text(value: object) -> str:
    if value is None or isinstance(value, bool | int | str):
        return json.dumps(value)
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    if isinstance(value, Mapping):
        members = (f"{_text(str(name))}:{_text(member)}" for name, member in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return "[" + ",".join(_text(item) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} has no exact form in JSON")


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")
