"""What one row says of a unit, from all of its columns together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portfolios.unit_files.cells import NOTHING, CellValue, is_null, read_cell, write_number
from portfolios.unit_files.columns import IDENTITY, Column, Heading, Headings
from portfolios.unit_files.findings import Weight

_HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class ReadValue:
    """What a row says of one field, and the heading that a remark about it belongs to."""

    field: str
    heading: Heading
    value: CellValue


def cell_at(row: Sequence[str], heading: Heading | None) -> str:
    """Take the text under a heading; a row that ends before it has none."""
    return row[heading.index] if heading and heading.index < len(row) else ""


def read_values(row: Sequence[str], headings: Headings) -> Iterator[ReadValue]:
    """Read every value that a row states or fails to state."""
    for heading in headings.found:
        text = cell_at(row, heading)
        if heading.column == Column.BED_BATH:
            yield from _bed_bath(heading, text)
        elif heading.column == Column.BATHROOMS:
            half = cell_at(row, headings.at(Column.HALF_BATHROOMS))
            yield ReadValue("bathrooms", heading, _bathrooms(text, half))
        elif heading.column == Column.HALF_BATHROOMS:
            if headings.at(Column.BATHROOMS) is None and not is_null(text):
                sentence = "Half bathrooms say little without a column of full ones."
                yield ReadValue("bathrooms", heading, _left_out(sentence))
        elif heading.column not in IDENTITY:
            field = heading.column.value
            yield ReadValue(field, heading, read_cell(field, text))


def _bathrooms(full_text: str, half_text: str) -> CellValue:
    """Add half bathrooms, where they have a column of their own, to the full ones."""
    if is_null(half_text):
        return read_cell("bathrooms", full_text)
    full, half = read_cell("bathrooms", full_text), read_cell("bathrooms", half_text)
    if full.text is None or half.text is None:
        return _left_out(
            f"“{full_text}” full and “{half_text}” half bathrooms do not add up to a number."
        )
    return read_cell("bathrooms", write_number(Decimal(full.text) + _HALF * Decimal(half.text)))


def _bed_bath(heading: Heading, text: str) -> Iterator[ReadValue]:
    """Take `2/1.5` apart; `--/--`, as offices have it, says nothing."""
    if is_null(text):
        return
    parts = text.split("/")
    if len(parts) != 2:
        sentence = f"“{text}” is not bedrooms / bathrooms, such as 2/1.5."
        yield ReadValue("bedrooms", heading, _left_out(sentence))
        return
    for field, part in zip(("bedrooms", "bathrooms"), parts, strict=True):
        yield ReadValue(field, heading, NOTHING if is_null(part) else read_cell(field, part))


def _left_out(sentence: str) -> CellValue:
    return CellValue(None, sentence, Weight.LEFT_OUT)
