"""Posted charges are taken back on the word of two people, by postings of their own."""

from __future__ import annotations

import pytest

from billing.api.jobs import describe_job
from billing.models import Posting, PostingJob, PostingState, Reversal, ReversalState
from billing.operations.calculations import WrongState
from billing.operations.posting_jobs import PostingDisabled
from billing.operations.reversals import (
    CannotReverse,
    OwnRequest,
    approve_reversal,
    refuse_reversal,
    withdraw_reversal,
)
from billing.queries import count_job
from billing.tests.reversing import REASON, Story, posted_story
from billing.tests.small_place import gateway_to_nowhere
from portfolios.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(settings, cast, clock) -> Story:
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return posted_story(cast, clock)


def test_a_whole_job_is_taken_back_to_the_cent(story):
    job = story.reverse()
    story.work()

    assert set(story.ledger().values()) == {0}
    assert {posting.reversed_at for posting in story.charges()} == {story.clock()}
    for back in job.postings.all():
        assert back.amount_cents == -back.reverses.amount_cents
        assert (back.state, back.charge_id) == (PostingState.POSTED, back.reverses.charge_id)
        assert f"Reversal of {back.reverses.reference} [{back.reference}]" in back.body
    assert job.reverses == story.job
    counts = count_job(story.job)
    assert (counts.posted, counts.reversed, counts.net_cents) == (3, 3, 0)
    assert counts.posted_cents == counts.reversed_cents == counts.total_cents


def test_nothing_is_sent_before_the_second_person_approves(story):
    sent = len(story.pms.sent)
    reversal = story.ask()
    story.work()
    assert len(story.pms.sent) == sent
    assert PostingJob.objects.count() == 1
    assert reversal.state == ReversalState.REQUESTED

    with pytest.raises(OwnRequest):
        approve_reversal(
            reversal=reversal,
            gateway=gateway_to_nowhere(),
            by=story.cast.accountant,
            now=story.clock(),
        )
    assert not Posting.objects.exclude(reverses=None).exists()


def test_one_charge_is_taken_back_and_the_others_stay(story):
    one, *others = story.charges()
    story.reverse([one])
    story.work()

    totals = story.ledger()
    assert totals.pop(one.charge_id) == 0
    assert sorted(totals.values()) == sorted(posting.amount_cents for posting in others)
    counts = count_job(story.job)
    assert (counts.reversed, counts.net_cents) == (1, counts.posted_cents - one.amount_cents)
    assert describe_job(story.job.public_id, counts).reversed == 1


def test_every_step_is_in_the_audit_trail(story):
    story.reverse()
    story.work()

    asked = AuditEvent.objects.get(verb="reversal.requested")
    assert (asked.note, asked.after["charges"]) == (REASON, 3)
    approved = AuditEvent.objects.get(verb="reversal.approved")
    assert approved.actor == story.second
    assert approved.after["reversed_cents"] == count_job(story.job).posted_cents
    assert AuditEvent.objects.filter(verb="posting.reversed").count() == 3


def test_a_request_can_be_refused_or_withdrawn_and_made_again(story):
    first = story.ask()
    refuse_reversal(reversal=first, reason="It is right.", by=story.second, now=story.clock())
    second = story.ask()
    withdraw_reversal(reversal=second, by=story.cast.accountant, now=story.clock())
    third = story.ask()

    states = [Reversal.objects.get(pk=each.pk).state for each in (first, second, third)]
    assert states == ["refused", "withdrawn", "requested"]
    first.refresh_from_db()
    assert (first.verdict, first.decided_by) == ("It is right.", story.second)


def test_only_the_right_person_refuses_or_withdraws(story):
    reversal = story.ask()
    with pytest.raises(OwnRequest):
        refuse_reversal(
            reversal=reversal, reason="No.", by=story.cast.accountant, now=story.clock()
        )
    with pytest.raises(WrongState, match="whoever asked"):
        withdraw_reversal(reversal=reversal, by=story.second, now=story.clock())


def test_what_was_decided_is_decided(story):
    reversal = story.ask()
    story.approve(reversal)
    for act in (story.approve, lambda each: withdraw(story, each)):
        with pytest.raises(WrongState, match="already: it is approved"):
            act(reversal)
    assert PostingJob.objects.filter(reverses=story.job).count() == 1


def withdraw(story: Story, reversal: Reversal) -> None:
    withdraw_reversal(reversal=reversal, by=story.cast.accountant, now=story.clock())


def test_a_charge_is_in_one_reversal_at_a_time(story):
    one, two, _ = story.charges()
    reversal = story.ask([one])
    assert story.obstacle(one) == f"Its reversal {reversal.public_id} waits for approval."
    with pytest.raises(CannotReverse, match="Unit 101: Its reversal"):
        story.ask([one, two])
    job = story.approve(reversal).reversing_job
    assert story.obstacle(one) == f"Its reversal is on its way in job {job.public_id}."
    story.work()
    assert story.obstacle(one) == "Reversed already, on 2026-04-02."
    with pytest.raises(CannotReverse, match="Reversed already"):
        story.ask([one])
    assert Reversal.objects.count() == 1


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (PostingState.CANCELLED, "It was never sent"),
        (PostingState.REJECTED, "only what is posted"),
        (PostingState.PENDING, "only what is posted"),
        (PostingState.REVIEW, "only what is posted"),
    ],
)
def test_only_what_is_posted_can_be_reversed(story, state, words):
    one = story.charges()[0]
    Posting.objects.filter(pk=one.pk).update(state=state)
    assert words in story.obstacle(one)
    with pytest.raises(CannotReverse, match=words):
        story.ask([one])


def test_a_reversal_is_not_reversed(story):
    job = story.reverse()
    story.work()
    back = job.postings.first()
    assert story.obstacle(back) == "This is a reversal itself. Post the charge again instead."


def test_nothing_chosen_is_nothing_asked(story):
    with pytest.raises(CannotReverse, match="Choose at least one"):
        story.ask([])
    assert not Reversal.objects.exists()


def test_it_names_the_account_that_was_posted_to_whatever_the_code_means_now(story):
    story.job.calculation.bill.property.link.connection.portfolio.charge_codes.update(
        retired_at=story.clock()
    )
    back = story.reverse().postings.first()
    assert '"charge_code":"UTIL"' in back.body


def test_with_posting_switched_off_nothing_is_approved(story, settings):
    reversal = story.ask()
    settings.PROPEXO_CHARGE_POSTING_ENABLED = False
    with pytest.raises(PostingDisabled):
        story.approve(reversal)
    reversal.refresh_from_db()
    assert reversal.state == ReversalState.REQUESTED
    assert reversal.items.filter(is_open=True).count() == 3
