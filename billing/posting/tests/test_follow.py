"""A charge that Propexo has taken as a job: followed to its end, and never sent again meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.models import PostingState
from billing.posting.drain import drain
from billing.posting.follow import hasten_job
from billing.posting.sweep import sweep
from billing.posting.tests.fake_pms import Fate
from integrations.models import Connection, ConnectionStatus
from integrations.pms import errors

pytestmark = pytest.mark.django_db


@pytest.fixture
def taken(short_job, pms, clock):
    """Give a function that has the first charge taken as a job with this fate."""

    def take(fate: Fate):
        pms.script.append(fate)
        drain(connection_id=short_job.connection_id, gateway=pms, clock=clock)
        return short_job.postings.exclude(remote_job_id="").get()

    return take


def look(posting, pms, clock, *, after: timedelta = timedelta(seconds=2)):
    """Let time pass, sweep, and read the posting again."""
    clock.time += after
    sweep(gateway_for=lambda _: pms, clock=clock)
    posting.refresh_from_db()


def test_a_charge_that_was_taken_waits_with_its_attempt_open(taken):
    posting = taken(Fate.JOB_SUCCEEDS)

    assert posting.state == PostingState.ACCEPTED
    assert posting.attempts.get().outcome == ""
    assert posting.settle_at == posting.state_at + timedelta(seconds=2)


def test_a_job_that_ended_well_posts_the_charge(taken, pms, clock):
    posting = taken(Fate.JOB_SUCCEEDS)

    look(posting, pms, clock)

    assert posting.state == PostingState.POSTED
    assert posting.remote_charge_id
    attempt = posting.attempts.get()
    assert (attempt.outcome, attempt.evidence) == ("posted", "job")


def test_a_platform_that_never_tells_the_charge_id_posts_under_the_job_id(taken, pms, clock):
    posting = taken(Fate.JOB_SUCCEEDS_WITHOUT_ID)

    look(posting, pms, clock)

    assert (posting.state, posting.remote_charge_id) == (PostingState.POSTED, "")
    assert posting.remote_job_id


def test_a_job_that_failed_is_a_failure_in_the_platforms_own_words(taken, pms, clock):
    posting = taken(Fate.JOB_FAILS)

    look(posting, pms, clock)

    assert (posting.state, posting.error_code) == (PostingState.REJECTED, "LEASE_NOT_FOUND")
    assert posting.raw_error == "Tenant not found"
    assert posting.attempts.get().outcome == "rejected"


def test_a_job_is_asked_for_with_growing_gaps(taken, pms, clock):
    posting = taken(Fate.JOB_IS_LATE)

    look(posting, pms, clock)
    assert (posting.state, posting.job_looks) == (PostingState.ACCEPTED, 1)
    assert posting.settle_at == clock() + timedelta(seconds=4)

    look(posting, pms, clock, after=timedelta(seconds=3))
    assert posting.job_looks == 1, "too early"
    look(posting, pms, clock, after=timedelta(seconds=1))
    assert posting.state == PostingState.POSTED


def test_word_from_propexo_hastens_the_look(taken, clock):
    posting = taken(Fate.JOB_FAILS)
    job_id = posting.remote_job_id

    assert hasten_job(connection_id=posting.connection_id, job_id="job_of_others", now=clock()) == 0
    assert hasten_job(connection_id=posting.connection_id, job_id=job_id, now=clock()) == 1

    posting.refresh_from_db()
    assert posting.settle_at == clock()


def test_a_forgotten_job_is_looked_up_in_the_ledger(taken, pms, clock):
    posting = taken(Fate.JOB_IS_FORGOTTEN)

    look(posting, pms, clock)

    assert posting.state == PostingState.POSTED, "the same sweep reads the ledger"
    assert posting.attempts.get().evidence == "ledger"


def test_a_forgotten_job_whose_charge_is_not_there_needs_a_person(taken, pms, clock, settings):
    posting = taken(Fate.JOB_IS_FORGOTTEN)
    pms.rows().clear()

    look(posting, pms, clock)
    look(posting, pms, clock, after=timedelta(seconds=settings.POSTING_SETTLE_SECONDS))

    assert posting.state == PostingState.REVIEW
    assert "took this charge as job" in posting.error
    assert len(pms.sent) == 3, "never sent again by itself"


def test_a_duplicate_found_by_the_job_is_judged_by_the_ledger(taken, pms, clock, settings):
    posting = taken(Fate.JOB_FINDS_A_DUPLICATE)

    look(posting, pms, clock)
    look(posting, pms, clock, after=timedelta(seconds=settings.POSTING_SETTLE_SECONDS))

    assert (posting.state, posting.error_code) == (PostingState.REJECTED, "DUPLICATE_CHARGE")


def test_a_job_without_an_end_needs_a_person_after_a_day(taken, pms, clock):
    posting = taken(Fate.JOB_NEVER_ENDS)

    look(posting, pms, clock, after=timedelta(hours=24))
    assert posting.state == PostingState.ACCEPTED
    look(posting, pms, clock, after=timedelta(minutes=11))

    assert (posting.state, posting.error_code) == (PostingState.REVIEW, "STUCK_JOB")


def test_a_break_that_propexo_asks_for_is_kept_by_the_whole_connection(taken, pms, clock):
    posting = taken(Fate.JOB_SUCCEEDS)
    pms.ledger_error = errors.Throttled("Slow down.", retry_after=timedelta(seconds=90))

    look(posting, pms, clock)

    assert posting.state == PostingState.ACCEPTED
    assert Connection.objects.get().paused_until == clock() + timedelta(seconds=90)


def test_an_expired_login_stops_the_looking_too(taken, pms, clock):
    posting = taken(Fate.JOB_SUCCEEDS)
    pms.ledger_error = errors.PmsLoginExpired("Renew the login.", http_status=403)

    look(posting, pms, clock)

    assert posting.state == PostingState.ACCEPTED
    assert Connection.objects.get().status == ConnectionStatus.LOGIN_EXPIRED


def test_a_charge_id_that_another_posting_has_is_not_believed(taken, pms, clock):
    posting = taken(Fate.JOB_SUCCEEDS)
    fate, charge = pms.jobs[posting.remote_job_id]
    other = posting.job.postings.exclude(pk=posting.pk).first()
    pms.jobs[posting.remote_job_id] = (
        fate,
        pms.charge_of(posting.body.encode(), charge_id=other.remote_charge_id),
    )
    pms.rows().remove(charge)

    look(posting, pms, clock)

    assert posting.state == PostingState.UNKNOWN
    assert "id of another charge" in posting.error


@pytest.mark.parametrize("code", ["PMS_REJECTED", "AUTHORIZATION_FAILED", "RATE_LIMITED"])
def test_a_failure_that_is_no_listed_refusal_needs_a_person(taken, pms, clock, code):
    posting = taken(Fate.JOB_FAILS)
    pms.failure_code = code

    look(posting, pms, clock)

    assert (posting.state, posting.error_code) == (PostingState.REVIEW, code)
    assert posting.raw_error == "Tenant not found"
    assert posting.attempts.get().outcome == "", "nobody knows"


def test_a_failure_on_the_way_is_looked_up_in_the_ledger(taken, pms, clock):
    posting = taken(Fate.JOB_FAILS)
    pms.failure_code = "OUTCOME_UNKNOWN"

    look(posting, pms, clock)

    assert posting.state == PostingState.UNKNOWN
    assert len(pms.sent) == 3
