from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.pms.timetable import (
    MINUTE,
    SECOND,
    Plan,
    Taken,
    TooEarly,
    Turns,
    most_at_once,
    next_turns,
    plan_for,
)

LIMITS = st.one_of(st.integers(1, 400), st.sampled_from([1_000, 9_999, 10_400, 1_000_000]))


def a_plan(limit: int = 150, *, slows_down: bool = False, posting_percent: int = 25) -> Plan:
    return plan_for(limit=limit, slows_down=slows_down, posting_percent=posting_percent)


def departures(
    plan: Plan,
    *,
    seconds: float,
    callers: int = 1,
    busy_for: int = 0,
    reading: bool = True,
    yields: bool = False,
    seed: int = 0,
) -> list[int]:
    """Let callers send as fast as they may, each busy for a while with every answer."""
    chance = random.Random(seed)
    taken, left = Taken(0), []
    free_at = [chance.randrange(SECOND) for _ in range(callers)]
    while min(free_at) < seconds * SECOND:
        caller = free_at.index(min(free_at))
        found = next_turns(taken, now=free_at[caller], plan=plan, reading=reading, yields=yields)
        if isinstance(found, TooEarly):
            free_at[caller] = found.until
            continue
        taken = found.taken
        left.append(free_at[caller])
        free_at[caller] += 1 + round(busy_for * chance.uniform(0.5, 1.5))
    return left


def most_in_any_minute(moments: list[int]) -> int:
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= MINUTE:
            first += 1
        most = max(most, last - first + 1)
    return most


@given(limit=LIMITS, slows_down=st.booleans(), data=st.data())
def test_a_turn_is_open_from_its_moment_on(limit: int, slows_down: bool, data: st.DataObject):
    table = a_plan(limit, slows_down=slows_down).everybody
    turn = data.draw(st.integers(0, table.turns - 1))
    opens = table.opens(turn)
    assert 0 <= opens < table.closes <= MINUTE
    assert table.opened(opens) >= turn + 1
    assert opens == 0 or table.opened(opens - 1) <= turn


@pytest.mark.parametrize("slows_down", [False, True])
@pytest.mark.parametrize("limit", [1, 5, 19, 20, 34, 60, 150, 300, 1_000])
def test_every_minute_is_used_well_and_never_passed(limit: int, slows_down: bool):
    left = departures(a_plan(limit, slows_down=slows_down), seconds=240, callers=3)
    counts = [sum(moment // MINUTE == minute for moment in left) for minute in range(1, 4)]
    assert max(counts) <= limit
    assert min(counts) >= 0.95 * limit


@given(
    limit=st.integers(20, 300),
    callers=st.integers(1, 6),
    busy_for=st.integers(0, 8 * SECOND),
    slows_down=st.booleans(),
    seed=st.integers(0, 1_000),
)
def test_no_sixty_seconds_pass_the_limit_wherever_the_servers_minute_begins(
    limit: int, callers: int, busy_for: int, slows_down: bool, seed: int
):
    plan = a_plan(limit, slows_down=slows_down)
    left = departures(plan, seconds=150, callers=callers, busy_for=busy_for, seed=seed)
    assert most_in_any_minute(left) <= limit


def test_requests_are_spread_evenly():
    left = departures(a_plan(150), seconds=59)
    gaps = [later - earlier for earlier, later in pairwise(left[10:])]
    assert max(gaps) - min(gaps) <= 2
    assert gaps[0] == pytest.approx(MINUTE / 147, rel=0.01)


def test_a_caller_that_was_away_catches_up_a_little_only():
    plan = a_plan(150)
    found = next_turns(
        Taken(7), now=7 * MINUTE + 30 * SECOND, plan=plan, reading=True, yields=False
    )
    assert isinstance(found, Turns)
    open_by_now = plan.everybody.opened(30 * SECOND)
    assert open_by_now - found.first == plan.catch_up + 1 == 4


def test_one_caller_uses_a_limit_that_slows_down():
    plan = a_plan(150, slows_down=True)
    now, taken, count = MINUTE, Taken(1), 0
    while now < 2 * MINUTE:
        found = next_turns(taken, now=now, plan=plan, reading=True, yields=False)
        if isinstance(found, TooEarly):
            now = found.until
            continue
        taken = found.taken
        count += 1
        now += SECOND // 20 + (2 * SECOND if count > 120 else 0)
    assert count >= 0.95 * 150


def test_reads_leave_charges_their_part_while_charges_are_posted():
    reads = departures(a_plan(200, posting_percent=25), seconds=60, yields=True)
    assert 140 <= len(reads) <= 146
    taken = Taken(0)
    posted = 0
    for moment in range(0, MINUTE, SECOND // 20):
        for reading in (True, False):
            found = next_turns(taken, now=moment, plan=a_plan(200), reading=reading, yields=True)
            if isinstance(found, Turns):
                taken = found.taken
                posted += not reading
    assert posted >= 45


def test_charges_may_use_everything_that_reads_leave():
    assert len(departures(a_plan(200), seconds=60, reading=False, yields=True)) >= 190


def test_turns_are_given_out_together_only_where_there_are_many():
    assert most_at_once(limit=150) == 1
    assert most_at_once(limit=1_000_000) > 4_000
    plan = a_plan(1_000_000)
    found = next_turns(
        Taken(3), now=3 * MINUTE + SECOND, plan=plan, reading=True, yields=False, at_most=64
    )
    assert isinstance(found, Turns)
    assert found.count == 64
    assert found.taken.turns == found.first + 64


def test_a_host_whose_clock_is_behind_waits_for_the_minute_that_is_shared():
    plan = a_plan()
    found = next_turns(Taken(8, 3), now=8 * MINUTE - SECOND, plan=plan, reading=True, yields=False)
    assert found == TooEarly(8 * MINUTE + plan.everybody.begins)


def test_a_clock_that_was_far_ahead_stops_nobody():
    found = next_turns(Taken(500, 3), now=8 * MINUTE, plan=a_plan(), reading=True, yields=False)
    assert isinstance(found, TooEarly)
    assert found.until < 8 * MINUTE + SECOND
