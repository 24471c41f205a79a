from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest
from django.http import QueryDict
from django.utils import timezone

from meterbase.lib.sheets import (
    Cell,
    Column,
    FileFormat,
    Kind,
    Sheet,
    csv_response,
    sheet_response,
    wanted_format,
    xlsx_file,
    xlsx_response,
)
from meterbase.lib.sheets.tests.reading import (
    content_of,
    csv_records,
    csv_rows,
    formulas_in,
    xlsx_rows,
    xlsx_sheets,
)
from meterbase.lib.sheets.values import WrongCell

_AT = datetime(2026, 11, 21, 10, 15, 30, 999, tzinfo=UTC)
_COLUMNS = (
    Column("unit"),
    Column("amount", Kind.CENTS),
    Column("day", Kind.DATE),
    Column("at", Kind.MOMENT),
    Column("people", Kind.NUMBER),
    Column("share", Kind.PERCENT),
)
_ROW: tuple[Cell, ...] = ("101", -123_456, date(2026, 2, 28), _AT, 3, Fraction(1, 4))
_HOSTILE = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "＝1+1",
    "=HYPERLINK(\"http://example.test\",'x')",
    "http://example.test",
    "<r><t>x</t></r>",
    "<r></t></is></c><c r='B1'><f>1+1</f></c></r>",
    "_x0041_\x00\x07",
    "noncharacter \uffff",
    "José “quoted”, and\nbroken",
    "🏠" * 20_000,
)


def _sheet(*rows: tuple[Cell, ...], columns=_COLUMNS, filters=()) -> Sheet:
    return Sheet("Charges", filters, columns, rows)


def _csv(sheet: Sheet) -> bytes:
    return content_of(csv_response(sheet, filename="x.csv"))


def _xlsx(sheet: Sheet) -> bytes:
    return content_of(xlsx_response(sheet, filename="x.xlsx", by="ada", at=_AT))


def test_csv_has_names_first_then_dollars_and_iso_dates():
    assert csv_rows(_csv(_sheet(_ROW))) == [
        ["unit", "amount", "day", "at", "people", "share"],
        ["101", "-1234.56", "2026-02-28", "2026-11-21T10:15:30+00:00", "3", "0.25"],
    ]


def test_xlsx_holds_numbers_and_dates_as_what_they_are():
    head, row = xlsx_rows(_xlsx(_sheet(_ROW)))
    assert head == ["unit", "amount", "day", "at", "people", "share"]
    assert row == ["101", -1234.56, date(2026, 2, 28), datetime(2026, 11, 21, 10, 15, 30), 3, 0.25]  # noqa: DTZ001


def test_moments_are_told_in_the_time_zone_of_the_readers():
    with timezone.override("America/Chicago"):
        sheet = _sheet(_ROW)
        assert csv_records(_csv(sheet))[0]["at"] == "2026-11-21T04:15:30-06:00"
        book = _xlsx(sheet)
    assert xlsx_rows(book)[1][3] == datetime(2026, 11, 21, 4, 15, 30)  # noqa: DTZ001
    assert ["Times are in", "America/Chicago"] in xlsx_rows(book, "About")


def test_what_is_not_known_is_an_empty_cell():
    nothing = (None,) * len(_COLUMNS)
    sheet = _sheet(nothing, _ROW)
    assert csv_rows(_csv(sheet))[1] == [""] * len(_COLUMNS)
    assert xlsx_rows(_xlsx(sheet))[1] == [""] * len(_COLUMNS)


@pytest.mark.parametrize("cents", [0, 1, -1, 99, 10, 4_503_599_627, 10_000_000_000_000, -29])
def test_cents_come_back_exactly(cents):
    sheet = _sheet((cents,), columns=(Column("amount", Kind.CENTS),))
    assert Decimal(csv_rows(_csv(sheet))[1][0]) * 100 == cents
    (number,) = xlsx_rows(_xlsx(sheet))[1]
    assert Decimal(repr(number)) * 100 == cents


def test_a_day_before_excels_calendar_is_told_as_text():
    sheet = _sheet((date(1, 1, 1),), columns=(Column("day", Kind.DATE),))
    assert xlsx_rows(_xlsx(sheet))[1] == ["0001-01-01"]


