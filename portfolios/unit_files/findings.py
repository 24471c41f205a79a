"""What stands out in a file, said by row and column."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """What a finding means for the import."""

    LEFT_OUT = "left_out"
    """The row or the value is not taken."""
    STANDS_OUT = "stands_out"
    """The value can be read and is hard to believe: taken only when a person says so."""
    NOTE = "note"
    """Nothing is left out; the reader should know."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark about a file.

    Shape: rows count from 1 as a spreadsheet does, 0 for the whole file; `column` is empty where
        the whole row is meant; `field` names the value that a finding keeps out.
    """

    row: int
    column: str
    message: str
    weight: Weight
    field: str = ""
