"""Read an XLSX workbook from standard input and write its rows as JSON lines, in its own process.

A workbook of a few kilobytes can unpack to gigabytes, or say that its last cell is in row 1,048,576
of column XFD, for which the reader would allocate memory until the process is aborted. So it is
read where memory and time are limited and where an abort harms nobody. One long text can stand in
millions of cells, too: so texts are cut, and what is written is counted.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Final

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

MEGABYTE = 1024 * 1024
TOO_MUCH_TEXT: Final = 3
LONGEST_CELL: Final = 300
ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
Cell = int | float | str | bool | time | date | datetime | timedelta


class Lines:
    """The lines on standard output, which together may not be more than so many bytes."""

    def __init__(self, most_bytes: int) -> None:
        self.left = most_bytes

    def write(self, value: object) -> None:
        """Write a line, or end the process."""
        line = ENCODER.encode(value).encode() + b"\n"
        self.left -= len(line)
        if self.left < 0:
            sys.exit(TOO_MUCH_TEXT)
        sys.stdout.buffer.write(line)


def main(
    memory_mb: int,
    seconds: int,
    most_bytes: int,
    most_sheets: int,
    most_rows: int,
    most_columns: int,
) -> None:
    """Read within the limits given.

    Effects: on standard output an object that says whether there are more sheets, then for each
        sheet an object with its name and an array for each row; too large a sheet has its `extent`
        in place of rows. Exits with TOO_MUCH_TEXT where that would be too many bytes.
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb * MEGABYTE, memory_mb * MEGABYTE))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with CalamineWorkbook.from_filelike(BytesIO(sys.stdin.buffer.read())) as workbook:
        names = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]
        lines = Lines(most_bytes)
        lines.write({"more": len(names) > most_sheets})
        for name in names[:most_sheets]:
            write_sheet(workbook.get_sheet_by_name(name), most_rows, most_columns, lines)


def write_sheet(sheet: CalamineSheet, most_rows: int, most_columns: int, lines: Lines) -> None:
    """Write one sheet from its first cell, A1, on."""
    last_row, last_column = sheet.end or (-1, -1)
    height, width = last_row + 1, last_column + 1
    if height > most_rows or width > most_columns:
        lines.write({"name": cut(sheet.name), "extent": [height, width]})
        return
    lines.write({"name": cut(sheet.name)})
    for row in sheet.to_python(skip_empty_area=False):
        lines.write(write_row(row))


def write_row(row: Sequence[Cell]) -> list[str]:
    """Write a row as texts."""
    return [cut(write_cell(cell)) for cell in row]


def cut(text: str) -> str:
    """Shorten a text that is too long, so that it can be seen: 850, and much more, is not 850."""
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"


def write_cell(cell: Cell) -> str:
    """Write a cell as its reader sees it: 1050.5, not the binary fraction that is stored."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        number = Decimal(str(cell))
        return f"{number.normalize():f}" if number.is_finite() else ""
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return cell if isinstance(cell, str) else str(cell)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
