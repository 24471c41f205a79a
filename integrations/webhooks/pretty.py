"""Laying out a body for people: indented, digits as they were sent, trimmed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meterbase.lib.exact_json import MalformedJson, read_json, write_json

LONGEST = 10_000
_STEP = "  "
_DEEPEST = 20


def pretty_body(body: bytes) -> str:
    """Write a body so that a person can read it.

    Shape: what is not JSON is shown as text; the end of a very long one is left out, and said so.
    """
    try:
        text = "".join(_lay_out(read_json(body), depth=0))
    except MalformedJson:
        text = body.decode("utf-8", "replace")
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}\n… ({len(text) - LONGEST:,} more characters)"


def _lay_out(value: object, *, depth: int) -> Iterator[str]:
    if depth >= _DEEPEST or not value or not isinstance(value, Mapping | list):
        yield write_json(value).decode() if depth < _DEEPEST else "…"
        return
    indent = "\n" + _STEP * (depth + 1)
    named = isinstance(value, Mapping)
    members = value.items() if isinstance(value, Mapping) else enumerate(value)
    yield "{" if named else "["
    for number, (name, member) in enumerate(members):
        yield "," * bool(number) + indent
        if named:
            yield f"{write_json(str(name)).decode()}: "
        yield from _lay_out(member, depth=depth + 1)
    yield "\n" + _STEP * depth + ("}" if named else "]")
