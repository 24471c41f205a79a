"""Files of sheets, read back by libraries that did not write them."""

from __future__ import annotations

import csv
import io
from typing import Any
from zipfile import ZipFile

from python_calamine import CalamineWorkbook


def content_of(response: Any) -> bytes:
    """Take in a whole answer of the test client, as a browser does."""
    content = b"".join(response)
    # The test client closes what was read to its end, and keeps its database connection.
    if not response.closed:
        response.close()
    return content


def csv_rows(content: bytes) -> list[list[str]]:
    """Read a CSV file as a program does that expects UTF-8 and nothing else."""
    return list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))


def csv_records(content: bytes) -> list[dict[str, str]]:
    """Read the rows of a CSV file by the names in its first one."""
    return list(csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True))


def xlsx_rows(content: bytes, sheet: str = "Rows") -> list[list[Any]]:
    """Read a worksheet."""
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(sheet).to_python()


def xlsx_sheets(content: bytes) -> list[str]:
    """Name the worksheets."""
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names


def formulas_in(content: bytes) -> int:
    """Count the formulas and links in all worksheets of a workbook."""
    with ZipFile(io.BytesIO(content)) as book:
        pages = [book.read(name) for name in book.namelist() if "worksheets/" in name]
    return sum(page.count(mark) for page in pages for mark in (b"<f>", b"<f ", b"<hyperlink"))
