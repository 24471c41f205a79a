"""Reversals that somebody makes in the PMS by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing.models import (
    Posting,
    PostingJob,
    PostingState,
)
from billing.operations.failures import resolve_posting
from billing.operations.reversals import (
    CannotReverse,
)
from billing.tests.reversing import ORDER, REASON, Story, posted_story
from portfolios.models import AuditEvent, LeaseStatus

BY_HAND = replace(ORDER, pms_reference="Credit memo 4711")
pytestmark = pytest.mark.django_db


@pytest.fixture
def story(settings, cast, clock) -> Story:
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return posted_story(cast, clock)


def test_by_hand_counts_on_the_word_of_two_people(story):
    one = story.charges()[0]
    reversal = story.ask([one], BY_HAND)
    one.refresh_from_db()
    assert one.reversed_at is None
    sent = len(story.pms.sent)

    story.approve(reversal)
    story.work()

    one.refresh_from_db()
    assert one.reversed_at == story.clock()
    assert len(story.pms.sent) == sent
    event = one.events.last()
    assert event.note == f"Reversed by hand in the PMS as Credit memo 4711. {REASON}"
    assert event.actor == story.second
    assert AuditEvent.objects.filter(verb="posting.reversed", actor=story.second).count() == 1
    assert PostingJob.objects.count() == 1


def test_by_hand_works_with_posting_switched_off_and_for_who_moved_out(story, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = False
    one = story.charges()[0]
    one.charge.lease.status = LeaseStatus.PAST
    one.charge.lease.save()
    story.approve(story.ask([one], BY_HAND))
    one.refresh_from_db()
    assert one.reversed_at is not None


def test_a_closed_doubt_is_ended_by_hand_only(story):
    one = story.charges()[0]
    job = story.reverse([one])
    back = job.postings.get()
    Posting.objects.filter(pk=back.pk).update(state=PostingState.REVIEW)
    with pytest.raises(CannotReverse, match="needs a decision"):
        story.ask([one], BY_HAND)
    resolve_posting(posting=back, note="Asked Yardi.", by=story.second, now=story.clock())
    with pytest.raises(CannotReverse, match="was in doubt and was closed"):
        story.ask([one])
    story.approve(story.ask([one], BY_HAND))
    one.refresh_from_db()
    assert one.reversed_at is not None
