"""Cents inside, dollars at the edges, and nothing lost between the two."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbase.lib.money import (
    LARGEST,
    NotAnAmount,
    cents_from_dollars,
    dollars_from_cents,
    format_dollars,
)

AMOUNTS = st.integers(-LARGEST, LARGEST)


@given(cents=AMOUNTS)
def test_dollars_and_cents_turn_into_each_other_without_loss(cents: int):
    dollars = dollars_from_cents(cents)

    assert dollars.as_tuple().exponent == -2
    assert cents_from_dollars(dollars) == cents_from_dollars(str(dollars)) == cents


@pytest.mark.parametrize(
    ("dollars", "cents"),
    [
        ("12.34", 1234),
        ("12.3", 1230),
        ("-0.05", -5),
        ("1e3", 100_000),
        (7, 700),
        (Decimal("0.10"), 10),
        (Decimal("1.2300"), 123),
        ("100000000000", LARGEST),
    ],
)
def test_it_reads_dollars(dollars: Decimal | int | str, cents: int):
    assert cents_from_dollars(dollars) == cents


@pytest.mark.parametrize(
    "text", ["", "abc", "1,5", "$5", "NaN", "sNaN", "Infinity", "-inf", "12.345", "1e-3"]
)
def test_it_refuses_what_is_no_amount(text: str):
    with pytest.raises(NotAnAmount):
        cents_from_dollars(text)


@pytest.mark.parametrize("text", ["100000000000.01", "1e99", "-1e999999", "1e-999999"])
def test_it_refuses_amounts_beyond_all_sense_without_computing_them(text: str):
    with pytest.raises(NotAnAmount):
        cents_from_dollars(text)


def test_it_names_what_it_refuses():
    with pytest.raises(NotAnAmount, match=r"12\.345 has more than two decimals"):
        cents_from_dollars("12.345")


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "$0.00"),
        (5, "$0.05"),
        (-5, "\N{MINUS SIGN}$0.05"),
        (123_450, "$1,234.50"),
        (-100_000_000, "\N{MINUS SIGN}$1,000,000.00"),
        (LARGEST, "$100,000,000,000.00"),
    ],
)
def test_it_writes_dollars_as_people_read_them(cents: int, text: str):
    assert format_dollars(cents) == text
