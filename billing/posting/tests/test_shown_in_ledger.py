"""What the PMS's ledger shows and MeterBase does not call posted is never charged a second time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing.models import (
    Posting,
    PostingState,
)
from billing.operations.calculations import WrongState, calculate_bill
from billing.operations.failures import resolve_posting, retry_posting
from billing.operations.job_control import stop_job
from billing.operations.postings import ShownInThePms
from billing.operations.resends import ask_to_send_again, send_again
from billing.operations.reversals import CannotReverse
from billing.posting.tests.fake_pms import Fate
from billing.posting.tests.forgetting import (
    appear,
    compare,
    make_job,
    times_charged,
    work_on,
)
from billing.reversals import preview_reversal
from billing.tests.paged_ledger import PagedLedger
from billing.tests.reversing import ORDER, Story, second_accountant
from billing.tests.small_place import gateway_to_nowhere, small_job
from integrations.models import PropertyLink
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


def refused(story: Story) -> Posting:
    """Have the first charge refused, and shown by the ledger all the same."""
    story.pms.script.append(Fate.REFUSED)
    story.work()
    posting = story.job.postings.get(state=PostingState.REJECTED)
    appear(story, posting)
    assert compare(story).differences.get().posting_id == posting.pk
    PropertyLink.objects.update(last_synced_at=story.clock())
    return posting


def test_a_refused_charge_that_the_ledger_shows_is_not_replaced(unsent):
    posting = refused(unsent)

    with pytest.raises(ShownInThePms) as refusal:
        make_job(unsent)

    unit = posting.charge.unit_label
    assert str(refusal.value) == (
        f"Unit {unit}: The PMS shows {posting.reference} as chg_late: send it again from its own "
        "page; it is looked up first."
    )
    posting.refresh_from_db()
    assert posting.state == PostingState.REJECTED


def test_sent_again_from_its_own_page_it_is_found(unsent):
    posting = refused(unsent)

    retry_posting(posting=posting, by=unsent.cast.accountant, now=unsent.clock())
    work_on(unsent)

    posting.refresh_from_db()
    assert (posting.state, posting.remote_charge_id) == (PostingState.POSTED, "chg_late")
    assert (len(unsent.pms.sent), times_charged(unsent)) == (3, [1, 1, 1])


def test_once_it_was_looked_up_and_is_gone_it_can_be_replaced(unsent):
    posting = refused(unsent)
    unsent.pms.rows().pop()
    unsent.pms.script.append(Fate.REFUSED)
    retry_posting(posting=posting, by=unsent.cast.accountant, now=unsent.clock())
    work_on(unsent)

    make_job(unsent)
    work_on(unsent)

    assert times_charged(unsent) == [1, 1, 1]


def test_a_bill_whose_refused_charge_the_ledger_shows_is_not_calculated_anew(unsent):
    unsent.pms.script.extend([Fate.REFUSED] * 3)
    unsent.work()
    appear(unsent, unsent.charges()[0])
    compare(unsent)

    with pytest.raises(WrongState, match=r"The PMS shows MB-.* as chg_late: send it again"):
        calculate_bill(bill=unsent.job.calculation.bill, by=unsent.cast.manager, now=unsent.clock())


def skipped(story: Story) -> Posting:
    """Stop the job, and have the ledger show its first charge all the same."""
    stop_job(job=story.job, by=story.cast.accountant, now=story.clock())
    posting = story.charges()[0]
    appear(story, posting)
    return posting


@pytest.mark.parametrize("compared", ["before", "after"])
def test_a_skipped_charge_that_the_ledger_shows_waits_for_a_person(unsent, compared):
    posting = skipped(unsent)
    if compared == "before":
        compare(unsent)
    job = make_job(unsent)
    if compared == "after":
        compare(unsent)
    work_on(unsent)

    anew = job.postings.get(charge=posting.charge)
    assert (anew.state, anew.error_code) == (PostingState.REVIEW, "RESTORED")
    assert f"The PMS shows {posting.reference} as chg_late" in anew.error
    assert "not sent" in anew.error
    assert anew.attempts.get().outcome == ""
    assert job.postings.filter(state=PostingState.POSTED).count() == 2
    assert times_charged(unsent) == [1, 1, 1]


def test_two_people_may_send_it_all_the_same(unsent):
    posting = skipped(unsent)
    compare(unsent)
    job = make_job(unsent)
    work_on(unsent)
    unsent.pms.rows()[:] = [row for row in unsent.pms.rows() if row.charge_id != "chg_late"]
    anew = job.postings.get(charge=posting.charge)

    why = "Voided in the PMS."
    ask_to_send_again(posting=anew, reason=why, by=unsent.cast.accountant, now=unsent.clock())
    send_again(posting=anew, by=unsent.second, now=unsent.clock())
    work_on(unsent)

    anew.refresh_from_db()
    assert anew.state == PostingState.POSTED
    assert times_charged(unsent) == [1, 1, 1]


def test_a_charge_that_was_forgotten_under_another_reference_waits_for_a_person(unsent):
    one = unsent.charges()[0]
    appear(unsent, one)
    other = reference_for(one.business_key, 1)
    rows = unsent.pms.rows()
    rows[-1] = replace(rows[-1], description=f"Water [{other}]")
    compare(unsent)

    work_on(unsent)

    one.refresh_from_db()
    assert one.state == PostingState.REVIEW
    assert other in one.error
    assert times_charged(unsent) == [1, 1, 1]


def obstacle(posting: Posting) -> tuple[str, bool]:
    found = preview_reversal(
        job=posting.job, gateway=gateway_to_nowhere(), charge_date=ORDER.charge_date
    )
    candidate = next(each for each in found.candidates if each.posting == posting)
    return candidate.obstacle, candidate.by_hand


def closed_reversal(story: Story, one: Posting) -> Posting:
    """Have a reversal refused and closed, and the ledger show it all the same."""
    job = story.reverse([one])
    story.pms.script.append(Fate.REFUSED)
    story.work()
    back = job.postings.get()
    resolve_posting(posting=back, note="Later.", by=story.second, now=story.clock())
    appear(story, back, "chg_credit")
    return back


def test_a_charge_whose_refused_reversal_the_ledger_shows_is_not_reversed_again(story):
    one = story.charges()[0]
    back = closed_reversal(story, one)
    compare(story)

    words, by_hand = obstacle(one)
    assert f"The PMS shows {back.reference} as chg_credit" in words
    assert by_hand
    with pytest.raises(CannotReverse, match="chg_credit"):
        story.reverse([one])


def test_a_reversal_under_way_is_not_sent_when_an_earlier_one_shows(story):
    one = story.charges()[0]
    closed_reversal(story, one)
    anew = story.reverse([one]).postings.get()
    compare(story)

    work_on(story)

    anew.refresh_from_db()
    assert anew.state == PostingState.REVIEW
    assert times_charged(story) == [1, 1, 1, 1]
