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


class Written(str):
    """JSON in ASCII that was written before, and goes into other JSON as it is."""

    __slots__ = ()


def _text(value: object) -> str:
    return _WRITERS.get(type(value), _unusual)(value)


def _members(value: Mapping[object, object]) -> str:
    find, other = _WRITERS.get, _unusual
    found = [
        f"{quoted(str(name))}:{find(type(member), other)(member)}" for name, member in value.items()
    ]
    return "{" + ",".join(found) + "}"


def _entries(value: Sequence[object]) -> str:
    return "[" + ",".join(map(_text, value)) + "]"


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise TypeError(f"{value} has no exact form in JSON")
    return str(value)


def _unusual(value: object) -> str:
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, Mapping):
        return _members(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | str):
        return _entries(value)
    if isinstance(value, bool | int | str):
        return json.dumps(value)
    raise TypeError(f"{type(value).__name__} has no exact form in JSON")


# What nearly all values are, without asking for each what else it might be.
# Any: each writes its own type.
_WRITERS: Mapping[type, Callable[[Any], str]] = {
    str: quoted,
    int: int.__repr__,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _value: "null",
    Decimal: _number,
    dict: _members,
    list: _entries,
    Written: str,
}


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")
