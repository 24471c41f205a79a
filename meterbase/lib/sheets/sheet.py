"""A table that becomes a file: what its columns hold, and rows that may be read one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

Cell = str | int | Decimal | Fraction | date | datetime | None


class Kind(StrEnum):
    """What the cells of a column are; None is an empty cell in all of them.

    Units: `CENTS` takes cents and writes dollars; `PERCENT` takes a part of one: half is 0.5.
    """

    TEXT = "text"
    CENTS = "cents"
    DATE = "date"
    MOMENT = "moment"
    NUMBER = "number"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file."""

    name: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with what narrowed it down.

    Shape: `filters` are (name, chosen) pairs in the reader's words; `rows` is gone through once,
        while the file is written, so that it may be a generator.
    """

    title: str
    filters: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Cell]]
