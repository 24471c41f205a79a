"""One charge on its way into the PMS, and what a person can do about it."""

from __future__ import annotations

import json

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing.causes import Cause, cause_of
from billing.forms import LinkForm, ResolutionForm
from billing.models import Posting, PostingState
from billing.operations.calculations import WrongState
from billing.operations.failures import link_posting, resolve_posting, retry_posting
from billing.views.wording import billing_month, posting_badge
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in


@require_safe
@signed_in
def posting_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what was sent, what came back and what is to be done."""
    posting = access.fetch(_postings(), Action.READ, user=request.user, pk=pk)
    return _render(request, posting)


@require_POST
@signed_in
def posting_retry(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send a refused charge again."""
    posting = access.fetch(_postings(), Action.APPROVE, user=request.user, pk=pk)
    try:
        retry_posting(posting=posting, by=request.user, now=timezone.now())
    except WrongState as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "The charge waits for a worker, which sends it again.")
    return redirect("billing:posting-detail", pk=posting.pk)


@require_POST
@signed_in
def posting_resolve(request: SignedInRequest, pk: int) -> HttpResponse:
    """Close a failure that was dealt with by hand."""
    posting = access.fetch(_postings(), Action.APPROVE, user=request.user, pk=pk)
    form = ResolutionForm(request.POST)
    if not form.is_valid():
        return _render(request, posting, resolution=form)
    try:
        resolve_posting(
            posting=posting,
            note=form.cleaned_data["note"],
            by=request.user,
            now=timezone.now(),
        )
    except WrongState as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Resolved. It stays a failure of its job, with your note.")
    return redirect("billing:posting-detail", pk=posting.pk)


@require_POST
@signed_in
def posting_link(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say which charge of the PMS a charge in doubt is."""
    posting = access.fetch(_postings(), Action.APPROVE, user=request.user, pk=pk)
    form = LinkForm(request.POST)
    if form.is_valid():
        try:
            link_posting(
                posting=posting,
                charge_id=form.cleaned_data["charge_id"],
                note=form.cleaned_data["link_note"],
                by=request.user,
                now=timezone.now(),
            )
        except WrongState as refusal:
            form.add_error("charge_id", str(refusal))
        else:
            messages.success(request, "Linked: the charge counts as posted.")
            return redirect("billing:posting-detail", pk=posting.pk)
    return _render(request, posting, link=form)


def _postings() -> QuerySet[Posting]:
    return Posting.objects.select_related(
        "charge",
        "connection",
        "resolved_by",
        "job__calculation__bill__property__portfolio",
    ).defer("job__calculation__inputs", "job__calculation__result")


def _render(
    request: SignedInRequest,
    posting: Posting,
    *,
    resolution: ResolutionForm | None = None,
    link: LinkForm | None = None,
) -> HttpResponse:
    bill = posting.job.calculation.bill
    may_act = access.may(bill.property.portfolio, Action.APPROVE, user=request.user)
    is_open = posting.resolved_at is None
    is_failure = posting.state in (PostingState.REJECTED, PostingState.REVIEW) and is_open
    in_review = posting.state == PostingState.REVIEW and is_open
    return render(
        request,
        "billing/posting_detail.html",
        {
            "posting": posting,
            "charge": posting.charge,
            "job": posting.job,
            "bill": bill,
            "month": billing_month(bill),
            "badge": posting_badge(posting),
            "body": _readable(posting.body),
            "attempts": posting.attempts.all(),
            "events": posting.events.select_related("actor"),
            "cause": _cause(posting),
            "is_failure": is_failure,
            "may_act": may_act,
            "may_retry": may_act and is_open and posting.state == PostingState.REJECTED,
            "resolution": (resolution or ResolutionForm()) if may_act and is_failure else None,
            "link": (link or LinkForm()) if may_act and in_review else None,
            "crumbs": [
                ("Jobs", reverse("billing:job-list")),
                (
                    posting.job.public_id,
                    reverse("billing:job-detail", args=[posting.job.public_id]),
                ),
            ],
        },
    )


def _cause(posting: Posting) -> Cause | None:
    failed = posting.state in (PostingState.REJECTED, PostingState.REVIEW)
    return cause_of(posting.error_code) if failed else None


def _readable(body: str) -> str:
    """Set the bytes that are sent on several lines; they are JSON in every contract so far."""
    try:
        return json.dumps(json.loads(body, parse_float=str), indent=2, ensure_ascii=False)
    except json.JSONDecodeError:
        return body
