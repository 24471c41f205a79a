"""Holding a posting job up, going on, and ending it, while workers are at it."""

from __future__ import annotations

import pytest

from billing.models import PostingJob, PostingState
from billing.operations.calculations import WrongState
from billing.operations.job_control import pause_job, resume_job, retry_failures, stop_job
from billing.operations.posting_jobs import (
    AlreadyPosted,
    DuplicatesFound,
    PostingOrder,
    create_posting_job,
)
from billing.posting.claim import claim_next
from billing.posting.drain import drain
from billing.posting.sweep import sweep
from billing.posting.tests.fake_pms import FakePms, Fate
from billing.queries import count_job, has_rest_to_post
from billing.tests.small_place import gateway_to_nowhere, small_job
from portfolios.models import AuditEvent, Lease, LeaseStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(settings, cast, now) -> PostingJob:
    """Confirm the posting of three charges."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return small_job(cast, now)


@pytest.fixture
def pms(clock) -> FakePms:
    return FakePms(clock)


@pytest.fixture
def work(job, pms, clock):
    """Give a function that lets a worker send what is due."""
    return lambda: drain(connection_id=job.connection_id, gateway=pms, clock=clock)


def status(job) -> str:
    return count_job(PostingJob.objects.get(pk=job.pk)).status


def test_a_paused_job_sends_nothing_until_it_is_resumed(job, work, cast, now):
    pause_job(job=job, by=cast.accountant, now=now)
    assert (status(job), work()) == ("paused", 0)

    resume_job(job=job, by=cast.accountant, now=now)
    assert (work(), status(job)) == (3, "completed")
    verbs = AuditEvent.objects.filter(verb__startswith="job.").values_list("verb", flat=True)
    assert {"job.paused", "job.resumed"} <= set(verbs)


def test_a_charge_that_is_being_sent_comes_to_its_end_despite_the_pause(job, cast, now, pms):
    with claim_next(connection_id=job.connection_id, now=now) as claim:
        assert claim is not None
        pause_job(job=job, by=cast.accountant, now=now)
        assert job.postings.get(pk=claim.posting.pk).state == PostingState.SENDING
    assert job.postings.filter(state=PostingState.PENDING).count() == 2


def test_only_what_waits_can_be_paused_and_only_what_is_paused_resumed(job, work, cast, now):
    with pytest.raises(WrongState, match="not paused"):
        resume_job(job=job, by=cast.accountant, now=now)
    pause_job(job=job, by=cast.accountant, now=now)
    with pytest.raises(WrongState):
        pause_job(job=job, by=cast.accountant, now=now)
    resume_job(job=job, by=cast.accountant, now=now)
    work()
    with pytest.raises(WrongState):
        pause_job(job=job, by=cast.accountant, now=now)


def test_a_stopped_job_skips_the_rest_and_says_what_is_in_the_pms(job, cast, now, pms, clock):
    pms.script.extend([Fate.TAKEN, Fate.THROTTLED])
    drain(connection_id=job.connection_id, gateway=pms, clock=clock)

    counts = stop_job(job=job, by=cast.accountant, now=now)

    assert (counts.posted, counts.skipped, counts.status) == (1, 2, "completed")
    assert len(pms.amounts()) == 1
    event = AuditEvent.objects.get(verb="job.stopped")
    assert (event.after["posted"], event.after["skipped"]) == (1, 2)


def test_a_job_that_was_stopped_before_its_first_charge_is_cancelled(job, work, cast, now):
    pause_job(job=job, by=cast.accountant, now=now)
    stop_job(job=job, by=cast.accountant, now=now)

    assert (status(job), work()) == ("cancelled", 0)
    with pytest.raises(WrongState, match="waits to be sent"):
        stop_job(job=job, by=cast.accountant, now=now)


def test_all_failures_are_sent_again_but_for_those_that_may_not(job, work, cast, now, pms, clock):
    pms.script.extend([Fate.REFUSED] * 3)
    work()
    failed = job.postings.order_by("pk")
    resolved = failed.first()
    failed.filter(pk=resolved.pk).update(
        resolved_at=now, resolved_by=cast.accountant, resolution="Charged by hand."
    )
    job.calculation.bill.property.link.__class__.objects.update(last_synced_at=clock())

    retried = retry_failures(failures=failed, by=cast.accountant, now=now)

    assert (retried.count, retried.refusals) == (2, ())
    assert work() == 2


def test_the_rest_of_a_stopped_job_is_posted_by_a_new_one(job, cast, now, pms, clock):
    pms.script.extend([Fate.TAKEN, Fate.THROTTLED])
    drain(connection_id=job.connection_id, gateway=pms, clock=clock)
    stop_job(job=job, by=cast.accountant, now=now)
    assert has_rest_to_post(job.calculation)

    rest = post_again(job, cast, now)
    clock.advance(seconds=60)
    drain(connection_id=job.connection_id, gateway=pms, clock=clock)

    assert count_job(rest).posted == 2
    assert sorted(len(amounts) for amounts in pms.amounts().values()) == [1, 1, 1]
    with pytest.raises(AlreadyPosted):
        post_again(job, cast, now)
    assert not has_rest_to_post(job.calculation)


def test_who_was_charged_is_charged_under_another_code_only_on_purpose(job, work, cast, now):
    work()
    with pytest.raises(DuplicatesFound):
        post_again(job, cast, now, charge_code="WATER")


def test_what_comes_back_after_the_stop_is_not_sent_any_more(job, cast, now, pms, clock, settings):
    pms.script.extend([Fate.LOST, Fate.THROTTLED])
    drain(connection_id=job.connection_id, gateway=pms, clock=clock)
    stop_job(job=job, by=cast.accountant, now=clock())
    for _ in range(3):
        clock.advance(seconds=settings.POSTING_SETTLE_SECONDS)
        sweep(gateway_for=lambda _: pms, clock=clock)
        drain(connection_id=job.connection_id, gateway=pms, clock=clock)

    assert set(job.postings.values_list("state", flat=True)) == {PostingState.CANCELLED}
    assert len(pms.sent) == 2


def test_a_resident_who_left_while_the_job_was_paused_is_not_charged(job, work, cast, now):
    pause_job(job=job, by=cast.accountant, now=now)
    gone = job.postings.order_by("pk")[0]
    Lease.objects.filter(pk=gone.charge.lease_id).update(status=LeaseStatus.PAST)
    resume_job(job=job, by=cast.accountant, now=now)

    assert work() == 2
    gone.refresh_from_db()
    assert (gone.state, gone.error_code) == (PostingState.REJECTED, "LEASE_NOT_FOUND")
    assert "has moved out" in gone.error
    assert not gone.attempts.exists()


def post_again(job, cast, now, *, charge_code: str | None = None) -> PostingJob:
    order = PostingOrder(
        charge_date=job.charge_date,
        charge_code=charge_code or job.charge_code,
        description=job.description,
    )
    return create_posting_job(
        calculation=job.calculation,
        order=order,
        gateway=gateway_to_nowhere(),
        by=cast.accountant,
        now=now,
    )
