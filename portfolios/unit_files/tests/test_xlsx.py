from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
import xlsxwriter

from portfolios.unit_files import xlsx
from portfolios.unit_files.reading import read_unit_file
from portfolios.unit_files.sheets import UnreadableFile
from portfolios.unit_files.tests.making import stated, swollen, xlsx_file
from portfolios.unit_files.xlsx import read_xlsx

SHEET = "xl/worksheets/sheet1.xml"


def test_numbers_come_as_people_wrote_them():
    rows: list[list[object]] = [["Unit", "Sq Ft", "Beds", "Baths", "Occupied"]]
    rows += [[101, 850, 2, 1.5, True], ["0102", 1050.0, 0, 2.25, False]]
    assert stated(read_unit_file(xlsx_file(rows))) == {
        "101": {"sqft": "850", "bedrooms": "2", "bathrooms": "1.5", "occupied": "true"},
        "0102": {"sqft": "1050", "bedrooms": "0", "bathrooms": "2.25", "occupied": "false"},
    }


def test_rows_and_columns_are_counted_as_the_spreadsheet_does():
    rows = [[], ["", "Maplewood"], ["", "Unit", "Sq Ft"], ["", "101", "big"]]
    (finding,) = read_unit_file(xlsx_file(rows)).findings
    assert (finding.row, finding.column) == (4, "C, Sq Ft")


def test_the_sheet_with_the_units_is_found_and_hidden_ones_are_not_read():
    content = BytesIO()
    with xlsxwriter.Workbook(content) as workbook:
        workbook.add_worksheet("About").write(0, 0, "Rent roll")
        hidden = workbook.add_worksheet("Old")
        shown = workbook.add_worksheet("Now")
        for sheet, area in ((hidden, 1), (shown, 850)):
            sheet.write_row(0, 0, ["Unit", "Sq Ft"])
            sheet.write_row(1, 0, ["101", area])
        hidden.hide()
    read = read_unit_file(content.getvalue())
    assert stated(read) == {"101": {"sqft": "850"}}
    assert read.notices == ("The sheet “Now” was read.",)


def test_a_number_that_became_a_date_is_shown_as_such():
    content = BytesIO()
    with xlsxwriter.Workbook(content) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["Unit", "Sq Ft"])
        as_day = workbook.add_format({"num_format": "d-mmm"})
        sheet.write_datetime(1, 0, date(2026, 4, 3), as_day)
        sheet.write(1, 1, 850)
    assert list(stated(read_unit_file(content.getvalue()))) == ["2026-04-03"]


def test_a_last_cell_far_away_does_not_bring_the_server_down():
    content = BytesIO()
    with xlsxwriter.Workbook(content) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["Unit", "Sq Ft"])
        sheet.write(1_048_575, 16_383, "x")
    with pytest.raises(UnreadableFile):
        read_unit_file(content.getvalue())


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([["Unit", "Sq Ft"], *[["1", 2]] * 20_000], "“Units” has more than 20,000 rows"),
        ([["Unit", "Sq Ft", *["x"] * 200]], "“Units” has more than 200 columns"),
    ],
)
def test_a_sheet_that_is_too_large_is_refused(rows, sentence):
    with pytest.raises(UnreadableFile) as refusal:
        read_unit_file(xlsx_file(rows))
    assert sentence in str(refusal.value)


def test_an_archive_that_says_it_unpacks_to_too_much_is_not_opened(monkeypatch):
    bomb = swollen(xlsx_file([["Unit"]]), part=SHEET, size=xlsx.LARGEST_UNPACKED + 1)
    assert len(bomb) < 1_000_000
    monkeypatch.setattr(xlsx, "_run", lambda _content: pytest.fail("it was opened"))
    with pytest.raises(UnreadableFile, match="would unpack to more than 100 MB"):
        read_unit_file(bomb)


def test_an_archive_that_lies_about_its_size_is_refused_all_the_same():
    content = xlsx_file([["Unit", "Sq Ft"], ["101", 850]])
    with pytest.raises(UnreadableFile, match="not an XLSX workbook that can be read"):
        read_unit_file(swollen(content, part=SHEET, size=150_000_000, said=1_000))


def test_a_long_text_that_many_cells_share_is_cut():
    rows: list[list[object]] = [["Unit", "Sq Ft", "Notes"]]
    rows += [[f"{number}", 850, "é" * 30_000] for number in range(500)]
    content = xlsx_file(rows)
    assert len(content) < 50_000
    (sheet,) = read_xlsx(content).sheets
    assert sheet.rows[1] == ("0", "850", "é" * 300 + "…")
    assert sum(len(cell) for row in sheet.rows for cell in row) < 200_000


def test_a_number_with_something_far_behind_it_is_not_taken():
    content = xlsx_file([["Unit", "Sq Ft", "Beds"], ["101", "850" + " " * 1_000 + "or 900", 2]])
    read = read_unit_file(content)
    assert stated(read) == {"101": {"bedrooms": "2"}}
    assert [finding.column for finding in read.findings] == ["B, Sq Ft"]


def test_a_workbook_with_more_text_than_any_list_of_units_is_refused(monkeypatch):
    content = xlsx_file([["Unit", "Sq Ft"], *[["x" * 300, 850]] * 20])
    monkeypatch.setattr(xlsx, "_MOST_TEXT", 6_000)
    with pytest.raises(UnreadableFile, match="The file holds more than"):
        read_unit_file(content)


def test_no_more_is_taken_from_the_reading_than_it_may_give(monkeypatch, tmp_path):
    endless = tmp_path / "endless.py"
    endless.write_text("print('[]\\n' * 1_000_000)")
    monkeypatch.setattr(xlsx, "_CHILD", endless)
    monkeypatch.setattr(xlsx, "_MOST_TEXT", 6_000)
    with pytest.raises(UnreadableFile, match="The file holds more than"):
        read_xlsx(xlsx_file([["Unit", "Sq Ft"]]))


@pytest.mark.parametrize(
    "content", [b"PK", b"PK\x03\x04 and nothing more", b"PK\x05\x06" + b"\0" * 18]
)
def test_a_damaged_workbook_is_refused(content):
    with pytest.raises(UnreadableFile, match="not an XLSX workbook that can be read"):
        read_unit_file(content)
