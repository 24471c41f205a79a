"""Throttling and expired logins stop a connection, not its charges, and it goes on afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.models import PostingState
from billing.posting.drain import drain
from billing.posting.store import pause_connection, stop_expired_login
from billing.posting.sweep import sweep
from billing.posting.tests.fake_pms import Fate
from billing.queries import count_job
from integrations.models import Connection, ConnectionStatus
from integrations.operations.connections import renew_connection
from integrations.pms import errors

pytestmark = pytest.mark.django_db

MOST_REQUESTS = 1_000_000


def test_a_throttled_call_stops_the_connection_until_the_time_is_over(job, gateway, sandbox, clock):
    sandbox.sandbox.rate._limit = 0

    assert drain(connection_id=job.connection_id, gateway=gateway, clock=clock) == 1

    job.connection.refresh_from_db()
    wait = job.connection.paused_until - clock()
    assert timedelta(seconds=1) <= wait <= timedelta(minutes=1)
    throttled = job.postings.exclude(attempts=None).get()
    assert (throttled.state, throttled.tries) == (PostingState.PENDING, 1)
    assert throttled.attempts.get().evidence == "throttled"

    sandbox.sandbox.rate._limit = MOST_REQUESTS
    assert drain(connection_id=job.connection_id, gateway=gateway, clock=clock) == 0
    clock.time = job.connection.paused_until
    assert drain(connection_id=job.connection_id, gateway=gateway, clock=clock) == 45
    assert count_job(job).posted == len(sandbox.ledger()) == 45


def test_a_charge_that_is_throttled_six_times_becomes_a_failure(short_job, pms, clock):
    pms.script.extend([Fate.THROTTLED] * 20)

    for _ in range(20):
        drain(connection_id=short_job.connection_id, gateway=pms, clock=clock)
        clock.advance(seconds=20)

    failed = short_job.postings.filter(state=PostingState.REJECTED)
    assert failed.count() == 3
    for posting in failed:
        assert (posting.error_code, posting.tries) == ("RATE_LIMITED", 6)
    assert pms.amounts() == {}


def test_an_expired_login_pauses_the_job_and_fails_nothing(job, cast, gateway, sandbox, clock, now):
    set_status(sandbox, "auth_failed")

    assert drain(connection_id=job.connection_id, gateway=gateway, clock=clock) == 1

    job.connection.refresh_from_db()
    assert job.connection.status == ConnectionStatus.LOGIN_EXPIRED
    assert job.connection.status_note
    counts = count_job(job)
    assert (counts.pending, counts.failed) == (45, 0)
    assert set(job.postings.values_list("tries", flat=True)) == {0}
    assert drain(connection_id=job.connection_id, gateway=gateway, clock=clock) == 0

    set_status(sandbox, "active")
    renew_connection(connection=job.connection, gateway=gateway, by=cast.manager, now=now)
    assert drain(connection_id=job.connection_id, gateway=gateway, clock=clock) == 45
    assert count_job(job).posted == len(sandbox.ledger()) == 45


def test_a_refused_api_key_pauses_the_job_too(short_job, pms, clock):
    pms.script.append(Fate.LOGIN_EXPIRED)

    assert drain(connection_id=short_job.connection_id, gateway=pms, clock=clock) == 1

    short_job.connection.refresh_from_db()
    assert short_job.connection.status == ConnectionStatus.LOGIN_EXPIRED
    assert count_job(short_job).pending == 3


def test_a_ledger_that_throttles_pauses_the_connection(short_job, pms, clock):
    doubt_one(short_job, pms, clock)
    pms.ledger_error = errors.Throttled("Slow down.", retry_after=timedelta(seconds=40))

    sweep(gateway_for=lambda _connection: pms, clock=clock)

    short_job.connection.refresh_from_db()
    assert short_job.connection.paused_until == clock() + timedelta(seconds=40)
    sweep(gateway_for=lambda _connection: pms, clock=clock)
    assert pms.looks == 1


def test_a_ledger_behind_an_expired_login_is_not_read_until_it_is_renewed(short_job, pms, clock):
    doubt_one(short_job, pms, clock)
    pms.ledger_error = errors.PmsLoginExpired("Renew the login.")
    sweep(gateway_for=lambda _connection: pms, clock=clock)
    pms.ledger_error = None

    clock.advance(hours=1)
    sweep(gateway_for=lambda _connection: pms, clock=clock)

    connection = short_job.connection
    connection.refresh_from_db()
    assert (connection.status, pms.looks) == (ConnectionStatus.LOGIN_EXPIRED, 1)
    connection.status = ConnectionStatus.ACTIVE
    connection.save()
    sweep(gateway_for=lambda _connection: pms, clock=clock)
    assert count_job(short_job).posted == 3


def doubt_one(job, pms, clock) -> None:
    """Post a job with one lost answer, and let the settling time pass."""
    pms.script.append(Fate.TAKEN_BUT_ANSWER_LOST)
    drain(connection_id=job.connection_id, gateway=pms, clock=clock)
    clock.advance(minutes=3)


def set_status(sandbox, status: str) -> None:
    """Change what Propexo says of the connection."""
    with sandbox.sandbox.store.changing() as connection:
        connection.execute("UPDATE connections SET status = ? WHERE id = 'conn_001'", [status])


def test_an_answer_from_before_the_renewal_does_not_stop_the_new_login(short_job, pms, clock):
    posting = short_job.postings.first()
    asked_at = clock()
    clock.advance(minutes=1)
    Connection.objects.filter(pk=short_job.connection_id).update(validated_at=clock())

    stop_expired_login(posting, asked_at=asked_at, why="The old password.", now=asked_at)

    short_job.connection.refresh_from_db()
    assert short_job.connection.status == ConnectionStatus.ACTIVE


def test_a_shorter_rest_does_not_end_a_longer_one(short_job, clock):
    posting = short_job.postings.first()
    longer, shorter = clock() + timedelta(minutes=10), clock() + timedelta(seconds=5)

    pause_connection(posting, until=longer)
    pause_connection(posting, until=shorter)

    short_job.connection.refresh_from_db()
    assert short_job.connection.paused_until == longer
