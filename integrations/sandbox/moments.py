"""Points in time as the sandbox writes them: UTC and of fixed width, so text order is time order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def stamp(moment: datetime) -> str:
    """Write a point in time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def utc_now() -> datetime:
    """Read the system's clock."""
    return datetime.now(UTC)
