"""Days and points in time as the sandbox writes them: text order is time order."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

Clock = Callable[[], datetime]


def stamp(moment: datetime) -> str:
    """Write a point in time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def utc_now() -> datetime:
    """Read the system's clock."""
    return datetime.now(UTC)


def calendar_day(text: str) -> date | None:
    """Read a day written as YYYY-MM-DD; anything else is None.

    Shape: fromisoformat alone would take week dates and dates without hyphens too.
    """
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def moment(text: str) -> datetime | None:
    """Read a point in time in ISO 8601, without a zone meaning UTC; anything else is None."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
