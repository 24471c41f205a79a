"""Scales: from amounts to places in a drawing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from meterbase.lib.money import format_dollars

_MOST_LINES = 4
# A year fits; of more months, so many get their words.
_ALL_SHOWN = 12
_MOST_SHOWN = 8
_MOST_ON_A_PHONE = 4


@dataclass(frozen=True, slots=True)
class Scale:
    """The amounts from the lowest to the highest, spread over a length; zero is among them.

    Units: cents; `length` in whatever the drawing counts.
    """

    lowest: Fraction
    highest: Fraction
    length: int

    def along(self, cents: Fraction | int) -> Fraction:
        """Tell how far from the lowest amount another one lies."""
        return (cents - self.lowest) * self.length / (self.highest - self.lowest)


@dataclass(frozen=True, slots=True)
class GridLine:
    """A line across the drawing at a round amount."""

    y: str
    words: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A month's place along the foot of a chart.

    Shape: `words` are empty where there is no room for them; `is_minor` where there is none on a
        phone.
    """

    x: str
    words: str
    is_minor: bool


def scale_over(amounts: Iterable[Fraction | int], *, length: int) -> Scale:
    """Spread amounts over a length."""
    found = [Fraction(0), *map(Fraction, amounts)]
    lowest, highest = min(found), max(found)
    return Scale(lowest, highest if highest > lowest else lowest + 1, length)


def round_scale(amounts: Iterable[Fraction | int], *, length: int) -> tuple[Scale, list[int]]:
    """Spread amounts over a length that begins and ends at round amounts, and list these."""
    tight = scale_over(amounts, length=length)
    step = _round_step(tight.highest - tight.lowest)
    first, last = tight.lowest // step, -(-tight.highest // step)
    lines = [int(number * step) for number in range(int(first), int(last) + 1)]
    return Scale(Fraction(lines[0]), Fraction(lines[-1]), length), lines


def grid(scale: Scale, lines: Iterable[int], *, top: int) -> tuple[GridLine, ...]:
    """Place lines at round amounts, counted from the top of the drawing."""
    return tuple(
        GridLine(pixels(top + scale.length - scale.along(cents)), format_dollars(cents))
        for cents in lines
    )


def slots(labels: Sequence[str]) -> tuple[Slot, ...]:
    """Place the words under a chart's columns; the last of them always has its words."""
    width = Fraction(100, max(len(labels), 1))
    every = 1 if len(labels) <= _ALL_SHOWN else _parts(len(labels), _MOST_SHOWN)
    on_a_phone = every * _parts(_parts(len(labels), every), _MOST_ON_A_PHONE)
    last = len(labels) - 1
    return tuple(
        Slot(
            percent(width * place + width / 2),
            "" if (last - place) % every else text,
            is_minor=(last - place) % on_a_phone != 0,
        )
        for place, text in enumerate(labels)
    )


def _parts(count: int, size: int) -> int:
    """Tell into how many parts of a size so many can be divided, the last perhaps smaller."""
    return -(-count // size)


def percent(part: Fraction) -> str:
    """Write a place across as SVG wants it, whatever the reader's language."""
    hundredths = int(part * 100)
    return f"{hundredths // 100}.{hundredths % 100:02}%"


def pixels(length: Fraction | int) -> str:
    """Write a place down as SVG wants it."""
    tenths = int(length * 10)
    return f"{tenths // 10}.{tenths % 10}"


def _round_step(span: Fraction) -> int:
    """Find the smallest 1, 2 or 5 with noughts of which few are needed to span so much."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power * _MOST_LINES >= span:
                return digit * power
        power *= 10
