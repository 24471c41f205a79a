"""A reversal that somebody asked for, and the decision of a second person."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet, Sum
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing.forms.reversals import RefusalForm
from billing.models import Posting, Reversal, ReversalState
from billing.operations.calculations import WrongState
from billing.operations.posting_jobs import PostingDisabled
from billing.operations.reversals import (
    CannotReverse,
    OwnRequest,
    approve_reversal,
    refuse_reversal,
    withdraw_reversal,
)
from billing.queries import count_job
from billing.reversals import can_be_posted_again, closed_reversals
from billing.views.job_sheets import posting_sheet
from billing.views.reversal_parts import below_job, reversal_badge
from billing.views.wording import PAGE_SIZE, billing_month, charge_count, job_badge, posting_badge
from integrations.gateways import PropexoNotConfigured, open_gateway
from meterbase.lib.sheets import Sheet
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file


@require_safe
@signed_in
def reversal_detail(request: SignedInRequest, public_id: str) -> HttpResponseBase:
    """Show a reversal with its charges, and what became of it."""
    reversal = access.fetch(_reversals(), Action.READ, user=request.user, public_id=public_id)
    if answer := list_file(request, lambda: _sheet(reversal)):
        return answer
    return _show(request, reversal)


@require_POST
@signed_in
def reversal_approve(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Approve a reversal that somebody else asked for."""
    reversal = access.fetch(_reversals(), Action.APPROVE, user=request.user, public_id=public_id)
    try:
        approved = approve_reversal(
            reversal=reversal,
            gateway=open_gateway(reversal.job.connection),
            by=request.user,
            now=timezone.now(),
        )
    except (
        CannotReverse,
        OwnRequest,
        PostingDisabled,
        PropexoNotConfigured,
        WrongState,
    ) as refusal:
        messages.error(request, str(refusal))
    else:
        by_hand = "Approved. The charges count as reversed."
        messages.success(
            request, by_hand if approved.by_hand else "Approved. The credits are on their way."
        )
    return redirect("billing:reversal-detail", public_id=reversal.public_id)


@require_POST
@signed_in
def reversal_refuse(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Turn a reversal down that somebody else asked for."""
    reversal = access.fetch(_reversals(), Action.APPROVE, user=request.user, public_id=public_id)
    form = RefusalForm(request.POST)
    if not form.is_valid():
        return _show(request, reversal, refusal=form)
    try:
        refuse_reversal(
            reversal=reversal,
            reason=form.cleaned_data["verdict"],
            by=request.user,
            now=timezone.now(),
        )
    except (OwnRequest, WrongState) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Refused. The charges stand as they are.")
    return redirect("billing:reversal-detail", public_id=reversal.public_id)


@require_POST
@signed_in
def reversal_withdraw(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Take one's own request back."""
    reversal = access.fetch(_reversals(), Action.APPROVE, user=request.user, public_id=public_id)
    try:
        withdraw_reversal(reversal=reversal, by=request.user, now=timezone.now())
    except WrongState as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Withdrawn. The charges stand as they are.")
    return redirect("billing:reversal-detail", public_id=reversal.public_id)


def _reversals() -> QuerySet[Reversal]:
    return Reversal.objects.select_related(
        "requested_by",
        "decided_by",
        "reversing_job",
        "job__connection",
        "job__calculation__bill__property__portfolio",
    ).defer("job__calculation__inputs", "job__calculation__result")


def _postings(reversal: Reversal) -> QuerySet[Posting]:
    return Posting.objects.filter(reversal_items__reversal=reversal).order_by("pk")


def _sheet(reversal: Reversal) -> Sheet:
    filters = (("Reversal", reversal.public_id), ("Job", reversal.job.public_id))
    return posting_sheet(_postings(reversal), title="Charges of a reversal", filters=filters)


def _show(
    request: SignedInRequest, reversal: Reversal, *, refusal: RefusalForm | None = None
) -> HttpResponse:
    job = reversal.job
    bill = job.calculation.bill
    postings = _postings(reversal)
    page = Paginator(postings.select_related("charge"), PAGE_SIZE).get_page(request.GET.get("page"))
    total = postings.aggregate(total=Sum("amount_cents"))["total"] or 0
    context = {
        "section": "billing:job-list",
        "reversal": reversal,
        "badge": reversal_badge(reversal),
        "job": job,
        "bill": bill,
        "month": billing_month(bill),
        "pms": job.connection.get_pms_display(),
        "page": page,
        "rows": [(posting, posting_badge(posting)) for posting in page],
        "charges": charge_count(page.paginator.count),
        "total_cents": total,
        "closed": closed_reversals(postings) if reversal.state == ReversalState.REQUESTED else (),
        "breadcrumbs": below_job(job),
        **_decisions(request, reversal, refusal or RefusalForm()),
    }
    if reversal.reversing_job is not None:
        counts = count_job(reversal.reversing_job)
        context["reversing_badge"] = job_badge(reversal.reversing_job, counts)
    return render(request, "billing/reversal_detail.html", context)


def _decisions(
    request: SignedInRequest, reversal: Reversal, refusal: RefusalForm
) -> dict[str, object]:
    """Offer what this person can do with a reversal that waits."""
    portfolio = reversal.job.calculation.bill.property.portfolio
    may_act = access.may(portfolio, Action.APPROVE, user=request.user)
    if reversal.state != ReversalState.REQUESTED:
        return {"may_post_again": may_act and can_be_posted_again(reversal)}
    if not may_act:
        return {"hint": "Only an accountant of this portfolio can decide on it."}
    if reversal.requested_by_id == request.user.pk:
        hint = "You asked for this reversal, so another accountant has to decide on it."
        return {"may_withdraw": True, "hint": hint}
    return {"may_decide": True, "refusal": refusal}
