"""The sweeper: it takes up what lost its worker, leaves the living alone, and wakes workers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_q.models import OrmQ

from billing.models import PostingState
from billing.posting.claim import claim_next
from billing.posting.drain import drain
from billing.posting.liveness import hold
from billing.posting.sweep import sweep, wake_workers
from billing.posting.tests.fake_pms import Fate, SenderDied
from integrations.models import ConnectionStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def abandoned(short_job, pms, clock):
    """Let the sender of the first charge die before the PMS got it."""
    pms.script.append(Fate.SENDER_DIES_BEFORE)
    with pytest.raises(SenderDied):
        drain(connection_id=short_job.connection_id, gateway=pms, clock=clock)
    return short_job.postings.get(state=PostingState.SENDING)


def test_a_charge_is_left_to_its_sender_as_long_as_the_lease_runs(abandoned, pms, clock, settings):
    clock.advance(seconds=settings.POSTING_LEASE_SECONDS)

    sweep(gateway_for=lambda _connection: pms, clock=clock)

    abandoned.refresh_from_db()
    assert abandoned.state == PostingState.SENDING


def test_a_charge_whose_sender_is_gone_is_in_doubt_after_the_lease(abandoned, pms, clock, settings):
    clock.advance(seconds=settings.POSTING_LEASE_SECONDS + 1)

    sweep(gateway_for=lambda _connection: pms, clock=clock)

    abandoned.refresh_from_db()
    assert (abandoned.state, abandoned.error_code) == (PostingState.UNKNOWN, "OUTCOME_UNKNOWN")
    assert abandoned.settle_at == clock() + timedelta(seconds=settings.POSTING_SETTLE_SECONDS)
    assert abandoned.attempts.get().outcome == ""
    assert pms.looks == 0


def test_a_sender_that_lives_is_left_alone_however_late_it_is(short_job, pms, clock):
    with claim_next(connection_id=short_job.connection_id, now=clock()) as claim:
        assert claim is not None
        clock.advance(hours=1)
        sweep(gateway_for=lambda _connection: pms, clock=clock)

        claim.posting.refresh_from_db()
        assert claim.posting.state == PostingState.SENDING


def test_a_charge_in_doubt_that_somebody_holds_is_not_looked_up(short_job, pms, clock):
    pms.script.append(Fate.LOST)
    drain(connection_id=short_job.connection_id, gateway=pms, clock=clock)
    clock.advance(hours=1)

    with hold(short_job.postings.get(state=PostingState.UNKNOWN).pk):
        sweep(gateway_for=lambda _connection: pms, clock=clock)

    assert pms.looks == 0


def test_it_goes_on_from_one_charge_to_the_next(short_job, pms, clock):
    pms.script.extend([Fate.LOST, Fate.TAKEN_BUT_ANSWER_LOST, Fate.LOST])
    drain(connection_id=short_job.connection_id, gateway=pms, clock=clock)
    clock.advance(minutes=3)

    sweep(gateway_for=lambda _connection: pms, clock=clock)

    assert pms.looks == 3
    assert short_job.postings.filter(state=PostingState.POSTED).count() == 1


@pytest.mark.usefixtures("short_job")
def test_it_wakes_each_worker_for_what_is_due(now, settings):
    OrmQ.objects.all().delete()

    wake_workers(now=now)

    assert OrmQ.objects.count() == settings.Q_CLUSTER["workers"]


@pytest.mark.usefixtures("short_job")
def test_it_does_not_fill_the_queue_while_nobody_works(now, settings):
    for _ in range(20):
        wake_workers(now=now)

    assert OrmQ.objects.count() == 4 * settings.Q_CLUSTER["workers"]


@pytest.mark.parametrize(
    "reason", ["switched off", "not due", "paused", "login expired", "nothing left"]
)
def test_it_wakes_nobody_for_nothing(short_job, now, settings, reason: str):
    OrmQ.objects.all().delete()
    connection = short_job.connection
    match reason:
        case "switched off":
            settings.PROPEXO_CHARGE_POSTING_ENABLED = False
        case "not due":
            short_job.postings.update(not_before=now + timedelta(seconds=1))
        case "paused":
            connection.paused_until = now + timedelta(seconds=1)
        case "login expired":
            connection.status = ConnectionStatus.LOGIN_EXPIRED
        case "nothing left":
            short_job.postings.update(state=PostingState.CANCELLED)
    connection.save()

    wake_workers(now=now)

    assert not OrmQ.objects.exists()


def test_it_survives_an_emptied_queue(short_job, pms, clock):
    OrmQ.objects.all().delete()

    sweep(gateway_for=lambda _connection: pms, clock=clock)

    assert OrmQ.objects.exists()
    assert {row.func() for row in OrmQ.objects.all()} == {"billing.tasks.drain_connection"}
