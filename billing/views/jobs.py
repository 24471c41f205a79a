"""Posting jobs and how they get on."""

from __future__ import annotations

from datetime import datetime

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.models import PostingJob, PostingState
from billing.queries import JobCounts, count_job, count_jobs, last_beat
from billing.views.progress import STATES_OF, percent_done, segments, waiting_for
from billing.views.wording import PAGE_SIZE, billing_month, job_badge, posting_badge
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in


@require_safe
@signed_in
def job_list(request: SignedInRequest) -> HttpResponse:
    """List the posting jobs, newest first."""
    jobs = access.rows(PostingJob, user=request.user).select_related(
        "calculation__bill__property", "connection", "created_by"
    )
    page = Paginator(_light(jobs), PAGE_SIZE).get_page(request.GET.get("page"))
    counts = count_jobs(list(page))
    rows = [
        {
            "job": job,
            "bill": job.calculation.bill,
            "month": billing_month(job.calculation.bill),
            "counts": counts[job.pk],
            "badge": job_badge(job, counts[job.pk]),
        }
        for job in page
    ]
    return render(request, "billing/job_list.html", {"page": page, "rows": rows})


@require_safe
@signed_in
def job_detail(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Show how a job gets on; a browser with htmx asks for the moving part only."""
    jobs = _light(
        PostingJob.objects.select_related(
            "calculation__bill__property__portfolio", "connection", "created_by"
        )
    )
    job = access.fetch(jobs, Action.READ, user=request.user, public_id=public_id)
    template = "billing/job_detail.html"
    if request.htmx:
        template += "#progress"
    return render(request, template, _page(request, job, now=timezone.now()))


def _light(jobs: QuerySet[PostingJob]) -> QuerySet[PostingJob]:
    """Leave the big documents of the calculation where they are."""
    return jobs.defer("calculation__inputs", "calculation__result")


def _page(request: SignedInRequest, job: PostingJob, *, now: datetime) -> dict[str, object]:
    counts = count_job(job)
    shown = request.GET.get("state", "")
    postings = job.postings.select_related("charge")
    if shown in STATES_OF:
        postings = postings.filter(state__in=STATES_OF[shown])
    page = Paginator(postings, PAGE_SIZE).get_page(request.GET.get("page"))
    bill = job.calculation.bill
    return {
        "job": job,
        "bill": bill,
        "month": billing_month(bill),
        "counts": counts,
        "badge": job_badge(job, counts),
        "percent": percent_done(counts),
        "segments": segments(job, counts),
        "filters": _filters(job, counts, shown),
        "waiting": waiting_for(job, counts, now=now),
        "beat": last_beat(job),
        "page": page,
        "rows": [(posting, posting_badge(posting)) for posting in page],
        "breadcrumbs": [("Jobs", reverse("billing:job-list"))],
        "check": job.ledger_checks.first(),
        "acts": _acts(request, job, counts),
    }


def _acts(request: SignedInRequest, job: PostingJob, counts: JobCounts) -> dict[str, bool]:
    """Tell what this person can do with a job now."""
    portfolio = job.calculation.bill.property.portfolio
    if not job.post_to_pms or not access.may(portfolio, Action.APPROVE, user=request.user):
        return {}
    waits = job.postings.filter(state=PostingState.PENDING).exists()
    refused = job.postings.filter(state=PostingState.REJECTED, resolved_at=None).exists()
    return {
        "pause": waits and not counts.is_paused,
        "resume": counts.is_paused,
        "stop": waits,
        "retry": refused and counts.is_over,
        "check": bool(counts.posted or counts.unknown),
    }


def _filters(job: PostingJob, counts: JobCounts, shown: str) -> list[dict[str, object]]:
    page = reverse("billing:job-detail", args=[job.public_id])
    every = {"label": "All", "count": counts.total, "url": page, "active": shown not in STATES_OF}
    parts = [
        {
            "label": segment.label.capitalize(),
            "count": segment.count,
            "url": segment.url,
            "active": name == shown,
        }
        for name, segment in zip(STATES_OF, segments(job, counts), strict=True)
    ]
    return [every, *parts]