@pytest.mark.parametrize("text", _HOSTILE)
def test_no_text_becomes_a_formula_a_link_or_markup(text):
    sheet = _sheet((text,), columns=(Column(text[:20]),), filters=((text, text),))
    cell = csv_rows(_csv(sheet))[1][0]
    assert cell in (text, f"'{text}")
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "\t", "\r"))
    book = _xlsx(sheet)
    assert formulas_in(book) == 0
    with ZipFile(io.BytesIO(book)) as parts:
        for name in parts.namelist():
            ET.fromstring(parts.read(name))  # noqa: S314 - a file of our own
    # What is too long for a cell is cut; whatever else there is comes back.
    told = xlsx_rows(book)[1][0]
    assert told.rstrip(" …")[:100] == text.replace("\uffff", "\ufffd")[:100].rstrip()


def test_a_column_takes_only_what_it_says():
    wrong: list[tuple[Cell, Kind]] = [
        ("1.00", Kind.CENTS),
        (Decimal("1.00"), Kind.CENTS),
        (_AT, Kind.DATE),
        (date(2026, 1, 1), Kind.MOMENT),
        ("7", Kind.NUMBER),
    ]
    for cell, kind in wrong:
        with pytest.raises(WrongCell):
            _csv(_sheet((cell,), columns=(Column("x", kind),)))


def test_a_row_has_a_cell_for_each_column():
    for write in (_csv, _xlsx):
        with pytest.raises(ValueError, match="zip"):
            write(_sheet(("101",)))


def test_the_first_sheet_tells_what_narrowed_the_list_who_made_it_and_when():
    about = xlsx_rows(_xlsx(_sheet(_ROW, _ROW, filters=(("Utility", "Water"),))), "About")
    assert about == [
        ["Charges", ""],
        ["Made by", "ada"],
        ["Made at", "2026-11-21 10:15:30"],
        ["Times are in", "UTC"],
        ["Rows", 2],
        ["Utility", "Water"],
    ]
    assert xlsx_rows(_xlsx(_sheet()), "About")[-1] == ["Filters", "none: all rows"]


@pytest.mark.parametrize(
    ("count", "sheets"), [(0, 1), (3, 1), (4, 2), (6, 2), (7, 3)], ids=lambda number: str(number)
)
def test_rows_beyond_what_a_worksheet_holds_go_on_in_the_next(monkeypatch, count, sheets):
    monkeypatch.setattr(xlsx_file, "MOST_ROWS", 4)
    book = _xlsx(_sheet(*((n,) for n in range(count)), columns=(Column("n", Kind.NUMBER),)))
    names = xlsx_sheets(book)
    assert names == ["About", "Rows", "Rows 2", "Rows 3"][: sheets + 1]
    pages = [xlsx_rows(book, name) for name in names[1:]]
    assert all(page[0] == ["n"] for page in pages)
    assert [row[0] for page in pages for row in page[1:]] == list(range(count))


def test_the_name_of_the_file_tells_the_list_its_filters_and_when():
    sheet = _sheet(_ROW, filters=(("Utility", "Water"), ("Search", "Maple/..\\\r\nCourt")))
    for wanted in FileFormat:
        response = sheet_response(sheet, wanted, by="ada", at=_AT)
        assert response["Content-Disposition"] == (
            'attachment; filename="charges-utility-water-search-maple-court-'
            f'20261121-1015.{wanted.value}"'
        )
        response.close()


def test_an_address_that_names_no_format_asks_for_the_page():
    assert wanted_format(QueryDict("format=csv")) is FileFormat.CSV
    assert wanted_format(QueryDict("format=xlsx")) is FileFormat.XLSX
    for text in ("", "format=", "format=pdf", "format=CSV", "format=csv&format=doc"):
        assert wanted_format(QueryDict(text)) is None


def _many(count: int) -> Iterator[tuple[Cell, ...]]:
    for number in range(count):
        yield (f"Unit {number} of Maple Court", number, date(2026, 2, 28), _AT, number, None)


@pytest.mark.parametrize("wanted", FileFormat)
def test_a_long_table_is_never_in_memory_as_a_whole(wanted):
    count = 6_000
    tracemalloc.start()
    try:
        response = sheet_response(
            Sheet("Charges", (), _COLUMNS, _many(count)), wanted, by="ada", at=_AT
        )
        length = sum(len(chunk) for chunk in response)
        response.close()
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert length > 20 * count if wanted is FileFormat.XLSX else 60 * count
    assert most < 2_500_000


def test_nothing_is_left_behind_when_a_row_cannot_be_written(monkeypatch, tmp_path: Path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(WrongCell):
        _xlsx(_sheet(_ROW, ("101", "ten dollars", None, None, None, None)))
    _xlsx(_sheet(_ROW))
    assert not list(tmp_path.iterdir())
