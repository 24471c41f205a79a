"""Rows in handfuls: many enough for one query about all of them, few enough for the memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

RowT = TypeVar("RowT")

BATCH = 500


def in_batches(rows: Iterable[RowT], size: int = BATCH) -> Iterator[list[RowT]]:
    """Go through rows in lists of at most `size`."""
    remaining = iter(rows)
    while batch := list(islice(remaining, size)):
        yield batch
