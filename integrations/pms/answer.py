"""An answer from Propexo as it came off the wire, and what its headers say about the pace."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from integrations.pms.records import RateLimit
from meterbase.lib.exact_json import read_json

# What is kept of an answer beside an error: enough to see what happened.
EXCERPT_CHARACTERS = 2_000

_SHORTEST_WAIT = timedelta(seconds=1)
_LONGEST_WAIT = timedelta(minutes=15)
_USUAL_WAIT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body of one HTTP answer.

    Shape: header names are found whatever their case; the body may be HTML or empty.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def excerpt(self) -> str:
        """Give the beginning of the body as text."""
        return self.body[: 4 * EXCERPT_CHARACTERS].decode("utf-8", "replace")[:EXCERPT_CHARACTERS]

    @property
    def request_id(self) -> str:
        """Give the number under which Propexo knows the request, if it says one."""
        return self.headers.get("X-Request-Id", "")

    def json(self) -> object:
        """Read the body as JSON with exact decimals.

        Errors: MalformedJson.
        """
        return read_json(self.body)


def read_rate_limit(headers: Mapping[str, str], *, now: datetime) -> RateLimit | None:
    """Read the rate headers; None when limit or remaining are missing or make no sense.

    Shape: without a reset header the window is taken to end in a minute, the length of a window.
    """
    limit = _whole_number(headers.get("X-RateLimit-Limit"))
    remaining = _whole_number(headers.get("X-RateLimit-Remaining"))
    if limit is None or remaining is None:
        return None
    reset_at = _reset_time(headers) or now + _USUAL_WAIT
    return RateLimit(limit=limit, remaining=remaining, reset_at=reset_at)


def stated_wait(headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """Read Retry-After, seconds or an HTTP date; None when it is missing or makes no sense."""
    stated = headers.get("Retry-After", "").strip()
    seconds = _whole_number(stated)
    if seconds is not None:
        return timedelta(seconds=seconds)
    try:
        moment = email.utils.parsedate_to_datetime(stated)
    except (ValueError, OverflowError):
        return None
    # A date without a zone is meant in UTC, as all HTTP dates are.
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now


def wait_after(headers: Mapping[str, str], *, now: datetime) -> timedelta:
    """Say how long to stay away after a 429: between one second and fifteen minutes."""
    wait = stated_wait(headers, now=now)
    if wait is None:
        reset_at = _reset_time(headers)
        wait = reset_at - now if reset_at is not None and reset_at > now else _USUAL_WAIT
    return min(max(wait, _SHORTEST_WAIT), _LONGEST_WAIT)


def _reset_time(headers: Mapping[str, str]) -> datetime | None:
    seconds = _whole_number(headers.get("X-RateLimit-Reset"))
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)


def _whole_number(text: str | None) -> int | None:
    # Eleven digits of seconds reach beyond the year 5000, and every date library can hold them.
    found = re.fullmatch(r"\s*([0-9]{1,11})\s*", text or "")
    return int(found[1]) if found else None
