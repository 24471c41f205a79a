"""The query parameters of contract v1's lists: limit, offset, order, and the checks on filters."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from integrations.sandbox.moments import calendar_day, moment, stamp
from integrations.sandbox.v1_problems import Issue, bad_request, wrong_value

LARGEST_LIMIT = 250
_DEFAULT_LIMIT = 100
_LARGEST_OFFSET = 2**31
_ORDER = re.compile(r"([a-z_]+)(?::(asc|desc))?")


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is wanted, and in which order.

    Shape: `order` holds fields with asc or desc.
    """

    limit: int
    offset: int
    order: tuple[tuple[str, str], ...]

    def sql(self) -> str:
        """Write the order for the database; the id comes last, so that there is one order only."""
        last = self.order[-1][1]
        written = [f"{name} {way}" for name, way in self.order]
        return ", ".join(written if ("id" in dict(self.order)) else [*written, f"id {last}"])

    def meta(self, *, count: int, total: int) -> str:
        """Write the envelope's meta part as JSON."""
        order = [{"field": name, "direction": way} for name, way in self.order]
        more = "true" if self.offset + count < total else "false"
        return (
            f'{{"offset":{self.offset},"limit":{self.limit},"orderBy":{json.dumps(order)},'
            f'"hasMore":{more},"total":{total}}}'
        )


def query_of(query_text: str) -> dict[str, str]:
    """Read the query; of a parameter that comes twice the last one counts, empty ones do not."""
    return {name: value for name, value in parse_qsl(query_text, keep_blank_values=True) if value}


def window_of(
    query: Mapping[str, str], *, sortable: Collection[str], largest: int = LARGEST_LIMIT
) -> Window:
    """Read limit, offset and order.

    Errors: Problem 400; a limit above the largest is refused and never silently capped.
    """
    issues: list[Issue] = []
    limit = _number(query, "limit", min(_DEFAULT_LIMIT, largest), largest, issues)
    offset = _number(query, "offset", 0, _LARGEST_OFFSET, issues)
    order = _order(query.get("order-by", "created_at:desc"), sortable, issues)
    if issues:
        raise bad_request("The query is invalid.", issues)
    return Window(limit=limit, offset=offset, order=order)


def day_in(name: str, text: str) -> str:
    """Check a calendar day, which may also be written as a point in time.

    Errors: Problem 400.
    """
    if calendar_day(text[:10]) is None or (len(text) > 10 and moment(text) is None):
        raise bad_request("The query is invalid.", [wrong_value(name, "Invalid date")])
    return text[:10]


def moment_in(name: str, text: str) -> str:
    """Check a point in time and write it as the store does.

    Errors: Problem 400.
    """
    read = moment(text)
    if read is None:
        raise bad_request("The query is invalid.", [wrong_value(name, "Invalid datetime")])
    return stamp(read)


def choice_in(name: str, text: str, choices: Collection[str]) -> str:
    """Check one of several words.

    Errors: Problem 400.
    """
    if text not in choices:
        words = " | ".join(f"'{choice}'" for choice in choices)
        issue = wrong_value(name, f"Invalid enum value. Expected {words}", "invalid_enum_value")
        raise bad_request("The query is invalid.", [issue])
    return text


def _number(
    query: Mapping[str, str], name: str, default: int, largest: int, issues: list[Issue]
) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST_OFFSET))):
        issues.append(wrong_value(name, "Expected a non-negative integer", "invalid_type"))
        return 0
    if int(text) > largest:
        issues.append(
            wrong_value(name, f"Number must be less than or equal to {largest}", "too_big")
        )
    return int(text)


def _order(
    text: str, sortable: Collection[str], issues: list[Issue]
) -> tuple[tuple[str, str], ...]:
    order: dict[str, str] = {}
    for part in text.split(","):
        read = _ORDER.fullmatch(part.strip())
        if read is None or read[1] not in sortable:
            issues.append(wrong_value("order-by", f"Cannot order by {part.strip()}"))
            continue
        order.setdefault(read[1], read[2] or "asc")
    return tuple(order.items()) or (("created_at", "desc"),)
