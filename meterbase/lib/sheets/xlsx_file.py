"""A sheet as an XLSX workbook: what it is and what narrowed it down first, then the rows.

XlsxWriter keeps one row in memory at a time; the rest is in temporary files, deleted at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from decimal import Decimal
from itertools import count as count_from
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any

import xlsxwriter
from django.utils import timezone

from meterbase.lib.sheets.sheet import Cell, Column, Kind, Sheet
from meterbase.lib.sheets.values import value_of

# Writes a row into a line of a worksheet.
_Write = Callable[[int, Sequence[Cell]], None]

# What a worksheet has room for; a longer table goes on in a further one.
MOST_ROWS = 1_048_576
_LONGEST_TEXT = 32_767
# Excel counts no days before this year.
_FIRST_YEAR = 1900
_NUMBER_FORMATS = {
    Kind.CENTS: "#,##0.00",
    Kind.DATE: "yyyy-mm-dd",
    Kind.MOMENT: "yyyy-mm-dd hh:mm:ss",
    Kind.PERCENT: "0.00%",
}
_WIDTHS = {
    Kind.TEXT: 24,
    Kind.CENTS: 14,
    Kind.DATE: 12,
    Kind.MOMENT: 20,
    Kind.NUMBER: 12,
    Kind.PERCENT: 12,
}
_NO_CHARACTERS = str.maketrans({"\ufffe": "\ufffd", "\uffff": "\ufffd"})
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def write_workbook(sheet: Sheet, *, by: str, at: datetime) -> IO[bytes]:
    """Write a sheet into a temporary file, which is gone once it is closed.

    Errors: WrongCell.
    """
    out = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    with TemporaryDirectory() as folder, ExitStack() as on_failure:
        on_failure.enter_context(out)
        book = xlsxwriter.Workbook(out, {**_OPTIONS, "tmpdir": folder})
        on_failure.callback(_drop_pages, book)
        about = book.add_worksheet("About")
        count = _write_rows(book, sheet)
        _write_about(book, about, sheet, facts=_facts(by=by, at=at, count=count))
        book.close()
        on_failure.pop_all()
    out.seek(0)
    return out


def _drop_pages(book: Any) -> None:
    """Close what XlsxWriter leaves open unless the workbook is closed as a whole."""
    for page in book.worksheets():
        page.row_data_fh.close()


def _facts(*, by: str, at: datetime, count: int) -> list[tuple[str, str | int]]:
    written = timezone.localtime(at)
    return [
        ("Made by", by),
        ("Made at", f"{written:%Y-%m-%d %H:%M:%S}"),
        ("Times are in", timezone.get_current_timezone_name()),
        ("Rows", count),
    ]


def _write_about(
    book: Any, about: Any, sheet: Sheet, *, facts: Sequence[tuple[str, str | int]]
) -> None:
    bold = book.add_format({"bold": True})
    about.set_column(0, 0, 24)
    about.set_column(1, 1, 60)
    about.write_string(0, 0, plain(sheet.title), bold)
    filters = sheet.filters or (("Filters", "none: all rows"),)
    for row, (name, value) in enumerate([*facts, *filters], start=1):
        about.write_string(row, 0, plain(name))
        if isinstance(value, int):
            about.write_number(row, 1, value)
        else:
            about.write_string(row, 1, plain(value))


def _write_rows(book: Any, sheet: Sheet) -> int:
    """Write the rows, in as many worksheets as they need; tell how many they are."""
    writers = _writers(book, sheet.columns)
    write = next(writers)
    count = 0
    for count, row in enumerate(sheet.rows, start=1):
        line = (count - 1) % (MOST_ROWS - 1) + 1
        if line == 1 and count > 1:
            write = next(writers)
        write(line, row)
    return count


def _writers(book: Any, columns: Sequence[Column]) -> Iterator[_Write]:
    """Add worksheets one after the other, each as it is asked for."""
    formats = {
        kind: book.add_format({"num_format": text}) for kind, text in _NUMBER_FORMATS.items()
    }
    head = book.add_format({"bold": True, "bottom": 1})
    for number in count_from(1):
        page = book.add_worksheet("Rows" if number == 1 else f"Rows {number}")
        for place, column in enumerate(columns):
            page.set_column(place, place, max(_WIDTHS[column.kind], len(column.name) + 2))
        for place, column in enumerate(columns):
            page.write_string(0, place, plain(column.name), head)
        page.freeze_panes(1, 0)
        yield _writer(page, columns, formats)


def _writer(page: Any, columns: Sequence[Column], formats: dict[Kind, Any]) -> _Write:
    kinds = [(column.kind, formats.get(column.kind)) for column in columns]

    def write(line: int, row: Sequence[Cell]) -> None:
        for place, (cell, (kind, form)) in enumerate(zip(row, kinds, strict=True)):
            match value_of(cell, kind):
                case None | "":
                    pass
                case str(text):
                    page.write_string(line, place, plain(text))
                case datetime() as moment:
                    page.write_datetime(line, place, moment.replace(tzinfo=None), form)
                case date() as day if day.year >= _FIRST_YEAR:
                    page.write_datetime(line, place, day, form)
                case date() as day:
                    page.write_string(line, place, day.isoformat())
                case int() | Decimal() as number:
                    page.write_number(line, place, number, form)

    return write


def plain(text: str) -> str:
    """Make a text one that a workbook can hold, and that is nothing but a text.

    Shape: what is longer than a cell is cut, and says so by an ellipsis.
    """
    kept = text.translate(_NO_CHARACTERS)
    if len(kept.encode("utf-16-le")) // 2 > _LONGEST_TEXT:
        kept = kept.encode("utf-16-le")[: (_LONGEST_TEXT - 1) * 2].decode("utf-16-le", "ignore")
        kept += "…"
    # XlsxWriter would take this for rich text of its own and write it into the XML as it is.
    return f"{kept} " if kept.startswith("<r>") and kept.endswith("</r>") else kept
