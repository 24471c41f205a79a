"""Hours of the day, such as the ones in which nobody is at work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time


class NoWindow(ValueError):
    """The text names no hours of the day."""


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of the day, [start, end); one that ends before it starts goes over midnight."""

    start: time
    end: time

    def holds(self, moment: time) -> bool:
        """Tell whether a time of day lies within."""
        if self.start <= self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


def read_window(text: str) -> Window | None:
    """Read hours of the day, written as 22:00-06:00; empty means any.

    Errors: NoWindow.
    """
    if not text.strip():
        return None
    start, dash, end = (part.strip() for part in text.partition("-"))
    try:
        window = Window(time.fromisoformat(start), time.fromisoformat(end))
    except ValueError:
        window = None
    if window is None or not dash or window.start == window.end or window.start.tzinfo:
        raise NoWindow(f"“{text}” does not name two times of the day, such as 22:00-06:00.")
    return window
