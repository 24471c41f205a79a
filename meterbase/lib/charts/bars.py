"""Bars that stand beside each other, in groups such as the months of a year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from meterbase.lib.charts.axes import (
    GridLine,
    Scale,
    Slot,
    grid,
    percent,
    pixels,
    round_scale,
    slots,
)
from meterbase.lib.money import format_dollars

_TOP = 14
_PLOT = 150
_FOOT = 24
# How much of its place a group of bars fills.
_FILLED = Fraction(7, 10)


@dataclass(frozen=True, slots=True)
class BarPart:
    """One amount of a group, such as what was billed.

    Units: cents.
    """

    name: str
    cents: int
    tone: str


@dataclass(frozen=True, slots=True)
class BarGroup:
    """The bars of a month; `label` stands under them, `name` is said of them."""

    label: str
    name: str
    parts: tuple[BarPart, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar as it is drawn; `title` says what it shows."""

    tone: str
    title: str
    x: str
    width: str
    y: str
    height: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """All bars, the lines behind them and the words under them.

    Shape: `legend` are (tone, name) pairs.
    """

    bars: tuple[Bar, ...]
    grid: tuple[GridLine, ...]
    slots: tuple[Slot, ...]
    legend: tuple[tuple[str, str], ...]
    height: int
    slot_y: int


def bar_chart(groups: Sequence[BarGroup]) -> BarChart:
    """Draw groups of bars from left to right, all to one scale."""
    amounts = [part.cents for group in groups for part in group.parts]
    scale, lines = round_scale(amounts, length=_PLOT)
    return BarChart(
        bars=tuple(_bars(groups, scale)),
        grid=grid(scale, lines, top=_TOP),
        slots=slots([group.label for group in groups]),
        legend=tuple(
            dict.fromkeys((part.tone, part.name) for group in groups for part in group.parts)
        ),
        height=_TOP + _PLOT + _FOOT,
        slot_y=_TOP + _PLOT + _FOOT - 6,
    )


def _bars(groups: Sequence[BarGroup], scale: Scale) -> Iterator[Bar]:
    place_width = Fraction(100, max(len(groups), 1))
    for place, group in enumerate(groups):
        width = place_width * _FILLED / max(len(group.parts), 1)
        start = place_width * (place + (1 - _FILLED) / 2)
        for number, part in enumerate(group.parts):
            low, high = sorted((scale.along(0), scale.along(part.cents)))
            yield Bar(
                tone=part.tone,
                title=f"{group.name}, {part.name.lower()}: {format_dollars(part.cents)}",
                x=percent(start + number * width),
                width=percent(width),
                y=pixels(_TOP + scale.length - high),
                height=pixels(high - low),
            )
