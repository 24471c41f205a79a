"""What a look at one part of the installation has found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Level(StrEnum):
    """How bad it is; only what is failing makes the installation fail."""

    OK = "ok"
    WARNING = "warning"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Finding:
    """How a part of the installation is.

    Shape: `message` is for everybody and names nobody; `details` are for staff.
    """

    level: Level
    message: str
    details: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


def ok(message: str, **details: object) -> Finding:
    """Find a part in order."""
    return Finding(Level.OK, message, details)


def warning(message: str, **details: object) -> Finding:
    """Find a part that works and needs a look."""
    return Finding(Level.WARNING, message, details)


def failing(message: str, **details: object) -> Finding:
    """Find a part that does not do its work."""
    return Finding(Level.FAILING, message, details)
