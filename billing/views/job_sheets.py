"""The lists of posting jobs and of their charges as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import QuerySet

from billing.models import Posting, PostingJob
from billing.queries import JobCounts, count_jobs
from billing.views.wording import job_badge, posting_badge
from meterbase.lib.sheets import Cell, Column, Kind, Sheet, in_batches
from meterbase.lib.sheets.batches import BATCH

Filters = tuple[tuple[str, str], ...]

_JOBS = (
    Column("job"),
    Column("property"),
    Column("utility"),
    Column("service from", Kind.DATE),
    Column("service to", Kind.DATE),
    Column("state"),
    Column("charges", Kind.NUMBER),
    Column("posted", Kind.NUMBER),
    Column("failed", Kind.NUMBER),
    Column("reversed", Kind.NUMBER),
    Column("total amount", Kind.CENTS),
    Column("posted amount", Kind.CENTS),
    Column("reversed amount", Kind.CENTS),
    Column("charge code"),
    Column("charge date", Kind.DATE),
    Column("post month", Kind.DATE),
    Column("PMS"),
    Column("created by"),
    Column("created at", Kind.MOMENT),
)
_POSTINGS = (
    Column("unit"),
    Column("resident"),
    Column("amount", Kind.CENTS),
    Column("state"),
    Column("since", Kind.MOMENT),
    Column("reference"),
    Column("charge id in the PMS"),
    Column("code"),
    Column("what is wrong"),
    Column("reversed at", Kind.MOMENT),
)


def job_sheet(jobs: QuerySet[PostingJob], *, filters: Filters) -> Sheet:
    """Write jobs with what became of their charges."""
    return Sheet("Posting jobs", filters, _JOBS, _jobs(jobs))


def _jobs(jobs: QuerySet[PostingJob]) -> Iterator[Sequence[Cell]]:
    for batch in in_batches(jobs.iterator(chunk_size=BATCH)):
        counts = count_jobs(batch)
        for job in batch:
            yield _job(job, counts[job.pk])


def _job(job: PostingJob, counts: JobCounts) -> Sequence[Cell]:
    bill = job.calculation.bill
    return (
        job.public_id,
        bill.property.name,
        bill.get_utility_display(),
        bill.period_start,
        bill.period_end,
        job_badge(job, counts).label,
        counts.total,
        counts.posted,
        counts.failed,
        counts.reversed,
        counts.total_cents,
        counts.posted_cents,
        counts.reversed_cents,
        job.charge_code,
        job.charge_date,
        job.post_month,
        str(job.connection),
        str(job.created_by),
        job.created_at,
    )


def posting_sheet(postings: QuerySet[Posting], *, title: str, filters: Filters) -> Sheet:
    """Write the charges of a job, or of a reversal, with what became of each."""
    light = postings.select_related("charge").defer("body", "raw_error", "charge__explanation")
    return Sheet(title, filters, _POSTINGS, map(_posting, light.iterator(chunk_size=BATCH)))


def _posting(posting: Posting) -> Sequence[Cell]:
    return (
        posting.charge.unit_label,
        posting.charge.resident_name,
        posting.amount_cents,
        posting_badge(posting).label,
        posting.state_at,
        posting.reference,
        posting.remote_charge_id,
        posting.error_code,
        posting.error or posting.waiting_because,
        posting.reversed_at,
    )
