"""One charge on its way into the PMS, and what a person can do about it."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing.causes import Cause, month_closed
from billing.closed_months import month_of
from billing.forms import LinkForm, ResendForm, ResolutionForm
from billing.forms.failures import ByHandForm
from billing.models import Posting, PostingEvent, PostingState, ResolvedAs
from billing.operations.calculations import WrongState
from billing.operations.failures import link_posting, resolve_posting, retry_posting
from billing.reversals import is_standing, taken_back_by
from billing.views.failure_rows import cause_of_posting
from billing.views.posting_remedies import found_in_pms, remedies
from billing.views.waits import reasons_to_wait
from billing.views.wording import billing_month, posting_badge
from integrations.pms.errors import PeriodClosed
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
def posting_by_hand(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say that somebody has made a refused charge in the PMS, and what it is called there."""
    posting = access.fetch(postings_to_show(), Action.APPROVE, user=request.user, pk=pk)
    form = ByHandForm(request.POST)
    if not form.is_valid():
        return render_posting(request, posting, by_hand=form)
    reference = form.cleaned_data["pms_reference"]
    try:
        resolve_posting(
            posting=posting,
            note=form.cleaned_data["by_hand_note"] or f"Posted by hand as {reference}.",
            by=request.user,
            now=timezone.now(),
            resolved_as=ResolvedAs.BY_HAND,
            pms_reference=reference,
        )
    except WrongState as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Kept: it is in the PMS as {reference}, posted by hand.")
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
        "reverses",
        "follow_up__assigned_to",
        "job__calculation__bill__property__portfolio",
    ).defer("job__calculation__inputs", "job__calculation__result")


def render_posting(
    request: SignedInRequest,
    posting: Posting,
    *,
    resolution: ResolutionForm | None = None,
    link: LinkForm | None = None,
    resend: ResendForm | None = None,
    by_hand: ByHandForm | None = None,
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
        "events": [(event, _name_of(event)) for event in events],
        "cause": _cause(posting),
        "waits": reasons_to_wait(posting, now=timezone.now()),
        "breadcrumbs": _breadcrumbs(posting),
        "may_act": may_act,
        "taken_back_by": taken_back_by(posting),
        "may_reverse": may_act and is_standing(posting),
        "is_failure": _is_open(posting, PostingState.REJECTED, PostingState.REVIEW),
    }
    if may_act:
        page |= _acts(posting, resolution or ResolutionForm(), link, by_hand or ByHandForm())
        page |= _resend(request, posting, resend or ResendForm())
    return render(request, "billing/posting_detail.html", page | remedies(request, posting))


def _acts(
    posting: Posting, resolution: ResolutionForm, link: LinkForm | None, by_hand: ByHandForm
) -> dict[str, object]:
    """Offer an accountant what can be done in the posting's state."""
    refused = _is_open(posting, PostingState.REJECTED)
    in_review = _is_open(posting, PostingState.REVIEW)
    certain = refused and posting.reverses_id is None
    return {
        "may_retry": refused,
        "may_check": in_review,
        "may_close": certain,
        "by_hand": by_hand if certain else None,
        "link": (link or LinkForm(initial=found_in_pms(posting))) if in_review else None,
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


def _name_of(event: PostingEvent) -> str:
    """Name a move by where it led; a look, or being taken back, leads nowhere else."""
    if event.from_state == event.to_state == PostingState.POSTED:
        return "Reversed"
    if event.from_state == event.to_state == PostingState.REVIEW:
        return "Looked up in the PMS"
    return str(PostingState(event.to_state).label)


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
    if failed and posting.error_code == PeriodClosed.code:
        return month_closed(month_of(posting.job))
    return cause_of_posting(posting) if failed else None
