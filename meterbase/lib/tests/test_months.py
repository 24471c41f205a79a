from __future__ import annotations

from datetime import date

import pytest

from meterbase.lib.months import Months, NotAMonth, first_of_month, months_up_to, read_month


def test_it_counts_back_over_the_year():
    months = months_up_to(date(2026, 2, 28), 4)
    assert list(months) == [
        date(2025, 11, 1),
        date(2025, 12, 1),
        date(2026, 1, 1),
        date(2026, 2, 1),
    ]
    assert len(months) == 4
    assert months.end == date(2026, 3, 1)
    assert months.words == "November 2025 to February 2026"


def test_one_month_has_one_name():
    march = Months(date(2026, 3, 1), date(2026, 3, 1))
    assert march.words == "March 2026"
    assert march.end == date(2026, 4, 1)
    assert first_of_month(date(2026, 3, 31)) == march.first


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 3, 2), date(2026, 4, 1)),
        (date(2026, 3, 1), date(2026, 4, 2)),
        (date(2026, 4, 1), date(2026, 3, 1)),
    ],
)
def test_it_refuses_what_are_no_months_in_a_row(first, last):
    with pytest.raises(ValueError, match="not months in a row"):
        Months(first, last)


def test_it_reads_a_month():
    assert read_month("2026-03") == date(2026, 3, 1)


@pytest.mark.parametrize(
    "text",
    ["", "2026", "2026-13", "2026-00", "0000-01", "2026-3", "٢٠٢٦-٠٣", "2026-03-01", "-2026-3"],
)
def test_it_refuses_what_is_no_month(text):
    with pytest.raises(NotAMonth):
        read_month(text)
