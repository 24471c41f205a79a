from __future__ import annotations

from random import Random

import pytest

from billing.rubs.selection import nth_largest


@pytest.mark.parametrize("spread", [1, 3, 500, 10**18])
@pytest.mark.parametrize("count", [1, 7, 1_999, 5_000])
def test_it_finds_what_sorting_would_find(spread: int, count: int) -> None:
    random = Random(count)
    values = [random.randrange(spread) for _ in range(count)]
    in_order = sorted(values, reverse=True)
    for rank in {1, 2, count // 3, count // 2, count - 1, count} & set(range(1, count + 1)):
        assert nth_largest(values, rank) == in_order[rank - 1]


def test_it_is_not_misled_by_a_pattern_in_the_numbers() -> None:
    values = [0 if place % 61 else 10**6 + place for place in range(6_100)]
    in_order = sorted(values, reverse=True)
    for rank in (1, 50, 100, 101, 3_000):
        assert nth_largest(values, rank) == in_order[rank - 1]
