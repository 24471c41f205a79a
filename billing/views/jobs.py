"""A posting job and how it gets on."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from billing.models import Posting, PostingJob, PostingState
from billing.queries import JobCounts, count_job
from billing.views.job_closed_month import closed_offer
from billing.views.job_parts import PARTS, charges_in, label_of, segments
from billing.views.job_sheets import posting_sheet
from billing.views.job_times import job_times
from billing.views.progress import percent_done, waiting_for
from billing.views.reversal_parts import reversal_part
from billing.views.wording import PAGE_SIZE, Badge, billing_month, job_badge, posting_badge
from meterbase.lib.sheets import Sheet, chosen_filters
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file


@require_safe
@signed_in
def job_detail(request: SignedInRequest, public_id: str) -> HttpResponseBase:
    """Show how a job gets on; a browser with htmx asks for the moving parts only."""
    jobs = light_jobs(
        PostingJob.objects.select_related(
            "calculation__bill__property__portfolio", "connection", "created_by"
        )
    )
    job = access.fetch(jobs, Action.READ, user=request.user, public_id=public_id)
    if answer := list_file(request, lambda: _charges(job, request.GET)):
        return answer
    template = "billing/job_detail.html"
    if request.htmx:
        template += "#moving"
    return render(request, template, _page(request, job, now=timezone.now()))


def light_jobs(jobs: QuerySet[PostingJob]) -> QuerySet[PostingJob]:
    """Leave the big documents of the calculation where they are."""
    return jobs.defer("calculation__inputs", "calculation__result")


def _page(request: SignedInRequest, job: PostingJob, *, now: datetime) -> dict[str, object]:
    counts = count_job(job)
    badge = job_badge(job, counts)
    shown = _shown(request.GET)
    postings = _postings(job, shown).select_related("charge")
    page = Paginator(postings, PAGE_SIZE).get_page(request.GET.get("page"))
    bill = job.calculation.bill
    waiting = waiting_for(job, counts, now=now)
    check = job.ledger_checks.first()
    return {
        "job": job,
        "bill": bill,
        "month": billing_month(bill),
        "counts": counts,
        "badge": badge,
        "percent": percent_done(counts),
        "segments": segments(job, counts, shown=shown),
        "shown": label_of(shown) if shown else "",
        "waiting": waiting,
        "times": job_times(job, counts, waiting=waiting, now=now),
        "moves": not counts.is_over or (check is not None and not check.is_over),
        "page": page,
        "rows": [(posting, posting_badge(posting)) for posting in page],
        "breadcrumbs": [("Jobs", reverse("billing:job-list"))],
        "check": check,
        "acts": _acts(request, job, counts),
        "taken_back": reversal_part(job, counts),
        "closed": closed_offer(job, user=request.user) if counts.failed else None,
        **_poll(request, job, counts, badge),
    }


def _shown(query: QueryDict) -> str:
    """Read which part of a job is shown; empty for all."""
    wanted = query.get("state", "")
    return wanted if wanted in PARTS else ""


def _postings(job: PostingJob, shown: str) -> QuerySet[Posting]:
    postings = job.postings.all()
    return postings.filter(charges_in(shown)) if shown else postings


def _charges(job: PostingJob, query: QueryDict) -> Sheet:
    """Write the charges of a job, of one part of it if one is shown."""
    shown = _shown(query)
    bill = job.calculation.bill
    named = (("Job", job.public_id), ("Property", bill.property.name))
    part = chosen_filters(show=label_of(shown) if shown else "")
    return posting_sheet(_postings(job, shown), title="Charges of a job", filters=(*named, *part))


def _poll(
    request: SignedInRequest, job: PostingJob, counts: JobCounts, badge: Badge
) -> dict[str, object]:
    """Tell where the moving parts are, and whether there is news to be read out.

    A screen reader hears each tenth and each change of state once, not every look.
    """
    kept = {name: request.GET[name] for name in ("state", "page") if request.GET.get(name)}
    query = f"?{urlencode(kept)}" if kept else ""
    tenths = percent_done(counts) // 10
    key = f"{tenths}-{slugify(badge.label)}"
    return {
        "here": reverse("billing:job-detail", args=[job.public_id]) + query,
        "news": f"{badge.label}, {tenths * 10} % done",
        "news_key": key,
        "is_news": request.GET.get("said") != key,
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
        "in_doubt": bool(counts.unknown or counts.undecided),
        "reverse": job.reverses_id is None and counts.posted > counts.reversed,
    }
