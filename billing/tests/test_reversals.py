"""Posted charges are taken back on the word of two people, by postings of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from billing.api.jobs import describe_job
from billing.duplicates import Duplicates, earlier_charges
from billing.models import (
    CalculationState,
    Posting,
    PostingJob,
    PostingState,
    Reversal,
    ReversalItem,
    ReversalState,
)
from billing.operations.calculations import WrongState, calculate_bill
from billing.operations.failures import resolve_posting, retry_posting
from billing.operations.posting_jobs import (
    Confirmation,
    PostingDisabled,
    create_posting_job,
)
from billing.operations.reversals import (
    CannotReverse,
    OwnRequest,
    approve_reversal,
    refuse_reversal,
    withdraw_reversal,
)
from billing.posting.sweep import sweep
from billing.posting.tests.fake_pms import Fate
from billing.queries import charges_to_post, charging_jobs, count_job, has_rest_to_post
from billing.reversals import preview_reversal
from billing.tests.reversing import ORDER, REASON, Story, posted_story
from billing.tests.small_place import ORDER as POSTING_ORDER
from billing.tests.small_place import gateway_to_nowhere
from portfolios.models import AuditEvent, LeaseStatus

pytestmark = pytest.mark.django_db

BY_HAND = replace(ORDER, pms_reference="Credit memo 4711")


@pytest.fixture
def story(settings, cast, clock) -> Story:
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return posted_story(cast, clock)


def ledger(story: Story) -> dict[int, int]:
    """Sum up what the PMS has for each charge, its reversals included."""
    amounts = story.pms.amounts()
    found: dict[int, int] = {}
    for posting in Posting.objects.all():
        cents = sum(int(amount * 100) for amount in amounts.get(posting.reference, ()))
        found[posting.charge_id] = found.get(posting.charge_id, 0) + cents
    return found


def test_a_whole_job_is_taken_back_to_the_cent(story):
    job = story.reverse()
    story.work()

    assert set(ledger(story).values()) == {0}
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

    totals = ledger(story)
    assert totals.pop(one.charge_id) == 0
    assert sorted(totals.values()) == sorted(posting.amount_cents for posting in others)
    counts = count_job(story.job)
    assert (counts.reversed, counts.net_cents) == (1, counts.posted_cents - one.amount_cents)
    assert describe_job(story.job).reversed == 1


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


def obstacle(story: Story, posting: Posting) -> str:
    """Tell what stands in the way of a reversal."""
    found = preview_reversal(
        job=posting.job, gateway=gateway_to_nowhere(), charge_date=ORDER.charge_date
    )
    return next(each.obstacle for each in found.candidates if each.posting == posting)


def test_a_charge_is_in_one_reversal_at_a_time(story):
    one, two, _ = story.charges()
    reversal = story.ask([one])
    assert obstacle(story, one) == f"Its reversal {reversal.public_id} waits for approval."
    with pytest.raises(CannotReverse, match="Unit 101: Its reversal"):
        story.ask([one, two])
    job = story.approve(reversal).reversing_job
    assert obstacle(story, one) == f"Its reversal is on its way in job {job.public_id}."
    story.work()
    assert obstacle(story, one) == "Reversed already, on 2026-04-02."
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
    assert words in obstacle(story, one)
    with pytest.raises(CannotReverse, match=words):
        story.ask([one])


def test_a_reversal_is_not_reversed(story):
    job = story.reverse()
    story.work()
    back = job.postings.first()
    assert obstacle(story, back) == "This is a reversal itself. Post the charge again instead."


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


# --- What becomes of it in the PMS ---------------------------------------------------------------


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
    assert ledger(story)[one.charge_id] == 0


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
    assert "send that again" in obstacle(story, one)

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
    assert ledger(story)[one.charge_id] == 0


def test_a_reversal_that_was_sent_by_nobody_takes_nothing_back(story):
    one = story.charges()[0]
    story.reverse([one])
    job = story.reverse([story.charges()[1]])
    Posting.objects.filter(reverses=one).update(state=PostingState.CANCELLED)
    story.work()
    one.refresh_from_db()
    assert one.reversed_at is None
    assert count_job(job).posted == 1
    assert obstacle(story, one) == ""


def test_who_moved_out_gets_money_back_only_where_the_pms_is_told_who(story):
    one = story.charges()[0]
    one.charge.lease.status = LeaseStatus.PAST
    one.charge.lease.save()
    # This contract names the unit alone.
    assert "would credit whoever lives there now" in obstacle(story, one)
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


# --- By hand -------------------------------------------------------------------------------------


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


# --- What a reversed charge means elsewhere ------------------------------------------------------


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
    assert sorted(ledger(story).values()) == sorted(p.amount_cents for p in again.postings.all())


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


# --- What the database refuses -------------------------------------------------------------------


def refused(name: str):
    return pytest.raises(IntegrityError, match=name)


def test_a_charge_has_one_live_reversal(story):
    one = story.charges()[0]
    back = story.reverse([one]).postings.get()
    back.pk, back.reference, back.business_key = None, "MB-0000000000001", "another"
    with transaction.atomic(), pytest.raises(IntegrityError):
        back.save()


def test_a_charge_is_in_one_open_request(story):
    item = story.ask([story.charges()[0]]).items.get()
    other = story.ask([story.charges()[1]])
    with transaction.atomic(), pytest.raises(IntegrityError):
        ReversalItem.objects.create(reversal=other, posting=item.posting)
