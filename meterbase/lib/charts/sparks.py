"""Bars so small that they fit into the cell of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from meterbase.lib.charts.axes import pixels

_WIDTH = 10
_HEIGHT = 24
_GAP = 2


@dataclass(frozen=True, slots=True)
class SparkBar:
    """One bar; a credit has another tone."""

    x: int
    y: str
    width: int
    height: str
    tone: str


@dataclass(frozen=True, slots=True)
class Spark:
    """The bars, the oldest first, in a drawing that is stretched to its cell."""

    bars: tuple[SparkBar, ...]
    width: int
    height: int


def spark(amounts: Sequence[int], *, highest: int) -> Spark:
    """Draw amounts; `highest` is the largest of all rows, so that they can be compared.

    Units: cents.
    """
    return Spark(
        tuple(_bar(place, cents, highest or 1) for place, cents in enumerate(amounts)),
        max(len(amounts), 1) * _WIDTH,
        _HEIGHT,
    )


def _bar(place: int, cents: int, highest: int) -> SparkBar:
    height = Fraction(abs(cents) * _HEIGHT, highest)
    return SparkBar(
        x=place * _WIDTH + _GAP // 2,
        y=pixels(_HEIGHT - height),
        width=_WIDTH - _GAP,
        height=pixels(height),
        tone="warning" if cents < 0 else "info",
    )
