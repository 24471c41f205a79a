"""How far a bill has come on its way from entry to the PMS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet
from django.urls import reverse

from billing.models import Calculation, PostingJob, UtilityBill
from billing.queries import JobCounts, charging_jobs, count_jobs
from billing.views.wording import Badge, calculation_badge, job_badge


@dataclass(frozen=True, slots=True)
class BillRow:
    """A bill in a list, with where it stands and the page that shows it."""

    bill: UtilityBill
    badge: Badge
    url: str


def with_calculations(bills: QuerySet[UtilityBill]) -> QuerySet[UtilityBill]:
    """Read bills with their property, calculations and posting jobs, in three queries."""
    jobs = PostingJob.objects.filter(post_to_pms=True)
    calculations = (
        Calculation.objects.defer("inputs", "result")
        .order_by("-version")
        .prefetch_related(Prefetch("jobs", queryset=jobs))
    )
    return bills.select_related("property__portfolio").prefetch_related(
        Prefetch("calculations", queryset=calculations)
    )


def bill_rows(bills: Sequence[UtilityBill]) -> list[BillRow]:
    """Tell where each bill stands, looking at all jobs in two queries."""
    jobs = [job for bill in bills for job in _jobs(bill)]
    counts = count_jobs(jobs)
    found = charging_jobs(PostingJob.objects.filter(pk__in=[job.pk for job in jobs]))
    charging = set(found.values_list("pk", flat=True))
    return [_row(bill, counts, charging) for bill in bills]


def _jobs(bill: UtilityBill) -> list[PostingJob]:
    return [job for calculation in bill.calculations.all() for job in calculation.jobs.all()]


def _row(bill: UtilityBill, counts: dict[int, JobCounts], charging: set[int]) -> BillRow:
    latest = bill.calculations.all()[:1]
    posted = [job for job in _jobs(bill) if job.pk in charging]
    tried = [job for version in latest for job in version.jobs.all()]
    failed = [job for job in tried if counts[job.pk].failed]
    reversed_ = [job for job in tried if counts[job.pk].reversed]
    for job in (posted or failed or reversed_)[:1]:
        url = reverse("billing:job-detail", args=[job.public_id])
        return BillRow(bill, job_badge(job, counts[job.pk]), url)
    for calculation in latest:
        url = reverse("billing:calculation-detail", args=[calculation.pk])
        return BillRow(bill, calculation_badge(calculation), url)
    url = reverse("billing:bill-detail", args=[bill.pk])
    return BillRow(bill, Badge("Not calculated", "neutral"), url)
