"""JSON in which numbers with decimals are exact, in both directions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NoReturn, TypeAlias, cast

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


# What nearly all values are, without asking for each what else it might be.
# Any: each writes its own type.
_WRITERS: Mapping[type, Callable[[Any], str]] = {
    str: quoted,
    int: int.__repr__,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _value: "null",
}


def _text(value: object) -> str:
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    if isinstance(value, Mapping):
        members = [f"{quoted(str(name))}:{_text(member)}" for name, member in value.items()]
        return "{" + ",".join(members) + "}"
    if isinstance(value, Sequence) and not isinstance(value, bytes | str):
        return "[" + ",".join(map(_text, value)) + "]"
    if isinstance(value, bool | int | str):
        return json.dumps(value)
    raise TypeError(f"{type(value).__name__} has no exact form in JSON")


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")
