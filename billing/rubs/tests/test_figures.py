from __future__ import annotations

from fractions import Fraction

import pytest

from billing.rubs.figures import dollars, dollars_cut, in_sum, percent_equation, plain

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (39_420, "39,420"),
        (0, "0"),
        (Fraction(11, 4), "2.75"),
        (Fraction(-5, 2), f"{MINUS}2.5"),
        (Fraction(223_000, 3), "223,000/3"),
        (Fraction(-1, 3), f"{MINUS}1/3"),
        (Fraction(1, 10**11), "1/100,000,000,000"),
    ],
)
def test_a_number_is_printed_in_full(number: Fraction | int, text: str) -> None:
    assert plain(number) == text


def test_a_number_that_does_not_end_stands_in_parentheses_in_a_sum() -> None:
    assert [in_sum(number) for number in (Fraction(5, 2), Fraction(223, 3))] == ["2.5", "(223/3)"]


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (566_161, "$5,661.61"),
        (Fraction(566_161, 10), "$566.161"),
        (-5, f"{MINUS}$0.05"),
        (0, "$0.00"),
        (Fraction(100, 3), "$1/3"),
    ],
)
def test_dollars_are_printed_in_full(cents: Fraction | int, text: str) -> None:
    assert dollars(cents) == text


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (Fraction(200, 3), "$0.6666…"),
        (Fraction(-200, 3), f"{MINUS}$0.6666…"),
        (Fraction(7, 2), "$0.035"),
        (Fraction(1, 1000), "$0.0000…"),
        (300, "$3.00"),
    ],
)
def test_a_cut_amount_says_that_there_was_more(cents: Fraction | int, text: str) -> None:
    assert dollars_cut(cents) == text


def test_a_percentage_says_whether_it_is_all() -> None:
    assert percent_equation(Fraction(1, 4)) == "= 25 %"
    assert percent_equation(Fraction(850, 39_420)) == "≈ 2.1563 %"
    assert percent_equation(Fraction(1, 3_000_000)) == "≈ 0.0000 %"
