from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest

from portfolios.unit_files.findings import Weight
from portfolios.unit_files.limits import LARGEST_BYTES
from portfolios.unit_files.reading import read_unit_file
from portfolios.unit_files.sheets import UnreadableFile
from portfolios.unit_files.tests.making import csv_file, read_lines, said, stated


def test_headings_are_found_by_what_people_call_them():
    read = read_lines(
        "Apt #,Sq. Ft.,# of Beds,Full Baths,Half Baths,No. of Occupants,Rent",
        '12,"1,050 SF",Studio,1,1,2,"$1,200"',
    )
    values = {"sqft": "1050", "bedrooms": "0", "bathrooms": "1.5", "occupant_count": "2"}
    assert stated(read) == {"12": values}
    assert read.columns[:2] == ("A, Apt #", "B, Sq. Ft.")
    assert read.ignored == ("G, Rent",)
    assert read.rows[0].cells["Sq. Ft."] == "1,050 SF"
    assert "Rent" not in read.rows[0].cells


def test_titles_blank_rows_page_heads_and_totals_are_not_units():
    read = read_lines(
        "Maplewood Court",
        "As of 1 March 2026",
        "",
        "Unit,Sq Ft",
        "101,800",
        "",
        "Unit,Sq Ft",
        "102,900",
        "Total,1700",
        "Grand Total 2 Units,1700",
        "Legend: all areas in square feet,",
    )
    assert stated(read) == {"101": {"sqft": "800"}, "102": {"sqft": "900"}}
    assert [row.number for row in read.rows] == [5, 8]
    assert read.findings == ()
    assert read.notices == (
        "The headings are in row 4; what stands above them was passed over.",
        "Rows 9, 10: totals, not units; nothing is taken from there.",
        "Row 11: without a value that is known; nothing is taken from there.",
    )


def test_a_total_that_differs_from_its_rows_is_named():
    read = read_lines("Unit,Sq Ft", "101,800", "102,", "Total,1700")
    (finding,) = read.findings
    assert (finding.row, finding.column) == (4, "B, Sq Ft")
    assert finding.message == ("The total says 1,700 square feet; the rows above it add up to 800.")


def test_a_subtotal_counts_the_rows_since_the_last_one():
    lines = ["101,800", "Total Bldg A,800", "201,900", "Total Bldg B,900", "Grand Total,1700"]
    assert read_lines("Unit,Sq Ft", *lines).findings == ()


def test_every_problem_is_named_by_row_and_column():
    read = read_lines("Unit,Sq Ft,Beds", "101,big,2", ",900,1", "102,20000,1")
    assert said(read.findings) == [
        (2, "B, Sq Ft", "“big” is not a whole number of square feet from 1 to 100,000."),
        (3, "", "The row names no unit."),
        (4, "B, Sq Ft", "20,000 square feet is outside 100 to 10,000."),
    ]
    assert stated(read) == {"101": {"bedrooms": "2"}, "102": {"sqft": "20000", "bedrooms": "1"}}
    assert [row.odd for row in read.rows] == [(), ("sqft",)]


def test_bedrooms_and_bathrooms_in_one_column_are_taken_apart():
    read = read_lines("Unit,BD/BA", "101,2/1.50", "102,Studio / 1", "103,--/--", "104,3", "105,2/-")
    assert stated(read) == {
        "101": {"bedrooms": "2", "bathrooms": "1.5"},
        "102": {"bedrooms": "0", "bathrooms": "1"},
        "104": {},
        "105": {"bedrooms": "2"},
    }
    assert said(read.findings)[0][2] == "“3” is not bedrooms / bathrooms, such as 2/1.5."


def test_half_bathrooms_that_do_not_add_up_are_left_out():
    read = read_lines("Unit,Full Baths,Half Baths", "101,,1", "102,1,x", "103,1,", "104,1,2")
    assert stated(read) == {
        "101": {},
        "102": {},
        "103": {"bathrooms": "1"},
        "104": {"bathrooms": "2"},
    }
    assert [finding.weight for finding in read.findings] == [Weight.LEFT_OUT, Weight.LEFT_OUT]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_usual_delimiter_will_do(delimiter):
    lines = (delimiter.join(line) for line in (("Unit", "Sq Ft"), ("#4", "850")))
    assert stated(read_lines(*lines)) == {"#4": {"sqft": "850"}}


