"""Half-open periods."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbase.lib.periods import EmptyPeriod, Period

DAYS = st.dates(date(2026, 1, 1), date(2026, 3, 1))
MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    """Draw a period of a few weeks."""
    start = draw(DAYS)
    return Period(start, start + timedelta(days=draw(st.integers(1, 40))))


def days_in(start: date, end: date) -> set[date]:
    """List the days of [start, end)."""
    return {start + timedelta(days=n) for n in range((end - start).days)}


def test_the_end_day_does_not_belong_to_it():
    assert MARCH.days == 31
    assert Period(date(2026, 3, 1), date(2026, 3, 2)).days == 1


@pytest.mark.parametrize("end", [date(2026, 3, 1), date(2026, 2, 28)])
def test_it_refuses_to_be_empty(end: date):
    with pytest.raises(EmptyPeriod):
        Period(date(2026, 3, 1), end)


def test_it_cannot_be_changed():
    with pytest.raises(AttributeError):
        MARCH.end = date(2026, 5, 1)  # type: ignore[misc]


def test_neighbours_do_not_overlap():
    april = Period(date(2026, 4, 1), date(2026, 5, 1))

    assert not MARCH.overlaps(april)
    assert not april.overlaps(MARCH)


@given(one=periods(), other=periods())
def test_two_overlap_when_they_share_a_day(one: Period, other: Period):
    shared = days_in(one.start, one.end) & days_in(other.start, other.end)

    assert one.overlaps(other) == other.overlaps(one) == bool(shared)


@given(period=periods(), start=st.none() | DAYS, end=st.none() | DAYS)
def test_the_overlap_holds_the_shared_days(period: Period, start: date | None, end: date | None):
    shared = {
        day
        for day in days_in(period.start, period.end)
        if (start is None or day >= start) and (end is None or day < end)
    }

    found = period.overlap(start, end)

    assert (days_in(found.start, found.end) if found else set()) == shared


def test_periods_sort_by_their_start():
    assert sorted([MARCH, Period(date(2026, 1, 1), date(2026, 6, 1))])[1] == MARCH


def test_what_the_others_have_is_taken_out():
    march = Period(date(2026, 3, 1), date(2026, 4, 1))

    assert march.without([]) == (march,)
    assert march.without([march]) == ()
    assert march.without(
        [
            Period(date(2026, 3, 20), date(2026, 3, 25)),
            Period(date(2026, 2, 1), date(2026, 3, 5)),
            Period(date(2026, 3, 24), date(2026, 3, 26)),
            Period(date(2026, 5, 1), date(2026, 5, 2)),
        ]
    ) == (
        Period(date(2026, 3, 5), date(2026, 3, 20)),
        Period(date(2026, 3, 26), date(2026, 4, 1)),
    )
