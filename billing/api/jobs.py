"""How posting jobs stand."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from django.http import HttpRequest
from django.urls import reverse
from ninja import Query
from pydantic import Field

from billing.api.routes import router
from billing.models import Posting, PostingJob, PostingState
from billing.queries import JobCounts, count_job, count_jobs
from meterbase.lib.json_api import Answer, Moment, Money, PageQuery, Pagination, RowId, paginate
from meterbase.lib.kept_question import KeptValues, blank
from meterbase.lib.money import dollars_from_cents
from portfolios import access
from portfolios.bearer import Key, caller
from portfolios.models import Scope


class FailureAnswer(Answer):
    """A charge that failed, and why."""

    unit: str
    amount: Money
    error: str
    propexo_error_code: str


class JobAnswer(Answer):
    """How a job stands; `reversed` only where charges were taken back.

    Shape: the counters from `posted` to `skipped` add up to `total_charges`.
    """

    job_id: str
    status: Annotated[
        str,
        Field(
            json_schema_extra={
                "enum": ["queued", "running", "paused", "completed", "failed", "cancelled"]
            }
        ),
    ]
    total_charges: int
    posted: int
    failed: int
    pending: int
    unknown: int
    skipped: int
    reversed: int | None = None
    failures: list[FailureAnswer]


class JobLine(Answer):
    """A job in a list."""

    job_id: str
    status: str
    bill_id: int
    property_id: int
    charge_code: str
    post_to_pms: bool
    total_charges: int
    posted: int
    failed: int
    pending: int
    unknown: int
    skipped: int
    created_at: Moment
    url: str


class JobList(Answer):
    """Some of the jobs, the newest first."""

    jobs: list[JobLine]
    pagination: Pagination


class JobQuery(PageQuery):
    """Which jobs are asked for."""

    property_id: RowId | None = None
    bill_id: RowId | None = None


@router.get("/jobs", auth=Key(Scope.CHARGES_READ), response=JobList)
def list_jobs(request: HttpRequest, asked: Query[JobQuery]) -> JobList:
    """List the posting jobs, the newest first."""
    rows = access.rows(PostingJob, user=caller(request)).select_related("calculation__bill")
    if asked.property_id is not None:
        rows = rows.filter(calculation__bill__property=asked.property_id)
    if asked.bill_id is not None:
        rows = rows.filter(calculation__bill=asked.bill_id)
    page = paginate(rows.order_by("-created_at", "-pk"), asked)
    counts = count_jobs(page.rows)
    return JobList(
        jobs=[_line(job, counts[job.pk]) for job in page.rows], pagination=page.pagination
    )


def _line(job: PostingJob, counts: JobCounts) -> JobLine:
    bill = job.calculation.bill
    return JobLine(
        job_id=job.public_id,
        status=counts.status,
        bill_id=bill.pk,
        property_id=bill.property_id,
        charge_code=job.charge_code,
        post_to_pms=job.post_to_pms,
        total_charges=counts.total,
        posted=counts.posted,
        failed=counts.failed,
        pending=counts.pending,
        unknown=counts.unknown,
        skipped=counts.skipped,
        created_at=job.created_at,
        url=reverse("api:show_job", args=[job.public_id]),
    )


# A program asks for these again and again while its job runs.
_jobs_by_name = access.KeptRows(PostingJob.objects.filter(public_id=blank("name")))


@router.get("/jobs/{job_id}", auth=Key(Scope.CHARGES_READ), response=JobAnswer, exclude_unset=True)
def show_job(request: HttpRequest, job_id: str) -> JobAnswer:
    """Tell how a posting job stands; the counters add up to `total_charges`."""
    return describe_job(_jobs_by_name.fetch(user=caller(request), name=job_id))


def describe_job(job: PostingJob) -> JobAnswer:
    """Write a job as the API shows it."""
    counts = count_job(job)
    taken_back = {"reversed": counts.reversed} if counts.reversed else {}
    return JobAnswer(
        job_id=job.public_id,
        status=counts.status,
        total_charges=counts.total,
        posted=counts.posted,
        failed=counts.failed,
        pending=counts.pending,
        unknown=counts.unknown,
        skipped=counts.skipped,
        failures=_failures(job) if counts.failed else [],
        **taken_back,
    )


def _failures(job: PostingJob) -> list[FailureAnswer]:
    return [
        FailureAnswer(
            unit=unit,
            amount=dollars_from_cents(cents),
            error=error,
            propexo_error_code=code,
        )
        for unit, cents, error, code in _failed_lines().all(job=job.pk)
    ]


@cache
def _failed_lines() -> KeptValues:
    """Ask for the charges of a job that failed, resolved by hand or not."""
    states = [PostingState.REJECTED, PostingState.REVIEW]
    failed = Posting.objects.filter(job=blank("job"), state__in=states).order_by("pk")
    columns = ("charge__unit_label", "amount_cents", "error", "error_code")
    return KeptValues(failed.values_list(*columns))
