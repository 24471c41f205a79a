"""A job that is stopped while workers have its charges in hand sends none of them any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from billing.models import Posting, PostingJob, PostingState
from billing.operations.failures import retry_posting
from billing.operations.job_control import stop_job
from billing.posting.drain import drain
from billing.posting.sweep import sweep
from billing.posting.tests.fake_pms import FakePms, Fate
from billing.tests.reversing import Story, posted_story
from billing.tests.small_place import small_job
from integrations.models import Connection, ConnectionStatus
from integrations.pms.records import MalformedRecord, PmsCharge, PmsWriteJob

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(settings, cast, clock) -> Story:
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return posted_story(cast, clock)


@pytest.fixture(params=["charges", "reversals"])
def in_hand(request, settings, cast, clock) -> tuple[PostingJob, FakePms]:
    """Make a job that waits to be sent: of charges, or of what takes some back."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    if request.param == "charges":
        return small_job(cast, clock()), FakePms(clock)
    story = posted_story(cast, clock)
    return story.reverse(), story.pms


def stop(job: PostingJob, clock) -> Callable[[], object]:
    """Give a function that stops a job."""
    return lambda: stop_job(job=job, by=job.created_by, now=clock())


def work_on(job: PostingJob, pms, clock) -> None:
    """Let workers and sweepers do all that they still want to."""
    for _ in range(4):
        clock.advance(minutes=20)
        sweep(gateway_for=lambda _: pms, clock=clock)
        drain(connection_id=job.connection_id, gateway=pms, clock=clock)


def states(job: PostingJob) -> set[str]:
    return set(job.postings.values_list("state", flat=True))


@pytest.mark.parametrize("fate", [Fate.THROTTLED, Fate.NEVER_SENT])
def test_what_was_in_hand_when_the_job_was_stopped_is_not_sent_again(in_hand, fate, clock):
    job, pms = in_hand
    before = len(pms.sent)
    pms.script.append(fate)
    pms.meanwhile.append(stop(job, clock))

    drain(connection_id=job.connection_id, gateway=pms, clock=clock)
    assert states(job) == {PostingState.CANCELLED}
    work_on(job, pms, clock)

    assert len(pms.sent) == before + 1
    assert states(job) == {PostingState.CANCELLED}


def test_what_was_in_hand_and_got_through_is_posted(in_hand, clock):
    job, pms = in_hand
    pms.meanwhile.append(stop(job, clock))

    drain(connection_id=job.connection_id, gateway=pms, clock=clock)

    assert job.postings.filter(state=PostingState.POSTED).count() == 1
    assert job.postings.filter(state=PostingState.CANCELLED).count() == 2


def test_what_comes_back_right_after_the_stop_is_passed_over(in_hand, clock):
    job, pms = in_hand
    before = len(pms.sent)
    late = job.postings.order_by("pk")[0]
    stop(job, clock)()
    # A worker that had read the job before it was stopped puts it back.
    Posting.objects.filter(pk=late.pk).update(state=PostingState.PENDING)

    drain(connection_id=job.connection_id, gateway=pms, clock=clock)

    late.refresh_from_db()
    assert (late.state, len(pms.sent)) == (PostingState.CANCELLED, before)
    event = late.events.last()
    assert (event.to_state, event.note) == (PostingState.CANCELLED, "The job was stopped.")
    assert not late.attempts.exists()


def test_a_charge_that_somebody_sends_again_after_the_stop_goes_out(story, cast, clock):
    job = story.reverse()
    story.pms.script.append(Fate.REFUSED)
    story.pms.meanwhile.append(stop(job, clock))
    story.work()
    refused = job.postings.get(state=PostingState.REJECTED)
    clock.advance(seconds=1)
    job.calculation.bill.property.link.__class__.objects.update(last_synced_at=clock())

    retry_posting(posting=refused, by=cast.accountant, now=clock())
    story.work()

    refused.refresh_from_db()
    assert refused.state == PostingState.POSTED


class StoppedWhileRead(FakePms):
    """A PMS during whose second look somebody stops the job."""

    stop: Callable[[], object]

    def list_charges(self, **which: Any) -> Iterator[PmsCharge | MalformedRecord]:
        """Show nothing."""
        if self.looks == 1:
            self.stop()
        yield from super().list_charges(**which)

    def read_write_job(self, *, job_id: str) -> PmsWriteJob:
        """Say that Propexo could not log in."""
        self.stop()
        text = '{"statusCode":403,"message":"Refused."}'
        return PmsWriteJob(job_id, "failed", None, (text,), "AUTHORIZATION_FAILED")


@pytest.mark.parametrize("fate", [Fate.LOST, Fate.JOB_NEVER_ENDS])
def test_a_stop_during_a_look_counts(settings, cast, clock, fate):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = small_job(cast, clock())
    pms: Any = StoppedWhileRead(clock)
    # The others wait meanwhile, so that there is something to stop.
    pms.stop = stop(job, clock)
    first, *others = job.postings.order_by("pk")
    waiting = job.postings.filter(pk__in=[each.pk for each in others])
    waiting.update(not_before=clock.time.replace(year=2027))
    pms.script.append(fate)

    drain(connection_id=job.connection_id, gateway=pms, clock=clock)
    for _ in range(2):
        clock.advance(seconds=settings.POSTING_SETTLE_SECONDS)
        sweep(gateway_for=lambda _: pms, clock=clock)
    Connection.objects.update(status=ConnectionStatus.ACTIVE)

    first.refresh_from_db()
    assert first.state == PostingState.CANCELLED
    work_on(job, pms, clock)
    assert pms.sent == [first.reference]
