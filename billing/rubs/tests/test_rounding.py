from __future__ import annotations

import pytest

from billing.rubs.rounding import largest_remainder, strict_floor


def test_it_gives_the_cents_left_over_to_the_largest_remainders() -> None:
    assert largest_remainder(10_000, [1, 1, 1]) == [3334, 3333, 3333]
    assert largest_remainder(10_000, [1000, 500]) == [6667, 3333]


def test_it_breaks_a_tie_by_position() -> None:
    # Three and a half, and one and a half cents: rounding both makes 6, cutting both makes 4.
    assert largest_remainder(5, [30, 70]) == [2, 3]
    assert largest_remainder(5, [70, 30]) == [4, 1]


def test_it_does_not_overrun_where_rounding_each_share_would() -> None:
    weights = [34_567_889, 46_059_973, 30_483_248]
    assert largest_remainder(98_765_432, weights) == [30_727_013, 40_942_198, 27_096_221]


def test_it_shares_a_thousand_dollars_over_twelve() -> None:
    assert largest_remainder(100_000, [1] * 12) == [8334] * 4 + [8333] * 8


def test_a_strict_floor_leaves_the_rest_undivided() -> None:
    assert strict_floor(100_000, [1] * 12) == [8333] * 12


def test_a_credit_mirrors_a_charge() -> None:
    assert largest_remainder(-10_000, [1, 1, 1]) == [-3334, -3333, -3333]
    assert strict_floor(-100_000, [1] * 12) == [-8333] * 12


def test_a_weight_of_nothing_gets_nothing() -> None:
    assert largest_remainder(7, [0, 1, 0, 1]) == [0, 4, 0, 3]


def test_an_amount_of_nothing_is_shared_as_nothing() -> None:
    assert largest_remainder(0, [1, 2]) == [0, 0]


@pytest.mark.parametrize("weights", [[], [0, 0], [3, -1]])
def test_it_refuses_weights_that_nothing_can_be_divided_by(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        largest_remainder(100, weights)
