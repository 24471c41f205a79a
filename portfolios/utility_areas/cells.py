"""Checking the cells of reference files."""

from __future__ import annotations

import re

from portfolios.utility_areas.rows import Problems

_STATE = re.compile(r"[A-Z0-9]{2}")


class Checked:
    """The cells of one line; what is wrong with them goes to the problems."""

    def __init__(self, file: str, line: int, problems: Problems) -> None:
        self._file = file
        self._line = line
        self._problems = problems
        self.is_sound = True

    def refuse(self, reason: str) -> None:
        """Note what is wrong."""
        self._problems.add(self._file, self._line, reason)
        self.is_sound = False

    def text(self, name: str, value: str, *, longest: int, needed: bool = False) -> str:
        """Read a text."""
        cleaned = value.strip()
        if len(cleaned) > longest:
            self.refuse(f"{name} is longer than {longest} characters")
        elif needed and not cleaned:
            self.refuse(f"{name} is empty")
        return cleaned

    def one_of(self, name: str, value: str, allowed: frozenset[str]) -> str:
        """Read a word that has to be one of a few."""
        if value not in allowed:
            words = ", ".join(sorted(filter(None, allowed)))
            self.refuse(f"{name} “{value[:40]}” is none of {words}")
        return value

    def state(self, value: str) -> str:
        """Read two letters, or none."""
        if value and not _STATE.fullmatch(value):
            self.refuse(f"state “{value[:40]}” is not two letters")
        return value

    def count(self, name: str, value: str) -> int | None:
        """Read a whole number, or none."""
        if not value:
            return None
        if value.isascii() and value.isdecimal() and len(value) < 10:
            return int(value)
        self.refuse(f"{name} “{value[:40]}” is not a whole number")
        return None

    def degrees(self, name: str, value: str, *, limit: int) -> float | None:
        """Read a latitude or a longitude, or none."""
        if not value:
            return None
        try:
            degrees = float(value)
        except ValueError:
            self.refuse(f"{name} “{value[:40]}” is not a number")
            return None
        if not -limit <= degrees <= limit:
            self.refuse(f"{name} {value[:40]} is not between -{limit} and {limit}")
        return degrees
