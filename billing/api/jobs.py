"""How posting jobs stand."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query
from pydantic import Field

from billing.api.routes import router
from billing.models import Posting, PostingJob, PostingState
from billing.queries import JobCounts, count_job, count_jobs, counts_of, postings_by_state
from meterbase.lib.exact_json import Written, write_json
from meterbase.lib.json_api import (
    Answer,
    Moment,
    Money,
    PageQuery,
    Pagination,
    RowId,
    paginate,
    written_answer,
)
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


_jobs_by_name = access.KeptRows(PostingJob.objects.filter(public_id=blank("name")))
# A program asks for these again and again while its job runs.
_postings_by_job = access.KeptSums(
    Posting.objects.filter(job__public_id=blank("name")),
    lambda rows: postings_by_state(rows, "job_id", "job__paused_at", "job__stopped_at"),
)


@router.get("/jobs/{job_id}", auth=Key(Scope.CHARGES_READ), response=JobAnswer, exclude_unset=True)
def show_job(request: HttpRequest, job_id: str) -> HttpResponse:
    """Tell how a posting job stands; the counters add up to `total_charges`."""
    lines = _postings_by_job.all(user=caller(request), name=job_id)
    if lines:
        number, paused_at, stopped_at = lines[0][:3]
        counts = counts_of(
            (line[3:] for line in lines),
            is_paused=paused_at is not None,
            is_stopped=stopped_at is not None,
        )
    else:
        # There is no such job, or it has no charges.
        job = _jobs_by_name.fetch(user=caller(request), name=job_id)
        number, counts = job.pk, count_job(job)
    answer = describe_job(job_id, counts).model_dump(exclude_unset=True)
    return written_answer(answer | {"failures": _failures(number) if counts.failed else []})


def describe_job(job_id: str, counts: JobCounts) -> JobAnswer:
    """Write a job as the API shows it, but for its failures."""
    taken_back = {"reversed": counts.reversed} if counts.reversed else {}
    return JobAnswer(
        job_id=job_id,
        status=counts.status,
        total_charges=counts.total,
        posted=counts.posted,
        failed=counts.failed,
        pending=counts.pending,
        unknown=counts.unknown,
        skipped=counts.skipped,
        failures=[],
        **taken_back,
    )


def _failures(job: int) -> list[Written]:
    return [_write_failure(*line) for line in _failed_lines().all(job=job)]


# What was written of a failure is right for as long as the failure reads the same.
@lru_cache(maxsize=4_096)
def _write_failure(unit: str, cents: int, error: str, code: str) -> Written:
    amount = dollars_from_cents(cents)
    answer = FailureAnswer(unit=unit, amount=amount, error=error, propexo_error_code=code)
    return Written(write_json(answer.model_dump()).decode("ascii"))


@cache
def _failed_lines() -> KeptValues:
    """Ask for the charges of a job that failed, resolved by hand or not."""
    states = [PostingState.REJECTED, PostingState.REVIEW]
    failed = Posting.objects.filter(job=blank("job"), state__in=states).order_by("pk")
    columns = ("charge__unit_label", "amount_cents", "error", "error_code")
    return KeptValues(failed.values_list(*columns))
