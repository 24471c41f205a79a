"""What a restored database has forgotten is found in the ledger, past dry runs and reversals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing.models import (
    DifferenceKind,
    LedgerDifference,
    Posting,
    PostingState,
)
from billing.posting.tests.forgetting import (
    compare,
    forget,
    make_job,
    times_charged,
    work_on,
)
from billing.tests.paged_ledger import PagedLedger
from billing.tests.reversing import Story, second_accountant
from billing.tests.small_place import small_job
from integrations.models import Connection
from integrations.pms.reference import reference_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def unsent(settings, cast, clock) -> Story:
    """Confirm the posting of three charges; nothing is sent yet."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = small_job(cast, clock())
    return Story(job, PagedLedger(clock), cast, second_accountant(cast), clock)


@pytest.fixture
def story(unsent: Story) -> Story:
    """Post the three charges."""
    unsent.work()
    return unsent


# --- Dry runs ------------------------------------------------------------------------------------


def test_a_dry_run_uses_no_reference_of_what_is_sent(story):
    real = {posting.business_key: posting.reference for posting in story.charges()}
    forget(story.job)

    dry = make_job(story, post_to_pms=False)
    assert not set(real.values()) & {posting.reference for posting in dry.postings.all()}
    again = make_job(story, post_to_pms=False)
    assert again.postings.count() == dry.postings.count() == 3

    job = make_job(story)
    assert {each.business_key: each.reference for each in job.postings.all()} == real


def test_a_dry_run_after_a_restore_does_not_hide_the_forgotten_charges(story):
    forget(story.job)
    assert compare(story).extra == 3

    make_job(story, post_to_pms=False)
    job = make_job(story)
    work_on(story)

    assert set(job.postings.values_list("state", flat=True)) == {PostingState.POSTED}
    assert (len(story.pms.sent), times_charged(story)) == (3, [1, 1, 1])


@pytest.mark.parametrize("compared", ["before", "after", "before, and named the dry run"])
def test_a_dry_run_of_an_older_version_gives_its_reference_back(story, compared):
    forget(story.job)
    if compared == "before":
        compare(story)
    dry = make_job(story, post_to_pms=False)
    for posting in dry.postings.all():
        first = reference_for(posting.business_key)
        Posting.objects.filter(pk=posting.pk).update(reference=first)
    if compared != "before":
        assert compare(story).extra == 3
    if "named" in compared:
        LedgerDifference.objects.update(posting=dry.postings.first())

    job = make_job(story)
    work_on(story)

    assert set(job.postings.values_list("state", flat=True)) == {PostingState.POSTED}
    assert (len(story.pms.sent), times_charged(story)) == (3, [1, 1, 1])
    for posting in dry.postings.all():
        assert posting.reference not in story.pms.amounts()
        assert posting.events.filter(note__contains="went to the charge that is").exists()


def test_what_a_dry_run_shows_is_not_known_when_the_ledger_has_it(story):
    forget(story.job)
    dry = make_job(story, post_to_pms=False)
    one = dry.postings.order_by("pk")[0]
    Posting.objects.filter(pk=one.pk).update(reference=reference_for(one.business_key))

    compare(story)

    found = LedgerDifference.objects.filter(kind=DifferenceKind.EXTRA)
    assert set(found.values_list("posting", flat=True)) == {None}


# --- Posted and taken back, and both forgotten ---------------------------------------------------


def test_a_forgotten_charge_that_was_taken_back_is_not_called_posted(story):
    back = story.reverse()
    story.work()
    forget(back)
    forget(story.job)
    assert compare(story).extra == 6

    job = make_job(story)
    work_on(story)

    assert set(job.postings.values_list("state", flat=True)) == {PostingState.POSTED}
    amounts = story.pms.amounts()
    for posting in job.postings.all():
        assert posting.reference == reference_for(posting.business_key, 1)
        assert len(amounts[posting.reference]) == 1
    owed = sum(sum(each) for each in amounts.values())
    assert owed * 100 == sum(posting.amount_cents for posting in job.postings.all())


def test_a_forgotten_second_charge_is_found_behind_a_reversed_one(story):
    one = story.charges()[0]
    back = story.reverse([one])
    story.work()
    again = make_job(story)
    story.work()
    sent = len(story.pms.sent)
    for job in (again, back, story.job):
        forget(job)
    compare(story)

    job = make_job(story)
    work_on(story)

    assert set(job.postings.values_list("state", flat=True)) == {PostingState.POSTED}
    assert len(story.pms.sent) == sent


def test_a_forgotten_reversal_is_named_and_found_when_it_is_asked_for_again(story):
    one = story.charges()[0]
    back = story.reverse([one])
    story.work()
    reference = back.postings.get().reference
    sent = len(story.pms.sent)
    forget(back)

    found = compare(story).differences.get()
    assert (found.kind, found.reference) == (DifferenceKind.EXTRA, reference)
    assert f"This is the reversal of {one.reference}: ask for that reversal again" in found.message

    anew = story.reverse([one]).postings.get()
    assert anew.reference == reference
    work_on(story)

    one.refresh_from_db()
    assert one.reversed_at is not None
    assert len(story.pms.sent) == sent
    assert Connection.objects.get().ledger_showed_unknown


def test_a_stranger_under_a_meterbase_reference_is_no_reversal(story):
    row = story.pms.charge_of(story.charges()[0].body.encode(), charge_id="chg_strange")
    reference = reference_for("somebody else's")
    known = story.charges()[0].reference
    story.pms.rows().append(replace(row, description=f"{known} and [{reference}]"))

    assert "reversal" not in compare(story).differences.get().message
