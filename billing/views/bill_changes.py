"""Putting an entered bill right, and voiding one that is none."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.forms.bills import BillChangeForm, VoidForm
from billing.models import BillDocument, UtilityBill
from billing.operations.bill_changes import BillChanged, BillVoided, change_bill, void_bill
from billing.operations.bills import (
    BillAlreadyEntered,
    BillLocked,
    LinesDoNotAddUp,
    refuse_locked,
)
from billing.views.bill_page import bills_to_show
from billing.views.breadcrumbs import below_bill
from billing.views.wording import bill_name
from meterbase.lib.money import format_dollars
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def bill_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Correct what was typed of a bill, until a calculation of it is approved."""
    bill = access.fetch(bills_to_show(), Action.PREPARE, user=request.user, pk=pk)
    if locked := _locked(request, bill):
        return locked
    form = BillChangeForm(request.POST or None, bill=bill)
    existing: UtilityBill | None = None
    if request.method == "POST" and form.is_valid():
        try:
            _change(request, bill, form)
        except BillAlreadyEntered as refusal:
            existing = refusal.existing
            form.add_error(None, str(refusal))
        except LinesDoNotAddUp as refusal:
            form.add_error("amount", str(refusal))
        except (BillChanged, BillLocked, BillVoided) as refusal:
            messages.error(request, str(refusal))
            return redirect("billing:bill-detail", pk=bill.pk)
        else:
            messages.success(request, "The bill is changed. Calculate it again where it was.")
            return redirect("billing:bill-detail", pk=bill.pk)
    context = {
        "title": "Change the bill",
        "eyebrow": bill_name(bill),
        "lead": "Calculations made from it are out of date afterwards, and its flags are looked "
        "for anew.",
        "breadcrumbs": below_bill(bill),
        "form": form,
        "verb": "Save the bill",
        "cancel_url": reverse("billing:bill-detail", args=[bill.pk]),
        "existing": existing,
        "bill": bill,
        "document": BillDocument.objects.filter(bill=bill).first(),
    }
    return render(request, "billing/bill_edit.html", context)


def _change(request: SignedInRequest, bill: UtilityBill, form: BillChangeForm) -> None:
    change_bill(
        bill=bill,
        entry=form.entry(),
        reason=form.cleaned_data["reason"],
        seen=form.cleaned_data["seen"],
        by=request.user,
        now=timezone.now(),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def bill_void(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask why a bill is none, then take it out of everything."""
    bill = access.fetch(bills_to_show(), Action.PREPARE, user=request.user, pk=pk)
    if locked := _locked(request, bill):
        return locked
    form = VoidForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            void_bill(bill=bill, reason=reason, by=request.user, now=timezone.now())
        except (BillLocked, BillVoided) as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "The bill is voided. It can still be looked at here.")
        return redirect("billing:bill-detail", pk=bill.pk)
    context = {
        "question": f"Void the {bill_name(bill)} bill?",
        "body": "It is left out of lists, totals and comparisons, and no longer calculated; its "
        "open calculations are superseded. It stays in the history. This cannot be undone: a bill "
        "that is one after all is entered again.",
        "facts": [
            ("Service", f"{bill.period_start:%-d %b %Y} up to {bill.period_end:%-d %b %Y}"),
            ("Amount", format_dollars(bill.amount_cents)),
            ("Account number", bill.account_number or "—"),
        ],
        "form": form,
        "verb": "Void the bill",
        "dangerous": True,
        "cancel_url": reverse("billing:bill-detail", args=[bill.pk]),
        "cancel_label": "Keep the bill",
        "breadcrumbs": below_bill(bill),
    }
    return render(request, "layouts/confirm.html", context)


def _locked(request: SignedInRequest, bill: UtilityBill) -> HttpResponse | None:
    """Lead back, saying why, where the bill can no longer be changed."""
    try:
        refuse_locked(bill)
    except BillLocked as refusal:
        messages.error(request, str(refusal))
        return redirect("billing:bill-detail", pk=bill.pk)
    return None
