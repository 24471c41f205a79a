"""From a sheet to the rows that speak of units."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from portfolios.unit_files.columns import Column, Headings
from portfolios.unit_files.findings import Finding, Weight
from portfolios.unit_files.limits import LONGEST_TEXT
from portfolios.unit_files.row_values import cell_at, read_values
from portfolios.unit_files.sheets import Sheet
from portfolios.unit_files.unit_key import one_line

# A spreadsheet takes such a text for a formula, so the template puts an apostrophe before it.
_GUARDED: Final = re.compile(r"'(?=[=+\-@])")
_TOTAL: Final = re.compile(
    r"(?:(?:grand|sub|property|building|page|report)[\s\-]*)*totals?(?![^\W_]).*"
    r"|(?:sum|averages?|avg|count)\s*:?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row that speaks of a unit.

    Shape: `number` counts from 1 as a spreadsheet does; `values` by field, as they are stored for a
        typed value; `odd` are the fields that stand out; `cells` by heading, as they came.
    """

    number: int
    unit: str
    unit_id: str = ""
    building: str = ""
    property_name: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    odd: tuple[str, ...] = ()
    cells: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Give what the row calls its unit."""
        return self.unit or self.unit_id


@dataclass(slots=True)
class Gathered:
    """What the rows of a sheet say.

    Shape: row numbers of totals, of rows that name no unit, and of rows that state nothing.
    """

    rows: list[FileRow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    without_unit: list[int] = field(default_factory=list)
    without_value: list[int] = field(default_factory=list)
    area: int = 0
    area_since_total: int = 0


def read_rows(sheet: Sheet, headings: Headings) -> Gathered:
    """Read every row below the headings."""
    gathered = Gathered()
    heading_row = [one_line(cell) for cell in sheet.rows[headings.row - 1]]
    for number, row in enumerate(sheet.rows[headings.row :], start=headings.row + 1):
        cells = [one_line(cell) for cell in row]
        if any(cells) and cells != heading_row:
            _take(number, cells, headings, gathered)
    return gathered


def _take(number: int, row: Sequence[str], headings: Headings, into: Gathered) -> None:
    read, remarks = _read_row(number, row, headings)
    if _TOTAL.fullmatch(read.name or next(filter(None, row))):
        into.totals.append(number)
        into.findings += _control(read, headings, into)
        into.area_since_total = 0
    elif not (read.values or remarks):
        (into.without_value if read.name else into.without_unit).append(number)
    elif not read.name:
        into.findings.append(Finding(number, "", "The row names no unit.", Weight.LEFT_OUT))
    else:
        into.rows.append(read)
        into.findings += remarks
        into.area += int(read.values.get("sqft", 0))
        into.area_since_total += int(read.values.get("sqft", 0))


def _read_row(number: int, row: Sequence[str], headings: Headings) -> tuple[FileRow, list[Finding]]:
    read = list(read_values(row, headings))
    remarks = [
        Finding(number, one.heading.name, one.value.remark, one.value.weight, one.field)
        for one in read
        if one.value.remark
    ]
    found = FileRow(
        number=number,
        unit=_identity(row, headings, Column.UNIT),
        unit_id=_identity(row, headings, Column.UNIT_ID),
        building=_identity(row, headings, Column.BUILDING),
        property_name=_identity(row, headings, Column.PROPERTY),
        values={one.field: one.value.text for one in read if one.value.text is not None},
        odd=tuple(found.field for found in remarks if found.weight == Weight.STANDS_OUT),
        cells={
            heading.text: cell_at(row, heading)[:LONGEST_TEXT]
            for heading in headings.found
            if cell_at(row, heading)
        },
    )
    return found, remarks


def _identity(row: Sequence[str], headings: Headings, column: Column) -> str:
    return _GUARDED.sub("", cell_at(row, headings.at(column)), count=1)[:LONGEST_TEXT]


def _control(total: FileRow, headings: Headings, so_far: Gathered) -> Iterator[Finding]:
    """Hold the area that a total row states against the rows above it."""
    stated, heading = total.values.get("sqft"), headings.at(Column.SQFT)
    sums = (so_far.area_since_total, so_far.area)
    if stated is not None and heading is not None and int(stated) not in sums:
        yield Finding(
            total.number,
            heading.name,
            f"The total says {int(stated):,} square feet; the rows above it add up to "
            f"{so_far.area:,}.",
            Weight.NOTE,
        )
