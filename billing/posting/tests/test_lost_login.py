"""A lost PMS login that a job of Propexo's tells: one pause, no failure, nothing twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.models import Posting, PostingState
from billing.operations.job_control import stop_job
from billing.posting.drain import drain
from billing.posting.sweep import sweep
from billing.posting.tests.fake_pms import FakePms, Fate
from integrations.models import Connection, ConnectionStatus
from integrations.pms.records import PmsWriteJob

pytestmark = pytest.mark.django_db

REFUSED = '{"statusCode":403,"message":"The credentials were refused by the PMS."}'


class LockedOut(FakePms):
    """A PMS that refuses Propexo's credentials inside of jobs."""

    words = REFUSED
    charge_id: str | None = None

    def read_write_job(self, *, job_id: str) -> PmsWriteJob:
        """Fail each job that was to fail."""
        job = super().read_write_job(job_id=job_id)
        if job.state != "failed":
            return job
        return PmsWriteJob(job_id, "failed", self.charge_id, (self.words,), "AUTHORIZATION_FAILED")


@pytest.fixture
def pms(clock) -> LockedOut:
    return LockedOut(clock)


@pytest.fixture
def work(short_job, pms, clock):
    """Give a function that does what the workers do within some seconds."""

    def some() -> None:
        drain(connection_id=short_job.connection_id, gateway=pms, clock=clock)
        clock.advance(seconds=5)
        sweep(gateway_for=lambda _connection: pms, clock=clock)

    return some


def renew(clock) -> None:
    Connection.objects.update(status=ConnectionStatus.ACTIVE, validated_at=clock())


def test_the_connection_is_paused_and_the_charges_wait(short_job, pms, work):
    pms.script.extend([Fate.JOB_FAILS] * 3)

    work()

    connection = Connection.objects.get()
    assert connection.status == ConnectionStatus.LOGIN_EXPIRED
    waiting = short_job.postings.filter(state=PostingState.PENDING)
    assert {posting.tries for posting in waiting} == {0}
    for posting in waiting:
        attempt = posting.attempts.get()
        assert (attempt.outcome, attempt.evidence) == ("not_applied", "not-authorised")
        assert posting.remote_job_id == ""
        assert "no longer sign in" in posting.waiting_because


def test_they_are_posted_once_after_the_login_was_renewed(short_job, pms, work, clock):
    pms.script.extend([Fate.JOB_FAILS] * 3)
    for _ in range(3):
        work()
    clock.advance(hours=30)
    renew(clock)

    for _ in range(3):
        work()

    assert set(short_job.postings.values_list("state", flat=True)) == {PostingState.POSTED}
    assert [len(amounts) for amounts in pms.amounts().values()] == [1, 1, 1]


@pytest.mark.parametrize(
    ("words", "charge_id"), [("Wrong password for the batch.", None), (REFUSED, "chg_1")]
)
def test_without_the_status_or_with_a_charge_id_a_person_judges(
    short_job, pms, work, words, charge_id
):
    pms.words, pms.charge_id = words, charge_id
    pms.script.append(Fate.JOB_FAILS)

    work()

    assert Connection.objects.get().status == ConnectionStatus.LOGIN_EXPIRED
    posting = short_job.postings.get(error_code="AUTHORIZATION_FAILED")
    assert posting.state == PostingState.REVIEW
    assert posting.attempts.get().outcome == ""


def test_a_job_of_before_the_renewal_pauses_nothing(short_job, pms, work, clock):
    pms.script.append(Fate.JOB_FAILS)
    drain(connection_id=short_job.connection_id, gateway=pms, clock=clock)
    clock.advance(seconds=1)
    renew(clock)

    work()
    work()

    assert Connection.objects.get().status == ConnectionStatus.ACTIVE
    assert not short_job.postings.exclude(state=PostingState.POSTED).exists()


def test_of_a_job_that_was_stopped_meanwhile_it_is_skipped(short_job, pms, cast, clock):
    pms.script.append(Fate.JOB_FAILS)
    drain(connection_id=short_job.connection_id, gateway=pms, clock=clock)
    Posting.objects.filter(state=PostingState.POSTED).update(
        state=PostingState.PENDING, remote_charge_id=""
    )
    stop_job(job=short_job, by=cast.accountant, now=clock() + timedelta(seconds=1))
    clock.advance(seconds=5)

    sweep(gateway_for=lambda _connection: pms, clock=clock)

    assert set(short_job.postings.values_list("state", flat=True)) == {PostingState.CANCELLED}
