"""Clearing what looks odd about a bill."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from billing.operations.bills import clear_flag
from billing.views.bill_page import bill_page, bills_to_show, flag_form_for
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in


@require_POST
@signed_in
def bill_flag_clear(request: SignedInRequest, pk: int, flag_pk: int) -> HttpResponse:
    """Keep a note of what came of a flag."""
    bill = access.fetch(bills_to_show(), Action.PREPARE, user=request.user, pk=pk)
    flag = get_object_or_404(bill.flags.select_related("cleared_by"), pk=flag_pk)
    back = redirect("billing:bill-detail", pk=bill.pk)
    if flag.cleared_at is not None:
        messages.error(request, f"This flag was cleared before, by {flag.cleared_by}.")
        return back
    form = flag_form_for(flag, request.POST)
    if not form.is_valid():
        page = bill_page(request, bill, flag_form=(flag.pk, form))
        return render(request, "billing/bill_detail.html", page)
    clear_flag(flag=flag, note=form.cleaned_data["note"], by=request.user, now=timezone.now())
    messages.success(request, "The flag is cleared; your note stays with the bill.")
    return back
