"""What people, workers and the PMS do when a ledger shows what MeterBase does not know."""

from __future__ import annotations

import typing
from dataclasses import replace

from billing.models import (
    LedgerCheck,
    Posting,
    PostingAttempt,
    PostingEvent,
    PostingJob,
    Reversal,
    ReversalItem,
)
from billing.operations.ledger_checks import check_ledger
from billing.operations.posting_jobs import (
    Confirmation,
    DuplicatesFound,
    PostingOrder,
    create_posting_job,
)
from billing.posting.sweep import sweep
from billing.tests.reversing import Story
from billing.tests.small_place import ORDER as POSTING_ORDER
from billing.tests.small_place import gateway_to_nowhere
from integrations.pms.gateway import PmsGateway


def gateway_of(story: Story) -> PmsGateway:
    """Give the story's PMS, which has what an engine asks of one, and no more."""
    return typing.cast("PmsGateway", story.pms)


def compare(story: Story) -> LedgerCheck:
    """Read the whole ledger back, a minute later."""
    story.clock.advance(minutes=1)
    place = story.job.calculation.bill.property
    found = check_ledger(place=place, gateway=gateway_of(story), by=None, clock=story.clock)
    story.clock.advance(minutes=1)
    return found


def make_job(story: Story, *, post_to_pms: bool = True) -> PostingJob:
    """Post the bill, as a person does who confirms what was found."""
    try:
        return _create_job(story, replace(POSTING_ORDER, post_to_pms=post_to_pms))
    except DuplicatesFound as found:
        said = Confirmation(digest=found.found.digest, reason="It is meant.")
        return _create_job(story, replace(POSTING_ORDER, confirmed=said))


def _create_job(story: Story, order: PostingOrder) -> PostingJob:
    return create_posting_job(
        calculation=story.job.calculation,
        order=order,
        gateway=gateway_to_nowhere(),
        by=story.cast.accountant,
        now=story.clock(),
    )


def work_on(story: Story) -> None:
    """Do all that workers and sweepers want to do."""
    for _ in range(4):
        story.work()
        story.clock.advance(minutes=3)
        sweep(gateway_for=lambda _: gateway_of(story), clock=story.clock)


def forget(job: PostingJob) -> None:
    """Forget a job, as a database does that comes back from a backup."""
    postings = Posting.objects.filter(job=job)
    Posting.objects.filter(reversing_postings__job=job).update(reversed_at=None)
    ReversalItem.objects.filter(reversal__reversing_job=job).delete()
    Reversal.objects.filter(reversing_job=job).delete()
    for table in (PostingEvent, PostingAttempt):
        table.objects.filter(posting__in=postings).delete()
    postings.delete()
    job.delete()


def appear(story: Story, posting: Posting, charge_id: str = "chg_late") -> None:
    """Have the PMS show a charge that it had refused, or that was never sent."""
    row = story.pms.charge_of(posting.body.encode(), charge_id=charge_id)
    story.pms.rows().append(row)


def times_charged(story: Story) -> list[int]:
    """Count how often the PMS has each charge."""
    return [len(amounts) for amounts in story.pms.amounts().values()]
