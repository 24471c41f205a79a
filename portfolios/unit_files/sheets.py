"""From a file's bytes to rows of texts, with everything refused that is no such file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from portfolios.unit_files.limits import LARGEST_BYTES, MOST_COLUMNS, MOST_ROWS

_DELIMITERS = ",;\t|"
_ZIP = b"PK"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class UnreadableFile(Exception):
    """The file cannot be read as a list of units."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of texts; row 1 is `rows[0]`, as a spreadsheet counts, blank rows included."""

    name: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Workbook:
    """What a file holds.

    Shape: of a CSV file there is one sheet for every delimiter that it could be meant to have, the
        likeliest first; `notices` are sentences on how it was read, `trouble` one on what kept a
        part of it from being read.
    """

    sheets: tuple[Sheet, ...]
    notices: tuple[str, ...] = ()
    trouble: str = ""


def refuse_size(size: int) -> None:
    """Refuse a file by its size alone.

    Errors: UnreadableFile.
    """
    if size == 0:
        raise UnreadableFile("The file is empty.")
    if size > LARGEST_BYTES:
        megabytes = LARGEST_BYTES // 1024 // 1024
        raise UnreadableFile(f"The file is larger than {megabytes} MB, the most that is read.")


def read_csv(content: bytes) -> Workbook:
    """Read delimited text.

    Errors: UnreadableFile.
    """
    if content.startswith(_OLD_EXCEL):
        raise UnreadableFile(
            "The file is an Excel workbook of the old kind (.xls). Save it as .xlsx or CSV."
        )
    text, notices = _decode(content)
    if "\0" in text:
        raise UnreadableFile("The file is neither a CSV file nor an XLSX workbook.")
    if not text.strip():
        raise UnreadableFile("The file is empty.")
    first_lines = text[:20_000]
    used = [delimiter for delimiter in _DELIMITERS if delimiter in first_lines] or [","]
    sheets, trouble = [], ""
    for delimiter in sorted(used, key=first_lines.count, reverse=True):
        try:
            sheets.append(Sheet("", tuple(_rows(text, delimiter))))
        except UnreadableFile as refusal:
            trouble = trouble or str(refusal)
    return Workbook(tuple(sheets), notices, trouble)


def is_zip(content: bytes) -> bool:
    """Tell by the first bytes whether a file can be an XLSX workbook, whatever its name is."""
    return content.startswith(_ZIP)


def refuse_extent(rows: int, columns: int, *, sheet: str = "") -> None:
    """Refuse a table that is larger than any list of units.

    Errors: UnreadableFile.
    """
    where = f"The sheet “{sheet}”" if sheet else "The file"
    if rows > MOST_ROWS:
        raise UnreadableFile(f"{where} has more than {MOST_ROWS:,} rows, the most that is read.")
    if columns > MOST_COLUMNS:
        raise UnreadableFile(f"{where} has more than {MOST_COLUMNS} columns.")


def _decode(content: bytes) -> tuple[str, tuple[str, ...]]:
    if content.startswith(_UTF_16):
        try:
            return content.decode("utf-16"), ()
        except UnicodeDecodeError:
            raise UnreadableFile("The file begins as UTF-16 text and does not go on so.") from None
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    try:
        notice = "The file is not in UTF-8 and was read as Windows text: look at accents."
        return content.decode("cp1252"), (notice,)
    except UnicodeDecodeError:
        raise UnreadableFile(
            "The file is neither a CSV file in UTF-8 or Windows text nor an XLSX workbook."
        ) from None


def _rows(text: str, delimiter: str) -> Iterator[tuple[str, ...]]:
    # A quotation mark that is never closed would swallow the rest of the file without a word.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, row in enumerate(reader, start=1):
            refuse_extent(number, len(row))
            yield tuple(row)
    except csv.Error as error:
        raise UnreadableFile(
            f"A quotation mark near line {reader.line_num} of the file is out of place: {error}."
        ) from None
