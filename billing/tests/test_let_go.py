"""A charge that a person let go stands in nobody's way: it never was in the PMS."""

from __future__ import annotations

import pytest

from billing.models import Posting, PostingState, ResolvedAs, UtilityBill
from billing.operations.bill_changes import void_bill
from billing.operations.bills import BillLocked
from billing.operations.calculations import WrongState, calculate_bill
from billing.operations.failures import resolve_posting
from billing.tests.reversing import Story, posted_story

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(settings, cast, clock) -> Story:
    """Post three charges, refuse the first one, and let it go."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    story = posted_story(cast, clock)
    refused = story.charges()[0]
    Posting.objects.filter(pk=refused.pk).update(
        state=PostingState.REJECTED, remote_charge_id="", error_code="PMS_REJECTED", error="No."
    )
    refused.refresh_from_db()
    resolve_posting(
        posting=refused,
        note="So be it.",
        by=cast.accountant,
        now=clock(),
        resolved_as=ResolvedAs.WRITTEN_OFF,
    )
    return story


def calculate(story: Story) -> None:
    calculate_bill(bill=UtilityBill.objects.get(), by=story.cast.manager, now=story.clock())


def test_while_the_others_are_charged_the_bill_stays_as_it_is(story):
    with pytest.raises(WrongState, match="has been posted"):
        calculate(story)


def test_once_the_others_are_taken_back_the_bill_can_be_calculated_anew(story):
    story.reverse(story.charges()[1:])
    story.work()

    calculate(story)

    # What was let go stays so: nobody decided to charge it after all.
    charged = story.charges()[0].charge
    assert charged.postings.get().resolved_as == ResolvedAs.WRITTEN_OFF


def test_then_it_can_be_voided(story):
    bill = UtilityBill.objects.get()
    with pytest.raises(BillLocked):
        void_bill(bill=bill, reason="Not ours.", by=story.cast.manager, now=story.clock())
    story.reverse(story.charges()[1:])
    story.work()
    calculate(story)

    void_bill(bill=bill, reason="Not ours.", by=story.cast.manager, now=story.clock())

    assert not UtilityBill.objects.exists()
