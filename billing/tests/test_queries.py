"""Counting jobs, finding what was posted before, and saying what has changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from billing.models import (
    Calculation,
    CalculationState,
    Posting,
    PostingJob,
    PostingState,
    Utility,
)
from billing.operations.bills import BillEntry, enter_bill
from billing.operations.posting_jobs import PostingOrder, create_posting_job
from billing.queries import (
    changes_since,
    count_job,
    count_jobs,
    earlier_postings,
    last_beat,
    open_failures,
)
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period

pytestmark = pytest.mark.django_db

ORDER = PostingOrder(charge_date=date(2026, 4, 1), charge_code="UTIL", description="Water")


@pytest.fixture
def job(settings, approved: Calculation, cast, gateway, now) -> PostingJob:
    """Confirm the posting of 45 charges."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return create_posting_job(
        calculation=approved, order=ORDER, gateway=gateway, by=cast.accountant, now=now
    )


def put(job: PostingJob, **counts: int) -> None:
    """Put so many postings of a job into each state, beginning with the first."""
    waiting = iter(job.postings.filter(state=PostingState.PENDING))
    for state, count in counts.items():
        for _ in range(count):
            posting = next(waiting)
            posting.state = PostingState(state)
            posting.token, posting.lease_until = "t", job.created_at
            posting.settle_at = job.created_at
            posting.remote_charge_id = f"chg_{posting.pk}" if state == "posted" else ""
            posting.save()


def test_the_parts_of_a_job_add_up(job):
    put(job, posted=10, rejected=2, review=1, sending=3, unknown=4, cancelled=5)

    counts = count_job(job)

    assert counts.total == 45
    assert (counts.posted, counts.failed, counts.unknown, counts.skipped) == (10, 3, 4, 5)
    assert counts.pending == 20 + 3
    amounts = dict(job.postings.values_list("pk", "amount_cents"))
    assert counts.total_cents == sum(amounts.values()) == job.calculation.tenants_cents
    posted = job.postings.filter(state=PostingState.POSTED).values_list("pk", flat=True)
    assert counts.posted_cents == sum(amounts[pk] for pk in posted)


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        ({}, "queued"),
        ({"posted": 1}, "running"),
        ({"unknown": 1}, "running"),
        ({"posted": 44, "unknown": 1}, "running"),
        ({"posted": 44, "review": 1}, "completed"),
        ({"rejected": 45}, "completed"),
    ],
)
def test_the_status_of_a_job_follows_from_its_parts(job, counts: dict[str, int], status: str):
    put(job, **counts)

    assert count_job(job).status == status


def test_several_jobs_are_counted_in_one_query(job, django_assert_num_queries):
    empty = PostingJob.objects.create(
        public_id="job_empty",
        calculation=job.calculation,
        connection=job.connection,
        charge_date=job.charge_date,
        charge_code="X",
        description="",
        post_to_pms=False,
        created_by=job.created_by,
        created_at=job.created_at,
    )

    with django_assert_num_queries(1):
        counts = count_jobs([job, empty])

    assert (counts[job.pk].total, counts[empty.pk].total) == (45, 0)


def test_what_was_posted_for_the_same_bill_is_found(job, bill):
    (found,) = earlier_postings(bill)

    assert (found.job, found.same_bill, found.counts.total) == (job, True, 45)


@pytest.mark.parametrize(
    ("change", "is_found"),
    [
        ({"period": Period(date(2026, 3, 31), date(2026, 4, 30))}, True),
        ({"period": Period(date(2026, 4, 1), date(2026, 5, 1))}, False),
        ({"utility": Utility.SEWER}, False),
        ({"account_number": "other"}, True),
    ],
)
def test_what_was_posted_for_the_same_utility_and_days_is_found(
    job, place, cast, now, change, is_found
):
    entry = BillEntry(
        utility=Utility.WATER,
        period=Period(date(2026, 3, 1), date(2026, 4, 1)),
        amount=Cents(1),
    )
    other = enter_bill(
        place=place, entry=replace(entry, **change, amount=Cents(5)), by=cast.manager, now=now
    )

    found = earlier_postings(other)

    assert [(earlier.job, earlier.same_bill) for earlier in found] == (
        [(job, False)] if is_found else []
    )


def test_a_dry_run_was_not_posted_before(job, bill):
    PostingJob.objects.update(post_to_pms=False)

    assert earlier_postings(bill) == []


def test_open_failures_are_those_nobody_has_dealt_with(job, cast, now):
    put(job, rejected=2, review=1, posted=1, unknown=1)
    resolved = job.postings.filter(state=PostingState.REJECTED).first()
    Posting.objects.filter(pk=resolved.pk).update(
        resolved_at=now, resolved_by=cast.accountant, resolution="By hand."
    )

    found = open_failures(Posting.objects.all())

    assert sorted(posting.state for posting in found) == ["rejected", "review"]
    assert resolved not in found


def test_the_last_beat_is_the_last_move_of_any_charge(job, now):
    assert last_beat(job) == now
    later = now + timedelta(minutes=1)
    Posting.objects.filter(pk=job.postings.first().pk).update(state_at=later)

    assert last_beat(job) == later


def test_nothing_has_changed_right_after_a_calculation(approved):
    assert changes_since(approved) == ()


def test_changes_are_told_in_the_order_of_the_units(approved, bill):
    numbers = ["301", "104", "201", "412", "108"]
    bill.property.units.filter(unit_number__in=numbers).update(sqft=1)

    changes = changes_since(approved)

    assert changes == tuple(f"unit {number} has other square feet" for number in sorted(numbers))


def test_figures_that_are_read_otherwise_than_before_are_a_change(approved):
    # Another version of MeterBase may make other inputs of the same rows.
    approved.inputs["rule"]["bathroom_factor"] = "3/4"
    approved.inputs_digest = "0" * 64
    approved.save()

    assert changes_since(approved) != ()
    assert approved.state == CalculationState.APPROVED
