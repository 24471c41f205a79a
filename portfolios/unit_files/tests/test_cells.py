from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolios.unit_files.cells import CellValue, is_null, read_cell
from portfolios.unit_files.findings import Weight

FIELDS = ["sqft", "bedrooms", "bathrooms", "occupant_count", "occupied", "billable"]


@pytest.mark.parametrize(
    ("field", "text", "stored"),
    [
        ("sqft", "1,050", "1050"),
        ("sqft", "1,050 SF", "1050"),
        ("sqft", "1050.00", "1050"),
        ("sqft", "1 050", None),
        ("sqft", "850 sq. ft.", "850"),
        ("sqft", "850ft²", "850"),
        ("sqft", "\xa0850\xa0", "850"),
        ("bedrooms", "Studio", "0"),
        ("bedrooms", "STU", "0"),
        ("bedrooms", "2BR", "2"),
        ("bedrooms", "1.5", "1.5"),
        ("bedrooms", "3 beds", "3"),
        ("bathrooms", "2.00", "2"),
        ("bathrooms", "1.5 Baths", "1.5"),
        ("occupant_count", "4 people", "4"),
        ("occupant_count", "0", "0"),
        ("occupied", "Yes", "true"),
        ("occupied", "vacant", "false"),
        ("billable", "n", "false"),
    ],
)
def test_a_value_is_read_however_it_is_written(field, text, stored):
    assert read_cell(field, text).text == stored


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("text", ["", " ", "-", "--", "—", "--/--", "null", "N/A", "None", "?"])
def test_what_says_nothing_is_unknown_and_never_0(field, text):
    assert read_cell(field, text) == CellValue()


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("sqft", "0", "0 square feet is taken as not known"),
        ("sqft", "big", "“big” is not a whole number of square feet from 1 to 100,000."),
        ("sqft", "850.5", "is not a whole number"),
        ("sqft", "100001", "is not a whole number"),
        ("sqft", "1.050,00", "is not a whole number"),
        ("sqft", "(45)", "is not a whole number"),
        ("sqft", "1e3", "is not a whole number"),
        ("bedrooms", "1.25", "is not a number of bedrooms"),
        ("bedrooms", "-1", "is not a number of bedrooms"),
        ("bathrooms", "1/1.00", "is not a number of bathrooms"),
        ("bathrooms", "1.1", "is not a number of bathrooms"),
        ("occupant_count", "31", "is not a whole number of people"),
        ("occupied", "90.27%", "is neither yes nor no"),
    ],
)
def test_what_cannot_be_read_is_left_out_with_a_sentence(field, text, sentence):
    read = read_cell(field, text)
    assert (read.text, read.weight) == (None, Weight.LEFT_OUT)
    assert sentence in read.remark


@pytest.mark.parametrize(
    ("field", "text", "stored"),
    [
        ("sqft", "99", "99"),
        ("sqft", "40,000", "40000"),
        ("bedrooms", "9", "9"),
        ("bathrooms", "0", "0"),
        ("bathrooms", "8.5", "8.5"),
        ("occupant_count", "13", "13"),
    ],
)
def test_what_is_hard_to_believe_is_read_and_stands_out(field, text, stored):
    read = read_cell(field, text)
    assert (read.text, read.weight) == (stored, Weight.STANDS_OUT)
    assert read.remark.endswith(".")


@given(st.sampled_from(FIELDS), st.text(max_size=20))
def test_no_text_is_too_odd_to_be_read(field, text):
    read = read_cell(field, text)
    assert read.text is None or not is_null(text)
    assert read.text is not None or read.remark or is_null(text)
