"""Finding the row of headings, and what each column of a sheet is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portfolios.unit_files.sheets import Sheet, UnreadableFile
from portfolios.unit_files.unit_key import one_line

_ROWS_SEARCHED: Final = 50


class Column(StrEnum):
    """What a column can say of a unit; the values are named as the unit's fields."""

    UNIT_ID = "unit_id"
    UNIT = "unit"
    BUILDING = "building"
    PROPERTY = "property"
    SQFT = "sqft"
    BEDROOMS = "bedrooms"
    BATHROOMS = "bathrooms"
    HALF_BATHROOMS = "half_bathrooms"
    BED_BATH = "bed_bath"
    OCCUPANTS = "occupant_count"
    OCCUPIED = "occupied"
    BILLABLE = "billable"


IDENTITY = frozenset({Column.UNIT_ID, Column.UNIT, Column.BUILDING, Column.PROPERTY})

# A rent roll's column of statuses or of residents' names is left alone on purpose: what people type
# wins over the PMS until it is cleared, so only a column that plainly says yes or no is taken.
_SYNONYMS: dict[Column, str] = {
    Column.UNIT_ID: "unit id, pms id, pms unit id, propexo id, propexo unit id",
    Column.UNIT: "unit, unit no, unit num, unit number, unit name, unit code, apt, apt no, apt num,"
    " apt number, apartment, apartment no, apartment number, suite, suite number, door",
    Column.BUILDING: "building, bldg, building name, building no, building number, bldg no,"
    " bldg number, bldg name",
    Column.PROPERTY: "property, property name, property id, community, community name",
    Column.SQFT: "sqft, sq ft, sq feet, square feet, square foot, square footage, sf, area,"
    " unit sqft, unit sq ft, unit sf, unit square feet, unit square footage, unit area, unit size,"
    " floor area, living area, area sqft, area sq ft, area sf, size, size sqft, size sq ft",
    Column.BEDROOMS: "bed, beds, bedroom, bedrooms, br, brs, bd, bds, bdrm, bdrms",
    Column.BATHROOMS: "bath, baths, bathroom, bathrooms, ba, bas, full bath, full baths,"
    " full bathrooms, baths full, bathrooms full",
    Column.HALF_BATHROOMS: "half bath, half baths, half bathrooms, baths half, bathrooms half",
    Column.BED_BATH: "bd ba, br ba, bed bath, beds baths, bedrooms bathrooms, unit type bd ba",
    Column.OCCUPANTS: "occupants, occupant, people, persons, person, headcount, head,"
    " household size, residents number, people number",
    Column.OCCUPIED: "occupied, is occupied",
    Column.BILLABLE: "billable, is billable",
}
_COLUMN_OF = {
    word.strip(): column for column, words in _SYNONYMS.items() for word in words.split(",")
}
_COUNTED = re.compile(r"^(?:(?:number|no|num) )?of | (?:count|counts)$")


@dataclass(frozen=True, slots=True)
class Heading:
    """A column that is read: where it stands and what it is called there."""

    index: int
    text: str
    column: Column

    @property
    def name(self) -> str:
        """Name the column as its reader finds it: C, Sq Ft."""
        return f"{letters(self.index)}, {self.text}"


@dataclass(frozen=True, slots=True)
class Headings:
    """The row of headings.

    Shape: `row` counts from 1; `ignored` are the names of the columns that are not read.
    """

    row: int
    found: tuple[Heading, ...]
    ignored: tuple[str, ...]

    def at(self, column: Column) -> Heading | None:
        """Find the heading of a column."""
        return next((heading for heading in self.found if heading.column == column), None)


def find_headings(sheet: Sheet) -> Headings | None:
    """Find the first row that names a column for units and one for a value.

    Errors: UnreadableFile when two columns of that row are about the same thing.
    """
    for number, row in enumerate(sheet.rows[:_ROWS_SEARCHED], start=1):
        found = _headings_of(row)
        columns = {heading.column for heading in found}
        if columns & {Column.UNIT, Column.UNIT_ID} and columns - IDENTITY:
            _refuse_twins(found)
            read = {heading.index for heading in found}
            ignored = (
                f"{letters(index)}, {one_line(text)}"
                for index, text in enumerate(row)
                if index not in read and text.strip()
            )
            return Headings(number, tuple(found), tuple(ignored))
    return None


def letters(index: int) -> str:
    """Name a column as spreadsheets do: A, B, …, Z, AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def _headings_of(row: Sequence[str]) -> list[Heading]:
    found = []
    for index, text in enumerate(row):
        column = _COLUMN_OF.get(_plain_heading(text))
        if column is not None:
            found.append(Heading(index, one_line(text), column))
    return found


def _plain_heading(text: str) -> str:
    words = " ".join(re.sub(r"[\W_]+", " ", one_line(text).casefold()).split())
    return _COUNTED.sub("", words)


def _refuse_twins(found: Sequence[Heading]) -> None:
    seen: dict[Column, Heading] = {}
    for heading in found:
        twin = seen.setdefault(heading.column, heading)
        if twin is not heading:
            raise _twins(twin, heading)
    joined = seen.get(Column.BED_BATH)
    if joined:
        for column in (Column.BEDROOMS, Column.BATHROOMS, Column.HALF_BATHROOMS):
            if column in seen:
                raise _twins(joined, seen[column])


def _twins(one: Heading, other: Heading) -> UnreadableFile:
    return UnreadableFile(
        f"The columns {one.name} and {other.name} say the same thing of a unit. Delete one of them,"
        " or give it another heading, and choose the file again."
    )
