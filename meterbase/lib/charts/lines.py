"""An amount over time as a line; where it is not known, the line is interrupted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from meterbase.lib.charts.axes import GridLine, Slot, grid, pixels, round_scale, slots

_TOP = 14
_PLOT = 130
_FOOT = 24


@dataclass(frozen=True, slots=True)
class LinePoint:
    """The amount at one time; None where there is none.

    Shape: `mark` says why the point is marked; empty where it is not.
    Units: cents.
    """

    label: str
    name: str
    cents: Fraction | None
    words: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A point as it is drawn."""

    x: str
    y: str
    title: str
    is_marked: bool


@dataclass(frozen=True, slots=True)
class LineChart:
    """The dots, and the pieces of line between those that follow each other.

    Shape: `pieces` are pairs of dots.
    """

    dots: tuple[Dot, ...]
    pieces: tuple[tuple[Dot, Dot], ...]
    grid: tuple[GridLine, ...]
    slots: tuple[Slot, ...]
    height: int
    slot_y: int

    @property
    def has_marks(self) -> bool:
        """Tell whether any dot is marked."""
        return any(dot.is_marked for dot in self.dots)


def line_chart(points: Sequence[LinePoint]) -> LineChart:
    """Draw amounts from left to right."""
    known = [point.cents for point in points if point.cents is not None]
    scale, lines = round_scale(known, length=_PLOT)
    placed = slots([point.label for point in points])
    dots = [
        None
        if point.cents is None
        else Dot(
            x=slot.x,
            y=pixels(_TOP + scale.length - scale.along(point.cents)),
            title=f"{point.name}: {point.words}" + (f". {point.mark}" if point.mark else ""),
            is_marked=bool(point.mark),
        )
        for point, slot in zip(points, placed, strict=True)
    ]
    return LineChart(
        dots=tuple(dot for dot in dots if dot is not None),
        pieces=tuple((one, other) for one, other in pairwise(dots) if one and other),
        grid=grid(scale, lines, top=_TOP),
        slots=placed,
        height=_TOP + _PLOT + _FOOT,
        slot_y=_TOP + _PLOT + _FOOT - 6,
    )
