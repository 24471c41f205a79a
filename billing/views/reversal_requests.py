"""Asking for posted charges to be taken back: what can be, a last look, then the request."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.forms.reversals import BY_HAND, ReversalForm
from billing.models import Posting, PostingJob
from billing.operations.reversals import CannotReverse, request_reversal
from billing.reversals import Preview, closed_reversals, preview_reversal
from billing.views.reversal_parts import below_job
from billing.views.wording import PAGE_SIZE, billing_month, charge_count, posting_badge
from integrations.gateways import PropexoNotConfigured, open_gateway
from meterbase.lib.money import format_dollars
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in

# More boxes than these are not ticked by hand, and would not fit into one request.
_MOST_BOXES = 900
_IS_ID = re.compile(r"[0-9]{1,18}")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def job_reverse(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Show what of a job can be taken back, and ask for it."""
    job = access.fetch(_jobs(), Action.APPROVE, user=request.user, public_id=public_id)
    return _reverse(request, job, only=None)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def posting_reverse(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show whether one charge can be taken back, and ask for it."""
    posting = access.fetch(Posting.objects.all(), Action.APPROVE, user=request.user, pk=pk)
    return _reverse(request, _jobs().get(pk=posting.job_id), only={posting.pk})


def _jobs() -> QuerySet[PostingJob]:
    return PostingJob.objects.select_related(
        "connection", "calculation__bill__property__portfolio"
    ).defer("calculation__inputs", "calculation__result")


def _reverse(
    request: SignedInRequest, job: PostingJob, *, only: Collection[int] | None
) -> HttpResponse:
    today = timezone.localdate()
    try:
        gateway = open_gateway(job.connection)
    except PropexoNotConfigured as refusal:
        messages.error(request, str(refusal))
        return redirect("billing:job-detail", public_id=job.public_id)
    found = preview_reversal(job=job, gateway=gateway, charge_date=today, only=only)
    form = ReversalForm(
        request.POST or None,
        pms=job.connection.get_pms_display(),
        takes_credits=bool(found.free),
        initial={"charge_date": today},
    )
    chosen = _chosen(request, found)
    if request.method == "POST" and form.is_valid():
        if chosen and not form.cleaned_data["confirmed"]:
            return render(request, "billing/reversal_confirm.html", _last_look(found, form, chosen))
        try:
            reversal = request_reversal(
                job=job,
                postings=chosen,
                order=form.order(),
                gateway=gateway,
                by=request.user,
                now=timezone.now(),
            )
        except CannotReverse as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Asked for. Nothing is sent before somebody else approves.")
            return redirect("billing:reversal-detail", public_id=reversal.public_id)
    return render(request, "billing/reversal_create.html", _page(found, form, chosen))


def _chosen(request: SignedInRequest, found: Preview) -> set[int]:
    """Read what was ticked; on a fresh page, whatever can be taken back."""
    if request.method != "POST" or "whole" in request.POST:
        return {each.posting.pk for each in found.offered}
    ticked = {int(text) for text in request.POST.getlist("posting") if _IS_ID.fullmatch(text)}
    return ticked & {each.posting.pk for each in found.candidates}


def _page(found: Preview, form: ReversalForm, chosen: set[int]) -> dict[str, Any]:
    job = found.job
    bill = job.calculation.bill
    has_boxes = len(found.candidates) <= _MOST_BOXES
    shown = found.candidates if has_boxes else found.candidates[:PAGE_SIZE]
    return {
        "section": "billing:job-list",
        "job": job,
        "bill": bill,
        "month": billing_month(bill),
        "pms": job.connection.get_pms_display(),
        "form": form,
        "refusal": found.refusal,
        "rows": [
            {
                "posting": each.posting,
                "badge": posting_badge(each.posting),
                "obstacle": each.obstacle,
                "may_be_ticked": has_boxes and (not each.obstacle or each.by_hand),
                "is_ticked": each.posting.pk in chosen,
                "by_hand": each.by_hand,
            }
            for each in shown
        ],
        "has_boxes": has_boxes,
        "not_shown": len(found.candidates) - len(shown),
        "closed": closed_reversals(Posting.objects.filter(pk__in=chosen)),
        "by_hand_only": not found.free,
        "count": len(found.offered),
        "cents": sum(each.posting.amount_cents for each in found.offered),
        "left_out": len(found.candidates) - len(found.offered),
        "breadcrumbs": below_job(job),
        "cancel_url": reverse("billing:job-detail", args=[job.public_id]),
    }


def _last_look(found: Preview, form: ReversalForm, chosen: set[int]) -> dict[str, Any]:
    """Say exactly what is about to be asked for."""
    postings = [each.posting for each in found.candidates if each.posting.pk in chosen]
    total = format_dollars(sum(posting.amount_cents for posting in postings))
    charges = charge_count(len(postings))
    pms = found.job.connection.get_pms_display()
    by_hand = form.cleaned_data["how"] == BY_HAND
    body = (
        f"You say that they were reversed in {pms} by hand. They count as reversed once another "
        "accountant has confirmed it; MeterBase sends nothing."
        if by_hand
        else f"Nothing is sent now. Once another accountant approves, {pms} gets a credit for each "
        "charge, and residents see them."
    )
    return {
        "section": "billing:job-list",
        "question": f"Ask to reverse {charges}, {total}?",
        "body": body,
        "facts": [
            ("Job", found.job.public_id),
            ("Reason", form.cleaned_data["reason"]),
            ("Date of the credits", f"{form.cleaned_data['charge_date']:%-d %b %Y}"),
            *([("What the PMS calls it", form.cleaned_data["pms_reference"])] if by_hand else []),
        ],
        "form": form,
        "whole": len(found.candidates) > _MOST_BOXES,
        "postings": postings,
        "verb": f"Ask to reverse {charges}",
        "cancel_label": "Reverse nothing",
        "cancel_url": reverse("billing:job-detail", args=[found.job.public_id]),
        "breadcrumbs": below_job(found.job),
    }
