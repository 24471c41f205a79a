"""What becomes of a reversal in the PMS."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.models import (
    Posting,
    PostingState,
)
from billing.operations.failures import resolve_posting, retry_posting
from billing.operations.reversals import (
    CannotReverse,
)
from billing.posting.sweep import sweep
from billing.posting.tests.fake_pms import Fate
from billing.queries import count_job
from billing.tests.reversing import Story, posted_story
from portfolios.models import LeaseStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(settings, cast, clock) -> Story:
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return posted_story(cast, clock)


def test_a_lost_answer_is_looked_up_and_never_sent_twice(story, settings):
    one = story.charges()[0]
    job = story.reverse([one])
    story.pms.script.append(Fate.TAKEN_BUT_ANSWER_LOST)
    story.work()
    back = job.postings.get()
    assert back.state == PostingState.UNKNOWN
    one.refresh_from_db()
    assert one.reversed_at is None

    story.clock.advance(seconds=settings.POSTING_SETTLE_SECONDS)
    sweep(gateway_for=lambda _: story.pms, clock=story.clock)

    one.refresh_from_db()
    assert one.reversed_at == story.clock()
    assert story.pms.sent.count(back.reference) == 1
    assert story.ledger()[one.charge_id] == 0


def test_a_followed_job_takes_it_back_too(story, settings):
    one = story.charges()[0]
    story.reverse([one])
    story.pms.script.append(Fate.JOB_SUCCEEDS_WITHOUT_ID)
    story.work()
    story.clock.advance(seconds=settings.POSTING_SETTLE_SECONDS)
    sweep(gateway_for=lambda _: story.pms, clock=story.clock)
    one.refresh_from_db()
    assert one.reversed_at == story.clock()


def test_a_refused_reversal_leaves_the_charge_and_can_be_sent_again(story):
    one = story.charges()[0]
    job = story.reverse([one])
    story.pms.script.append(Fate.NEVER_SENT)
    story.pms.script.append(Fate.REFUSED)
    story.work()
    story.clock.advance(minutes=30)
    story.work()
    back = job.postings.get()
    assert back.state == PostingState.REJECTED
    one.refresh_from_db()
    assert one.reversed_at is None
    assert "send that again" in story.obstacle(one)

    link = one.charge.calculation.bill.property.link
    link.last_synced_at = story.clock() + timedelta(hours=1)
    link.save()
    retry_posting(posting=back, by=story.second, now=story.clock())
    story.work()
    one.refresh_from_db()
    assert one.reversed_at is not None


def test_a_refused_reversal_that_was_closed_can_be_asked_for_anew(story):
    one = story.charges()[0]
    job = story.reverse([one])
    story.pms.script.append(Fate.REFUSED)
    story.work()
    back = job.postings.get()
    resolve_posting(posting=back, note="Later.", by=story.second, now=story.clock())

    anew = story.reverse([one]).postings.get()
    assert anew.reference != back.reference
    story.work()
    assert story.ledger()[one.charge_id] == 0


def test_a_reversal_that_was_sent_by_nobody_takes_nothing_back(story):
    one = story.charges()[0]
    story.reverse([one])
    job = story.reverse([story.charges()[1]])
    Posting.objects.filter(reverses=one).update(state=PostingState.CANCELLED)
    story.work()
    one.refresh_from_db()
    assert one.reversed_at is None
    assert count_job(job).posted == 1
    assert story.obstacle(one) == ""


def test_who_moved_out_gets_money_back_only_where_the_pms_is_told_who(story):
    one = story.charges()[0]
    one.charge.lease.status = LeaseStatus.PAST
    one.charge.lease.save()
    # This contract names the unit alone.
    assert "would credit whoever lives there now" in story.obstacle(one)
    with pytest.raises(CannotReverse, match="moved out"):
        story.ask([one])


def test_a_move_out_after_the_approval_stops_what_would_credit_another(story):
    one = story.charges()[0]
    job = story.reverse([one])
    one.charge.lease.status = LeaseStatus.PAST
    one.charge.lease.save()
    sent = len(story.pms.sent)
    story.work()
    assert len(story.pms.sent) == sent
    assert job.postings.get().state == PostingState.REJECTED


def test_a_move_out_does_not_stop_a_credit_that_names_the_resident(story):
    one = story.charges()[0]
    job = story.reverse([one])
    back = job.postings.get()
    back.body = back.body.replace("}", f',"lease_id":"{one.charge.propexo_lease_id}"}}')
    back.save()
    one.charge.lease.status = LeaseStatus.PAST
    one.charge.lease.save()
    story.work()
    one.refresh_from_db()
    assert one.reversed_at is not None
