"""Leases laid out over months."""

from __future__ import annotations

import itertools
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from portfolios.lease_lines import MONTHS_SHOWN, Window, lay_out, overlapping, usual_window
from portfolios.models import LeaseStatus
from portfolios.queries import LeaseFacts

TODAY = date(2026, 4, 2)


def lease(
    start: date | None,
    end: date | None,
    status: LeaseStatus = LeaseStatus.ACTIVE,
    *,
    number: int = 1,
    missing: bool = False,
) -> LeaseFacts:
    return LeaseFacts(
        lease_id=number,
        propexo_lease_id=f"lease_{number}",
        propexo_resident_id="",
        resident_name="Zoë Kim",
        start=start,
        end=end,
        occupants=None,
        status=status,
        missing=missing,
    )


def test_the_usual_months_are_eleven_before_this_one_and_a_few_after():
    months = usual_window(TODAY).months

    assert months[0] == date(2025, 5, 1)
    assert months[-1] == date(2026, 8, 1)


def test_a_day_lies_in_its_month():
    window = Window(date(2026, 1, 1))

    assert window.place_of(date(2026, 1, 1)) == 0
    assert window.place_of(date(2026, 2, 15)) == 1.5
    assert window.place_of(date(2025, 12, 1)) == -1


def test_what_reaches_beyond_the_months_is_cut():
    (bar,) = lay_out([lease(date(2020, 1, 1), None)], Window(date(2026, 1, 1)), today=TODAY)

    assert (bar.left, bar.width, bar.lane) == (0, MONTHS_SHOWN, 0)


def test_a_lease_of_other_months_is_not_drawn():
    gone = lease(date(2020, 1, 1), date(2021, 1, 1))

    assert lay_out([gone], Window(date(2026, 1, 1)), today=TODAY) == ()


def test_a_past_lease_without_an_end_is_drawn_until_today():
    past = lease(date(2026, 1, 1), None, LeaseStatus.PAST)

    (bar,) = lay_out([past], Window(date(2026, 1, 1)), today=date(2026, 4, 1))

    assert bar.width == 3


def test_leases_that_follow_one_another_share_a_lane():
    pair = [
        lease(date(2026, 1, 1), date(2026, 2, 1), number=1),
        lease(date(2026, 2, 1), date(2026, 3, 1), number=2),
    ]

    assert [bar.lane for bar in lay_out(pair, Window(date(2026, 1, 1)), today=TODAY)] == [0, 0]
    assert not overlapping(pair, today=TODAY)


def test_leases_that_share_a_day_stand_below_one_another():
    pair = [
        lease(date(2026, 1, 1), date(2026, 2, 2), number=1),
        lease(date(2026, 2, 1), date(2026, 3, 1), number=2),
    ]

    assert [bar.lane for bar in lay_out(pair, Window(date(2026, 1, 1)), today=TODAY)] == [0, 1]
    assert overlapping(pair, today=TODAY)


def test_what_the_pms_no_longer_shows_overlaps_nothing():
    pair = [
        lease(date(2026, 1, 1), None, number=1),
        lease(date(2026, 1, 1), None, number=2, missing=True),
    ]

    assert not overlapping(pair, today=TODAY)


DAYS = st.dates(date(2024, 1, 1), date(2028, 1, 1))


@given(st.lists(st.tuples(DAYS, DAYS).filter(lambda pair: pair[0] < pair[1]), max_size=8))
def test_bars_of_a_lane_never_cover_one_another_and_stay_in_the_window(periods):
    leases = [lease(start, end, number=number) for number, (start, end) in enumerate(periods)]

    bars = lay_out(leases, usual_window(TODAY), today=TODAY)

    for bar in bars:
        assert bar.left >= 0
        assert bar.width > 0
        assert bar.left + bar.width <= MONTHS_SHOWN
    for lane in {bar.lane for bar in bars}:
        ends = [(bar.left, bar.left + bar.width) for bar in bars if bar.lane == lane]
        ends.sort()
        for (_, end), (start, _) in itertools.pairwise(ends):
            assert end <= start + 1e-9
