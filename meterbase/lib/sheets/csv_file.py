"""A sheet as CSV: a row of names, then rows, and nothing else, so that programs can read it.

It is UTF-8 without a byte-order mark: that would become part of the first column's name for most
programs. People who open a file in Excel take the XLSX beside it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

from meterbase.lib.sheets.batches import in_batches
from meterbase.lib.sheets.sheet import Cell, Kind, Sheet
from meterbase.lib.sheets.values import value_of

_STARTS_A_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_STARTS_A_CELL = ("\t", "\r", "\n")
_CHUNK = 200


def csv_chunks(sheet: Sheet) -> Iterator[str]:
    """Write a sheet piece by piece, so that it is never in memory as a whole."""
    kinds = [column.kind for column in sheet.columns]
    yield _lines([[inert(column.name) for column in sheet.columns]])
    for rows in in_batches(sheet.rows, _CHUNK):
        yield _lines(
            [[cell_text(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in rows]
        )


def cell_text(cell: Cell, kind: Kind) -> str:
    """Write a cell: dollars with two decimals, dates and moments as ISO 8601, nothing as nothing.

    Errors: WrongCell.
    """
    value = value_of(cell, kind)
    if value is None:
        return ""
    if isinstance(value, str):
        return inert(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if not isinstance(value, int) else str(value)


def inert(text: str) -> str:
    """Keep a spreadsheet from taking somebody's text for a formula."""
    is_risky = text.lstrip().startswith(_STARTS_A_FORMULA) or text.startswith(_STARTS_A_CELL)
    return f"'{text}" if is_risky else text


def _lines(rows: list[list[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue()
