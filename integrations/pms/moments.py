"""Moments as they are written into requests."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_text(moment: datetime) -> str:
    """Write a moment in UTC as ISO 8601.

    Errors: ValueError when it has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment in a request needs a time zone")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
