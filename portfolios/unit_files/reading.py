"""From a file to the rows that speak of units, with a remark for everything that does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from portfolios.unit_files.columns import Headings, find_headings
from portfolios.unit_files.findings import Finding
from portfolios.unit_files.rows import FileRow, Gathered, read_rows
from portfolios.unit_files.sheets import (
    Sheet,
    UnreadableFile,
    Workbook,
    is_zip,
    read_csv,
    refuse_size,
)
from portfolios.unit_files.xlsx import read_xlsx

_ROWS_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class UnitFile:
    """A file as it was understood.

    Shape: `columns` are the names of those that are read, `ignored` of those that are not;
        `notices` are sentences about the file as a whole.
    """

    rows: tuple[FileRow, ...]
    findings: tuple[Finding, ...]
    columns: tuple[str, ...]
    ignored: tuple[str, ...]
    notices: tuple[str, ...]


def read_unit_file(content: bytes) -> UnitFile:
    """Read a CSV file or an XLSX workbook.

    Errors: UnreadableFile, with a sentence on what is wrong with the whole file; what is wrong with
        a row is a finding, and the other rows are read.
    """
    refuse_size(len(content))
    workbook = read_xlsx(content) if is_zip(content) else read_csv(content)
    sheet, headings = _choose(workbook)
    gathered = read_rows(sheet, headings)
    if not gathered.rows:
        raise UnreadableFile(
            f"Below the headings in row {headings.row} no row names a unit with a value."
        )
    return UnitFile(
        rows=tuple(gathered.rows),
        findings=tuple(gathered.findings),
        columns=tuple(heading.name for heading in headings.found),
        ignored=headings.ignored,
        notices=(*workbook.notices, *_notices(workbook, sheet, headings, gathered)),
    )


def _choose(workbook: Workbook) -> tuple[Sheet, Headings]:
    for sheet in workbook.sheets:
        headings = find_headings(sheet)
        if headings:
            return sheet, headings
    raise UnreadableFile(
        workbook.trouble
        or "No row near the top has headings for the unit (such as Unit or Apt) and for at least "
        "one value (such as Sq Ft, Beds, Baths or Occupants). Add such headings, or start from the "
        "template."
    )


def _notices(
    workbook: Workbook, sheet: Sheet, headings: Headings, gathered: Gathered
) -> Iterator[str]:
    if sheet.name and len(workbook.sheets) > 1:
        yield f"The sheet “{sheet.name}” was read."
    if headings.row > 1:
        yield f"The headings are in row {headings.row}; what stands above them was passed over."
    for numbers, what in (
        (gathered.totals, "totals, not units"),
        (gathered.without_unit, "without a unit and without a value"),
        (gathered.without_value, "without a value that is known"),
    ):
        if numbers:
            yield f"{_rows(numbers)}: {what}; nothing is taken from there."


def _rows(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"Row {numbers[0]}"
    named = ", ".join(map(str, numbers[:_ROWS_NAMED]))
    more = len(numbers) - _ROWS_NAMED
    return f"Rows {named}" + (f" and {more:,} more" if more > 0 else "")
