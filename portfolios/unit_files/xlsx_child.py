"""Read an XLSX workbook from standard input and write its rows as JSON, in a process of its own.

A workbook of a few kilobytes can unpack to gigabytes, or say that its last cell is in row 1,048,576
of column XFD, for which the reader would allocate memory until the process is aborted. So it is
read where memory and time are limited and where an abort harms nobody.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

MEGABYTE = 1024 * 1024
Cell = int | float | str | bool | time | date | datetime | timedelta


def main(memory_mb: int, seconds: int, most_sheets: int, most_rows: int, most_columns: int) -> None:
    """Read within the limits given.

    Effects: one JSON document on standard output; too large a sheet has `extent` in place of
        `rows`.
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
        sheets = [
            read_sheet(workbook.get_sheet_by_name(name), most_rows, most_columns)
            for name in names[:most_sheets]
        ]
    json.dump({"sheets": sheets, "more": names[most_sheets:]}, sys.stdout)


def read_sheet(sheet: CalamineSheet, most_rows: int, most_columns: int) -> dict[str, object]:
    """Read one sheet from its first cell, A1, on."""
    last_row, last_column = sheet.end or (-1, -1)
    height, width = last_row + 1, last_column + 1
    if height > most_rows or width > most_columns:
        return {"name": sheet.name, "extent": [height, width]}
    rows = sheet.to_python(skip_empty_area=False)
    return {"name": sheet.name, "rows": [write_row(row) for row in rows]}


def write_row(row: Sequence[Cell]) -> list[str]:
    """Write a row as texts."""
    return [write_cell(cell) for cell in row]


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
