from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction

from integrations.models import RateBudget
from integrations.pms.errors import Throttled
from integrations.pms.pacing import NotYet
from integrations.pms.records import RateLimit
from integrations.pms.timetable import MINUTE, SECOND
from integrations.rate_limit import DatabasePacer, pacer_for, waiting
from integrations.shared_budget import SharedBudget, moment_of

START = 29_000_000 * MINUTE

pytestmark = pytest.mark.django_db


class Time:
    """A clock that only sleeping moves."""

    def __init__(self, now: int = START) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.now += round(seconds * SECOND)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pacer(time: Time) -> Callable[..., DatabasePacer]:
    def make(contract: str | None = "unified", key: str = "one", at: Time = time) -> DatabasePacer:
        budget = SharedBudget(base_url="https://api.propexo.com", key_digest=key)
        return DatabasePacer(budget, contract=contract, clock=at, sleep=at.sleep)

    return make


def stated(limit: int, used: int, *, now: int) -> RateLimit:
    """Write what a server says that counts by the minute of the clock."""
    reset_at = moment_of((now // MINUTE + 1) * MINUTE)
    return RateLimit(limit=limit, remaining=limit - used, reset_at=reset_at)


def send(pacer: DatabasePacer, time: Time, *, until: int, lasts: int = 1) -> list[int]:
    """Read as fast as the pacer lets; give the moments at which requests left."""
    left = []
    while time.now < until:
        pacer.wait(purpose="read")
        left.append(time.now)
        time.now += lasts
    return [moment for moment in left if moment < until]


@pytest.mark.parametrize(("contract", "limit"), [("unified", 1000), ("v1", 150), (None, 150)])
def test_it_starts_from_the_documented_limit(contract: str | None, limit: int, pacer, time: Time):
    left = send(pacer(contract), time, until=START + MINUTE)
    assert 0.95 * limit <= len(left) <= limit


def test_it_learns_the_limit_from_the_first_answer_and_tells_everybody(pacer, time: Time):
    first, second = pacer(), pacer()
    first.wait(purpose="read")
    first.saw(rate_limit=stated(60, 1, now=time.now), throttled_for=None)
    assert RateBudget.objects.get().limit == 60
    assert 57 <= 1 + len(send(second, time, until=START + MINUTE)) <= 60


def test_a_setting_lowers_the_limit_and_never_raises_it(settings, pacer, time: Time):
    settings.PROPEXO_RATE_LIMIT = 40
    here = pacer()
    assert 38 <= len(send(here, time, until=START + MINUTE)) <= 40
    here.saw(rate_limit=stated(20, 0, now=time.now), throttled_for=None)
    # The last of the loop above left at the beginning of this minute.
    assert 18 <= len(send(here, time, until=START + 2 * MINUTE)) <= 19


def test_each_key_and_each_address_has_a_budget_of_its_own(pacer, time: Time):
    pacer(key="one").wait(purpose="read")
    pacer(key="two").wait(purpose="read")
    assert [row.turns_taken for row in RateBudget.objects.order_by("key_digest")] == [1, 1]
    first = pacer_for(base_url="https://a.test/v1/", api_key="k", contract="v1")
    same = pacer_for(base_url="https://a.test", api_key="k", contract="v1")
    assert repr(first) == repr(same)
    assert "'k'" not in repr(vars(first))


def test_after_a_429_everybody_waits_as_told(pacer, time: Time):
    pacer().saw(rate_limit=None, throttled_for=timedelta(seconds=12))
    other = pacer()
    other.wait(purpose="read")
    assert START + 12 * SECOND <= time.now < START + 13 * SECOND


def test_a_shorter_429_does_not_shorten_a_longer_one(pacer, time: Time):
    here = pacer()
    here.saw(rate_limit=None, throttled_for=timedelta(seconds=12))
    here.saw(rate_limit=None, throttled_for=timedelta(seconds=2))
    here.wait(purpose="read")
    assert time.now >= START + 12 * SECOND


def test_a_read_that_would_wait_too_long_says_for_how_long(pacer, time: Time):
    here = pacer()
    here.saw(rate_limit=None, throttled_for=timedelta(minutes=5))
    with pytest.raises(Throttled) as caught:
        here.wait(purpose="read")
    assert caught.value.retry_after == timedelta(minutes=5)
    assert caught.value.http_status is None
    assert time.slept == []


def test_a_sync_waits_longer_and_tells_what_for(pacer, time: Time):
    here = pacer()
    here.saw(rate_limit=stated(150, 1, now=time.now), throttled_for=timedelta(seconds=40))
    told: list[str] = []
    with waiting(longest=timedelta(minutes=15), note=told.append):
        here.wait(purpose="read")
    until = moment_of(START + 40 * SECOND)
    assert told[0] == f"Propexo's rate limit (150 a minute), until {until:%H:%M:%S} UTC"
    assert len(told) == 4
    assert told[-1] == ""
    assert max(time.slept) <= 15


def test_a_charge_does_not_wait_longer_than_its_claim_bears(pacer, time: Time):
    here = pacer()
    here.saw(rate_limit=None, throttled_for=timedelta(seconds=11))
    with waiting(longest=timedelta(minutes=15)), pytest.raises(NotYet):
        here.wait(purpose="post")


def test_a_charge_is_not_sent_by_a_process_that_was_frozen_while_it_waited(pacer, time: Time):
    class Frozen(Time):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            self.now += 30 * SECOND

    frozen = Frozen()
    here = pacer(at=frozen)
    here.saw(rate_limit=None, throttled_for=timedelta(seconds=2))
    with pytest.raises(NotYet):
        here.wait(purpose="post")
    assert frozen.slept == [2]


def test_reads_yield_as_soon_as_a_charge_has_asked(settings, pacer, time: Time):
    settings.PROPEXO_POSTING_SHARE = 50
    here = pacer()
    here.saw(rate_limit=stated(200, 0, now=time.now), throttled_for=None)
    here.wait(purpose="post")
    with waiting(longest=timedelta(minutes=15)):
        assert len(send(here, time, until=START + MINUTE)) <= 100
        send(here, time, until=START + 2 * MINUTE)
        quiet = send(here, time, until=START + 3 * MINUTE)
    assert len(quiet) >= 190


def test_a_charge_never_queues_behind_waiting_reads(pacer, time: Time):
    reads = pacer("v1")
    charges = pacer("v1")
    time.now += 20 * SECOND
    for _ in range(20):
        reads.wait(purpose="read")
    before = time.now
    charges.wait(purpose="post")
    assert time.now - before <= 2 * SECOND


def test_what_others_use_of_the_same_key_is_counted(pacer, time: Time):
    here = pacer()
    here.saw(rate_limit=stated(100, 0, now=time.now), throttled_for=None)
    time.now += 5 * SECOND
    here.wait(purpose="read")
    here.saw(rate_limit=stated(100, 90, now=time.now), throttled_for=None)
    with waiting(longest=timedelta(minutes=15)):
        assert len(send(here, time, until=START + MINUTE)) <= 10


def test_a_count_of_another_minute_than_ours_is_not_believed(pacer, time: Time):
    here = pacer("v1")
    here.wait(purpose="read")
    no_reset = RateLimit(limit=150, remaining=0, reset_at=moment_of(time.now + MINUTE + 1))
    here.saw(rate_limit=no_reset, throttled_for=None)
    late = RateLimit(limit=150, remaining=0, reset_at=moment_of(START))
    here.saw(rate_limit=late, throttled_for=None)
    assert RateBudget.objects.get().turns_taken == 1


def test_with_a_high_limit_a_busy_caller_asks_the_database_seldom(
    pacer, time: Time, django_assert_max_num_queries
):
    here = pacer()
    here.saw(rate_limit=stated(1_000_000, 0, now=time.now), throttled_for=None)
    with django_assert_max_num_queries(100):
        left = send(here, time, until=START + 10 * SECOND, lasts=3_000)
    assert len(left) > 3_000


def test_turns_in_hand_are_not_carried_into_the_next_minute(pacer, time: Time):
    here = pacer()
    here.saw(rate_limit=stated(6_000, 0, now=time.now), throttled_for=None)
    time.now = START + 59 * SECOND + 9 * SECOND // 10
    for _ in range(200):
        here.wait(purpose="read")
        time.now += 5_000
    assert RateBudget.objects.get().minute == START // MINUTE + 1
    assert RateBudget.objects.get().turns_taken <= 6_000


def test_a_slow_caller_takes_no_more_turns_than_it_uses(pacer, time: Time):
    here = pacer()
    left = send(here, time, until=START + 50 * SECOND, lasts=2 * SECOND)
    fair = RateBudget.objects.get()
    assert fair.reads_taken == len(left)


@pytest.mark.django_db(transaction=True)
def test_it_refuses_to_wait_inside_a_transaction(pacer):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        pacer().wait(purpose="read")


def test_a_turn_that_is_open_is_taken_at_once_and_no_other_is_waited_for(pacer, time: Time):
    here = pacer("v1")
    time.now += MINUTE // 2
    taken = sum(here.is_free() for _ in range(150))
    assert 1 <= taken < 10
    assert time.slept == []
    assert RateBudget.objects.get().reads_taken >= taken


def test_turns_taken_at_once_and_turns_waited_for_keep_the_limit_together(pacer, time: Time):
    here, left = pacer("unified"), 0
    while time.now < START + MINUTE:
        if not here.is_free():
            here.wait(purpose="read")
        left += time.now < START + MINUTE
        time.now += 1
    assert 950 <= left <= 1000
