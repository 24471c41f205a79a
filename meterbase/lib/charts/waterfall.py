"""A waterfall: a whole, what goes away from it step by step, and what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from meterbase.lib.charts.axes import Scale, percent, scale_over
from meterbase.lib.money import format_dollars

_ROW = 40
_WORDS = 13
_BAR = 20
_BAR_HEIGHT = 12


@dataclass(frozen=True, slots=True)
class Leak:
    """One step of the fall.

    Shape: `tone` colours it; `url` leads to what it consists of; empty where there is nothing.
    Units: cents.
    """

    label: str
    cents: int
    tone: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One step as it is drawn: a line of words, and its bar below.

    Shape: `joint` is where the line down to the next bar stands; empty under the last one.
    """

    label: str
    words: str
    tone: str
    url: str
    words_y: int
    bar_y: int
    bar_height: int
    x: str
    width: str
    joint: str
    joint_end: int


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The whole first, its leaks, and what is left last; `says` tells it in a sentence."""

    rows: tuple[Row, ...]
    height: int
    zero: str
    says: str


def waterfall(whole: Leak, leaks: Sequence[Leak], rest: Leak) -> Waterfall:
    """Draw what is left of a whole.

    Errors: ValueError when leaks and rest do not add up to the whole.
    """
    if whole.cents != rest.cents + sum(leak.cents for leak in leaks):
        raise ValueError("the steps do not add up to the whole")
    levels = [whole.cents]
    for leak in leaks:
        levels.append(levels[-1] - leak.cents)
    scale = scale_over(levels, length=100)
    spans = [
        (0, whole.cents),
        *((after, before) for before, after in pairwise(levels)),
        (0, rest.cents),
    ]
    rows = tuple(_rows([whole, *leaks, rest], spans, [*levels, None], scale))
    said = [f"{leak.label} {format_dollars(leak.cents)}" for leak in (*leaks, rest)]
    return Waterfall(
        rows=rows,
        height=len(rows) * _ROW,
        zero=percent(scale.along(0)),
        says=f"{whole.label} {format_dollars(whole.cents)}: {', '.join(said)}.",
    )


def _rows(
    steps: Sequence[Leak],
    spans: Sequence[tuple[int, int]],
    levels: Sequence[int | None],
    scale: Scale,
) -> Iterator[Row]:
    for place, (step, span, level) in enumerate(zip(steps, spans, levels, strict=True)):
        start, end = sorted(scale.along(cents) for cents in span)
        yield Row(
            label=step.label,
            words=format_dollars(step.cents),
            tone=step.tone,
            url=step.url,
            words_y=place * _ROW + _WORDS,
            bar_y=place * _ROW + _BAR,
            bar_height=_BAR_HEIGHT,
            x=percent(start),
            width=percent(end - start),
            joint="" if level is None else percent(scale.along(level)),
            joint_end=(place + 1) * _ROW + _BAR,
        )