def test_commas_inside_of_numbers_do_not_hide_the_real_delimiter():
    read = read_lines("Unit;Sq Ft;Note", "101;1,050;a, b, c", "102;1,060;d, e, f")
    assert stated(read)["102"] == {"sqft": "1060"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_letters_with_accents_come_through(encoding):
    read = read_unit_file(csv_file("Unit\tSq Ft", "Señor 1\t850", encoding=encoding))
    assert (read.rows[0].unit, read.notices) == ("Señor 1", ())


def test_windows_text_is_read_with_a_notice():
    read = read_unit_file(csv_file("Unit,Sq Ft", "Señor – 1,850", encoding="cp1252"))
    assert read.rows[0].unit == "Señor – 1"
    assert "Windows" in read.notices[0]


def test_the_apostrophe_that_guards_against_formulas_is_taken_off():
    assert stated(read_lines("Unit,Sq Ft", "'=1+1,850", "'12,900")) == {
        "=1+1": {"sqft": "850"},
        "'12": {"sqft": "900"},
    }


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b" \n ", "The file is empty."),
        (b"\xef\xbb\xbf", "The file is empty."),
        (b"Unit,Sq Ft\n", "Below the headings in row 1 no row names a unit with a value."),
        (b"Unit,Sq Ft\n,\nTotal,5\n", "Below the headings in row 1"),
        (b"Unit,Rent\n101,5\n", "No row near the top has headings"),
        (b"Beds,Baths\n1,1\n", "No row near the top has headings"),
        (b"just words", "No row near the top has headings"),
        (b"Unit,Sq Ft,Area\n1,2,3\n", "The columns B, Sq Ft and C, Area say the same thing"),
        (b"Unit,BD/BA,Beds\n1,2/1,3\n", "The columns B, BD/BA and C, Beds say the same thing"),
        (b'Unit,Sq Ft\n"101,850\n102,900\n', "A quotation mark near line"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...", "old kind"),
        (b"%PDF-1.7\x00\x01\x81", "neither a CSV file"),
        (b"a,b\x00c", "neither a CSV file nor an XLSX workbook."),
        (b"\xff\xfea", "begins as UTF-16"),
        (b"x" * (LARGEST_BYTES + 1), "The file is larger than 5 MB"),
        (b"Unit,Sq Ft\n" + b"1,2\n" * 20_000, "more than 20,000 rows"),
        (b"Unit,Sq Ft" + b",x" * 200, "more than 200 columns"),
    ],
)
def test_a_file_that_is_no_list_of_units_is_refused_with_the_reason(content, sentence):
    with pytest.raises(UnreadableFile) as refusal:
        read_unit_file(content)
    assert sentence in str(refusal.value)


LISTINGS = Path(os.environ.get("REAL_DATA_DIR", "")) / "uci_apartments_for_rent_10k.csv"


@pytest.mark.skipif(not LISTINGS.exists(), reason="REAL_DATA_DIR holds no such listings")
def test_ten_thousand_real_listings_are_read_and_null_never_becomes_0():
    content = LISTINGS.read_bytes()
    read = read_unit_file(content.replace(b'"id"', b'"unit"', 1))
    listed = list(csv.DictReader(io.StringIO(content.decode())))
    assert len(listed) == 10_000
    found = {row.number: row for row in read.rows}
    for number, line in enumerate(listed, start=2):
        for theirs, ours in (("bedrooms",) * 2, ("bathrooms",) * 2, ("square_feet", "sqft")):
            value = found[number].values.get(ours)
            assert (value is None) == (line[theirs] == "null"), line
            assert value is None or float(value) == float(line[theirs])
    assert sum("bathrooms" not in row.values for row in read.rows) > 0
    assert any("sqft" in row.odd for row in read.rows)
