"""Files for the tests."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from io import BytesIO

import xlsxwriter

from portfolios.unit_files.findings import Finding
from portfolios.unit_files.reading import UnitFile, read_unit_file


def csv_file(*lines: str, encoding: str = "utf-8") -> bytes:
    """Make a CSV file."""
    return "\r\n".join(lines).encode(encoding)


def xlsx_file(rows: Sequence[Sequence[object]], *, first_sheet: str = "Units") -> bytes:
    """Make a workbook with one sheet."""
    content = BytesIO()
    with xlsxwriter.Workbook(content) as workbook:
        sheet = workbook.add_worksheet(first_sheet)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return content.getvalue()


def swollen(content: bytes, *, part: str, size: int, said: int | None = None) -> bytes:
    """Fill a part of a workbook with nothing, and let the archive say another size if asked."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for each in old.infolist():
            filling = b" " * size if each.filename == part else old.read(each)
            new.writestr(each.filename, filling, zipfile.ZIP_DEFLATED)
    packed = out.getvalue()
    return packed if said is None else packed.replace(struct.pack("<I", size), _word(said))


def _word(number: int) -> bytes:
    return struct.pack("<I", number)


def read_lines(*lines: str) -> UnitFile:
    """Read a CSV file of these lines."""
    return read_unit_file(csv_file(*lines))


def stated(read: UnitFile) -> dict[str, dict[str, str]]:
    """Give what a file says, by unit."""
    return {row.unit: dict(row.values) for row in read.rows}


def said(findings: Sequence[Finding]) -> list[tuple[int, str, str]]:
    """Give findings as row, column and sentence."""
    return [(finding.row, finding.column, finding.message) for finding in findings]
