from __future__ import annotations

import pytest

from portfolios.unit_files.reading import read_unit_file
from portfolios.unit_files.template import HEADINGS, guard, write_template


def line(unit: str) -> list[str]:
    return ["unit_1", "East", unit, "850", "2", "1.5", "3", "yes", "yes"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-2", "@x", "=HYPERLINK(0)"])
def test_no_text_becomes_a_formula_and_each_comes_back(text):
    assert guard(text) == f"'{text}"
    content = write_template([line(text)])
    assert f",{text}".encode() not in content
    assert read_unit_file(content).rows[0].unit == text


def test_the_template_is_read_back_as_it_was_written():
    content = write_template([line("Señor, 1")])
    assert content.startswith(b"\xef\xbb\xbf")
    read = read_unit_file(content)
    (row,) = read.rows
    assert len(read.columns) == len(HEADINGS)
    assert (row.unit_id, row.building, row.unit) == ("unit_1", "East", "Señor, 1")
    assert row.values == {
        "sqft": "850",
        "bedrooms": "2",
        "bathrooms": "1.5",
        "occupant_count": "3",
        "occupied": "true",
        "billable": "true",
    }
    assert (read.findings, read.ignored, read.notices) == ((), (), ())
