"""Sending a charge in doubt again: one accountant asks, another confirms."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from billing.forms import ResendForm
from billing.models import Posting
from billing.operations.calculations import WrongState
from billing.operations.resends import ask_to_send_again, send_again, withdraw_resend
from billing.views.postings import postings_to_show, render_posting
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in


@require_POST
@signed_in
def posting_ask_again(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask for a charge in doubt to be sent again."""
    posting = _posting(request, pk)
    form = ResendForm(request.POST)
    if not form.is_valid():
        return render_posting(request, posting, resend=form)
    try:
        ask_to_send_again(
            posting=posting,
            reason=form.cleaned_data["resend_reason"],
            by=request.user,
            now=timezone.now(),
        )
    except WrongState as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Asked for. It is sent again once another accountant confirms.")
    return redirect("billing:posting-detail", pk=posting.pk)


@require_POST
@signed_in
def posting_send_again(request: SignedInRequest, pk: int) -> HttpResponse:
    """Confirm that a charge in doubt is to be sent again."""
    posting = _posting(request, pk)
    try:
        send_again(posting=posting, by=request.user, now=timezone.now())
    except WrongState as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Confirmed: the charge waits for a worker, which sends it again.")
    return redirect("billing:posting-detail", pk=posting.pk)


@require_POST
@signed_in
def posting_withdraw_again(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take the wish to send a charge again back, or refuse it."""
    posting = _posting(request, pk)
    try:
        withdraw_resend(posting=posting, by=request.user, now=timezone.now())
    except WrongState as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "It is not sent again; the charge waits for a decision.")
    return redirect("billing:posting-detail", pk=posting.pk)


def _posting(request: SignedInRequest, pk: int) -> Posting:
    return access.fetch(postings_to_show(), Action.APPROVE, user=request.user, pk=pk)
