"""JSON in which numbers with decimals are exact, in both directions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NoReturn


class NotJson(ValueError):
    """The bytes are not JSON."""


def loads(body: bytes) -> object:
    """Read JSON; numbers with decimals become Decimal, NaN and Infinity are refused.

    Errors: NotJson.
    """
    try:
        value: object = json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise NotJson("the text is not JSON") from None
    return value


def dumps(value: object) -> str:
    """Write JSON without spaces, keys in the order given, decimals digit for digit.

    Errors: TypeError for anything that JSON has no word for; a float is one of these.
    """
    if value is None or isinstance(value, bool | int | str):
        return json.dumps(value)
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(k))}:{dumps(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(dumps(item) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} has no exact form in JSON")


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")
