"""Of several postings of a charge, the one is shown that says most of what its resident owes."""

from __future__ import annotations

import pytest

from billing.models import Posting, PostingState
from billing.operations.job_control import stop_job
from billing.tests.reversing import Story, posted_story
from billing.tests.small_place import small_job
from billing.views.charge_states import states_of

pytestmark = pytest.mark.django_db

S = PostingState
# From what says most to what says least.
RANKS = [
    ("Needs a decision", S.REVIEW),
    ("Not known yet", S.UNKNOWN),
    ("Posted", S.POSTED),
    ("Taken by the PMS, being written", S.ACCEPTED),
    ("Waiting", S.PENDING),
    ("Failed", S.REJECTED),
    ("Resolved by hand", S.REJECTED),
    ("Reversed", S.POSTED),
    ("Skipped", S.CANCELLED),
]
EQUAL = {
    **dict.fromkeys(("Needs a decision", "Not known yet"), "in doubt"),
    **dict.fromkeys(("Taken by the PMS, being written", "Waiting"), "on its way"),
}


@pytest.fixture
def job(settings, cast, now):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return small_job(cast, now)


def stand_at(posting: Posting, label: str, state: PostingState) -> None:
    """Have a posting stand at a state, with what belongs to it."""
    posting.state, posting.settle_at = state, posting.created_at
    posting.remote_job_id = "job_1"
    if label == "Resolved by hand":
        posting.resolved_by, posting.resolved_at = posting.job.created_by, posting.created_at
        posting.resolution = "Charged by hand."
    if label == "Reversed":
        posting.reversed_at = posting.created_at
    posting.save()


def another(posting: Posting) -> Posting:
    """Post the same charge a second time."""
    return Posting(
        job=posting.job,
        charge=posting.charge,
        connection=posting.connection,
        business_key=f"{posting.business_key} anew",
        reference="MB-0000000000001",
        amount_cents=posting.amount_cents,
        not_before=posting.not_before,
        created_at=posting.created_at,
        state_at=posting.state_at,
    )


PAIRS = [
    (more, less)
    for number, more in enumerate(RANKS)
    for less in RANKS[number + 1 :]
    if EQUAL.get(more[0], more[0]) != EQUAL.get(less[0], less[0])
]


@pytest.mark.parametrize(("more", "less"), PAIRS)
@pytest.mark.parametrize("is_later", [True, False])
def test_what_says_more_is_shown_whichever_came_first(job, more, less, is_later):
    first = job.postings.first()
    last = another(first)
    heavy, light = (last, first) if is_later else (first, last)
    stand_at(heavy, *more)
    stand_at(light, *less)

    shown = states_of(job.calculation)[first.charge_id]

    assert (shown.badge.label, shown.posting_id) == (more[0], heavy.pk)


def test_of_equals_the_last_is_shown(job):
    first = job.postings.first()
    last = another(first)
    for posting in (first, last):
        stand_at(posting, "Failed", S.REJECTED)

    assert states_of(job.calculation)[first.charge_id].posting_id == last.pk


def test_a_stopped_job_does_not_hide_that_a_charge_was_posted_again(settings, cast, clock):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    story: Story = posted_story(cast, clock)
    one = story.charges()[0]
    skipped = another(one)
    stand_at(skipped, "Waiting", S.PENDING)
    stop_job(job=story.job, by=cast.accountant, now=clock())

    shown = states_of(story.job.calculation)[one.charge_id]

    assert (shown.badge.label, shown.posting_id) == ("Posted", one.pk)
