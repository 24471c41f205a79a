"""When a charge is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.posting.timetable import LONGEST_WAIT, MOST_TRIES, is_spent, next_gap


@given(tries=st.integers(0, 1_000))
def test_the_wait_grows_up_to_a_quarter_of_an_hour(tries: int):
    gap = next_gap(tries=tries, told=None)

    assert 0 <= gap.total_seconds() <= min(15 * 60, 5 * 2**tries)


def test_the_wait_differs_from_worker_to_worker():
    assert len({next_gap(tries=5, told=None) for _ in range(10)}) > 1


def test_it_waits_exactly_as_told():
    assert next_gap(tries=3, told=timedelta(seconds=42)) == timedelta(seconds=42)


@pytest.mark.parametrize(
    ("tries", "age", "spent"),
    [
        (MOST_TRIES - 1, LONGEST_WAIT, False),
        (MOST_TRIES, timedelta(0), True),
        (1, LONGEST_WAIT + timedelta(seconds=1), True),
    ],
)
def test_it_stops_after_so_many_tries_or_so_long(now, tries: int, age: timedelta, spent):
    assert is_spent(tries=tries, created_at=now - age, now=now) is spent
