"""What an accountant can do with a posting job: hold it up, go on, end it, send failures again."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from billing.models import PostingJob, PostingState
from billing.operations.calculations import WrongState
from billing.operations.job_control import pause_job, resume_job, retry_failures, stop_job
from billing.operations.ledger_checks import request_check
from billing.operations.ledger_schedule import nudge_workers
from billing.queries import count_job
from billing.views.wording import charge_count
from meterbase.lib.money import format_dollars
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in


@require_POST
@signed_in
def job_pause(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Hold a job up."""
    done = "Paused. What was being sent comes to its end; nothing else is sent until you resume."
    return _act(request, public_id, pause_job, done)


@require_POST
@signed_in
def job_resume(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Let a paused job go on."""
    return _act(request, public_id, resume_job, "The job goes on.")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def job_stop(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Ask whether a job is to end after the charges that are being sent, and end it."""
    job = _job(request, public_id)
    if request.method == "POST":
        return _stop(request, job)
    counts = count_job(job)
    waiting = job.postings.filter(state=PostingState.PENDING).count()
    return render(
        request,
        "billing/job_stop.html",
        {
            "question": f"Stop job {job.public_id}?",
            "body": f"{charge_count(waiting)} that wait are never sent by this job. What the PMS "
            f"has already stays there: {charge_count(counts.posted)}, "
            f"{format_dollars(counts.posted_cents)}, and whatever is being sent right now. The "
            "rest can be posted by a new job.",
            "verb": "Stop the job",
            "cancel_label": "Let it go on",
            "cancel_url": _url(job),
            "dangerous": True,
            "breadcrumbs": [("Jobs", reverse("billing:job-list")), (job.public_id, _url(job))],
        },
    )


@require_POST
@signed_in
def job_retry(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Send all refused charges of a job again."""
    job = _job(request, public_id)
    failures = job.postings.select_related("charge")
    retried = retry_failures(failures=failures, by=request.user, now=timezone.now())
    if retried.count:
        messages.success(request, f"{charge_count(retried.count)} will be sent again.")
    elif not retried.refusals:
        messages.error(request, "No charge of this job was certainly refused.")
    for refusal in retried.refusals:
        messages.error(request, refusal)
    return redirect(_url(job))


@require_POST
@signed_in
def job_check(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Have a job compared with the PMS's ledger in the background."""
    job = _job(request, public_id)
    place = job.calculation.bill.property
    request_check(place=place, by=request.user, now=timezone.now(), job=job)
    nudge_workers()
    messages.success(
        request, "The comparison with the PMS runs in the background; its result appears here."
    )
    return redirect(_url(job))


Act = Callable[..., None]


def _act(request: SignedInRequest, public_id: str, act: Act, done: str) -> HttpResponse:
    job = _job(request, public_id)
    try:
        act(job=job, by=request.user, now=timezone.now())
    except WrongState as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect(_url(job))


def _stop(request: SignedInRequest, job: PostingJob) -> HttpResponse:
    try:
        counts = stop_job(job=job, by=request.user, now=timezone.now())
    except WrongState as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            f"Stopped. The PMS has {charge_count(counts.posted)} of this job, "
            f"{format_dollars(counts.posted_cents)}; {charge_count(counts.skipped)} were not sent.",
        )
    return redirect(_url(job))


def _job(request: SignedInRequest, public_id: str) -> PostingJob:
    jobs = PostingJob.objects.select_related("calculation__bill__property__portfolio").defer(
        "calculation__inputs", "calculation__result"
    )
    return access.fetch(jobs, Action.APPROVE, user=request.user, public_id=public_id)


def _url(job: PostingJob) -> str:
    return reverse("billing:job-detail", args=[job.public_id])
