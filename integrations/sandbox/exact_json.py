"""JSON without binary floating point: amounts are read and written exactly as they stand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias, cast

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
        parsed = json.loads(data.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError) as problem:
        raise MalformedJson("The body is not JSON in UTF-8.") from problem
    return cast("JsonValue", parsed)


def write_json(value: JsonValue) -> bytes:
    """Write JSON in UTF-8; a Decimal keeps every digit that it has, trailing zeros included."""
    return _text(value).encode("utf-8")


def _text(value: JsonValue) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if value is None or isinstance(value, bool | int | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        members = (f"{json.dumps(name)}:{_text(member)}" for name, member in value.items())
        return "{" + ",".join(members) + "}"
    return "[" + ",".join(_text(item) for item in value) + "]"


def _refuse(constant: str) -> JsonValue:
    raise ValueError(f"{constant} is not JSON")
