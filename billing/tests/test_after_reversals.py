"""What a reversed charge means elsewhere, and how it is posted again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing.duplicates import Duplicates, earlier_charges
from billing.models import (
    CalculationState,
    Posting,
    PostingJob,
    PostingState,
)
from billing.operations.calculations import WrongState, calculate_bill
from billing.operations.posting_jobs import (
    Confirmation,
    create_posting_job,
)
from billing.queries import charges_to_post, charging_jobs, count_job, has_rest_to_post
from billing.tests.reversing import Story, posted_story
from billing.tests.small_place import ORDER as POSTING_ORDER
from billing.tests.small_place import gateway_to_nowhere

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(settings, cast, clock) -> Story:
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return posted_story(cast, clock)


def test_a_job_that_is_wholly_reversed_charges_nobody(story):
    approved = story.job.calculation
    reversing = story.reverse()
    jobs = PostingJob.objects.filter(pk__in=[story.job.pk, reversing.pk])
    assert list(charging_jobs(jobs)) == [story.job]
    with pytest.raises(WrongState, match="has been posted"):
        calculate_bill(bill=approved.bill, by=story.cast.manager, now=story.clock())

    story.work()

    assert not charging_jobs(jobs).exists()
    anew = calculate_bill(bill=approved.bill, by=story.cast.manager, now=story.clock())
    approved.refresh_from_db()
    assert (anew.version, approved.state) == (2, CalculationState.SUPERSEDED)


def test_a_reversed_charge_is_posted_again_under_a_new_reference(story):
    story.reverse()
    story.work()
    before = {posting.reference for posting in Posting.objects.all()}

    again = post_again(story)
    story.work()

    assert count_job(again).posted == 3
    assert not before & {posting.reference for posting in again.postings.all()}
    assert sorted(story.ledger().values()) == sorted(p.amount_cents for p in again.postings.all())


def test_only_the_reversed_charge_is_posted_again(story):
    one = story.charges()[0]
    story.reverse([one])
    assert not charges_to_post(story.job.calculation).exists()
    story.work()

    assert not has_rest_to_post(story.job.calculation)
    again = post_again(story)
    assert [posting.charge for posting in again.postings.all()] == [one.charge]


def test_what_was_reversed_does_not_go_out_with_the_rest(story):
    one, two, _ = story.charges()
    story.reverse([one])
    story.work()
    # As if the second had been skipped.
    Posting.objects.filter(pk=two.pk).update(state=PostingState.CANCELLED)

    assert list(charges_to_post(story.job.calculation)) == [two.charge]
    assert has_rest_to_post(story.job.calculation)


def post_again(story: Story) -> PostingJob:
    found = Duplicates(earlier=earlier_charges(story.job.calculation), look=None)
    said = Confirmation(digest=found.digest, reason="It was right after all.")
    return create_posting_job(
        calculation=story.job.calculation,
        order=replace(POSTING_ORDER, confirmed=said),
        gateway=gateway_to_nowhere(),
        by=story.cast.accountant,
        now=story.clock(),
    )
