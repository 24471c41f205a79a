"""One charge on its way into the PMS, and what a person can do about it."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing.causes import Cause, cause_of
from billing.forms import LinkForm, ResendForm, ResolutionForm
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
    posting = access.fetch(postings_to_show(), Action.READ, user=request.user, pk=pk)
    return render_posting(request, posting)


@require_POST
@signed_in
def posting_retry(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send a refused charge again."""
    posting = access.fetch(postings_to_show(), Action.APPROVE, user=request.user, pk=pk)
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
    posting = access.fetch(postings_to_show(), Action.APPROVE, user=request.user, pk=pk)
    form = ResolutionForm(request.POST)
    if not form.is_valid():
        return render_posting(request, posting, resolution=form)
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
    posting = access.fetch(postings_to_show(), Action.APPROVE, user=request.user, pk=pk)
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
    return render_posting(request, posting, link=form)


def postings_to_show() -> QuerySet[Posting]:
    """Select postings with all that their page needs."""
    return Posting.objects.select_related(
        "charge",
        "connection",
        "resolved_by",
        "resend_asked_by",
        "job__calculation__bill__property__portfolio",
    ).defer("job__calculation__inputs", "job__calculation__result")


def render_posting(
    request: SignedInRequest,
    posting: Posting,
    *,
    resolution: ResolutionForm | None = None,
    link: LinkForm | None = None,
    resend: ResendForm | None = None,
) -> HttpResponse:
    """Show a posting, with the forms that were sent and refused."""
    bill = posting.job.calculation.bill
    events = posting.events.select_related("actor")
    may_act = access.may(bill.property.portfolio, Action.APPROVE, user=request.user)
    page = {
        "posting": posting,
        "charge": posting.charge,
        "job": posting.job,
        "bill": bill,
        "month": billing_month(bill),
        "badge": posting_badge(posting),
        "attempts": posting.attempts.all(),
        "events": [(event, PostingState(event.to_state).label) for event in events],
        "cause": _cause(posting),
        "breadcrumbs": _breadcrumbs(posting),
        "may_act": may_act,
        "is_failure": _is_open(posting, PostingState.REJECTED, PostingState.REVIEW),
    }
    if may_act:
        page |= _acts(posting, resolution or ResolutionForm(), link or LinkForm())
        page |= _resend(request, posting, resend or ResendForm())
    return render(request, "billing/posting_detail.html", page)


def _acts(posting: Posting, resolution: ResolutionForm, link: LinkForm) -> dict[str, object]:
    """Offer an accountant what can be done in the posting's state."""
    refused = _is_open(posting, PostingState.REJECTED)
    in_review = _is_open(posting, PostingState.REVIEW)
    return {
        "may_retry": refused,
        "link": link if in_review else None,
        "resolution": resolution if refused or in_review else None,
    }


def _resend(request: SignedInRequest, posting: Posting, form: ResendForm) -> dict[str, object]:
    """Offer to ask for sending again, or to confirm what somebody else has asked for."""
    if not _is_open(posting, PostingState.REVIEW):
        return {}
    asked = posting.resend_asked_at is not None
    return {
        "resend": None if asked else form,
        "may_confirm_resend": asked and posting.resend_asked_by_id != request.user.pk,
    }


def _is_open(posting: Posting, *states: PostingState) -> bool:
    return posting.state in states and posting.resolved_at is None


def _breadcrumbs(posting: Posting) -> list[tuple[str, str]]:
    public_id = posting.job.public_id
    return [
        ("Jobs", reverse("billing:job-list")),
        (public_id, reverse("billing:job-detail", args=[public_id])),
    ]


def _cause(posting: Posting) -> Cause | None:
    failed = posting.state in (PostingState.REJECTED, PostingState.REVIEW)
    return cause_of(posting.error_code) if failed else None
