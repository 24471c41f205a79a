"""A connection that loses answers is tried once a minute, and one answer ends that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.models import PostingState
from billing.posting.breaker import PROBE_GAP, SLOW_AFTER
from billing.posting.drain import drain
from billing.posting.tests.fake_pms import Fate
from integrations.models import Connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def work(job, pms, clock):
    """Give a function that drains the job of 45 charges after its script was set."""

    def work_on(*fates: Fate) -> int:
        pms.script.extend(fates)
        return drain(connection_id=job.connection_id, gateway=pms, clock=clock)

    return work_on


def test_five_lost_answers_in_a_row_slow_the_connection_down(work, clock):
    assert work(*[Fate.LOST] * 10) == SLOW_AFTER + 1, "the sixth is the first probe"

    connection = Connection.objects.get()
    assert connection.paused_until == clock() + PROBE_GAP
    assert "one charge a minute" in connection.paused_because


def test_each_minute_one_probe_is_sent(work, job, clock):
    work(*[Fate.LOST] * 6)

    for _ in range(3):
        assert work(Fate.LOST) == 0
        clock.time += PROBE_GAP
        assert work(Fate.LOST) == 1
    assert job.postings.filter(state=PostingState.UNKNOWN).count() == SLOW_AFTER + 4


def test_one_answer_ends_it_and_the_rest_is_sent_at_once(work, job, clock):
    work(*[Fate.LOST] * 6)
    clock.time += PROBE_GAP

    assert work() == 45 - 6
    connection = Connection.objects.get()
    assert (connection.unknowns_in_row, connection.paused_until) == (0, None)


def test_a_refusal_is_an_answer_too(work):
    work(*[Fate.LOST] * 4, Fate.REFUSED, *[Fate.LOST] * 4)

    assert Connection.objects.get().paused_until is None


def test_a_break_that_the_pms_asked_for_is_not_cut_short_by_an_answer(work, clock):
    work(Fate.LOST, Fate.THROTTLED)
    connection = Connection.objects.get()

    assert connection.unknowns_in_row == 0
    assert connection.paused_until == clock() + timedelta(seconds=20)
