"""What the units' own meters counted over a bill's period."""

from __future__ import annotations

from decimal import Decimal

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.forms.readings import ReadingsForm
from billing.models import UtilityBill
from billing.operations.bills import BillLocked
from billing.operations.unit_terms import enter_readings
from billing.views.bill_page import bills_to_show, is_locked
from billing.views.breadcrumbs import below_bill
from billing.views.wording import billing_month
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.queries import UnitFacts, read_units


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def bill_readings(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a bill's submeter readings, and enter them."""
    action = Action.PREPARE if request.method == "POST" else Action.READ
    bill = access.fetch(bills_to_show(), action, user=request.user, pk=pk)
    may_prepare = access.may(bill.property.portfolio, Action.PREPARE, user=request.user)
    locked = is_locked(bill)
    if request.method == "POST" and locked:
        messages.error(request, str(BillLocked()))
        return redirect("billing:bill-readings", pk=bill.pk)
    stored: dict[int, Decimal] = dict(bill.readings.values_list("unit_id", "usage"))
    form = ReadingsForm(
        request.POST if request.method == "POST" else None,
        units=_units(bill, stored),
        readings=stored,
        may_change=may_prepare and not locked,
    )
    if request.method == "POST" and form.is_valid():
        _enter(request, bill, form)
        return redirect("billing:bill-detail", pk=bill.pk)
    return render(
        request,
        "billing/bill_readings.html",
        {
            "bill": bill,
            "month": billing_month(bill),
            "form": form,
            "rows": form.rows(),
            "total": sum(stored.values(), Decimal(0)),
            "stored_count": len(stored),
            "may_prepare": may_prepare,
            "is_locked": locked,
            "bill_url": reverse("billing:bill-detail", args=[bill.pk]),
            "breadcrumbs": below_bill(bill),
        },
    )


def _units(bill: UtilityBill, stored: dict[int, Decimal]) -> list[UnitFacts]:
    """List the units that can be billed, and those that have a reading all the same."""
    units = read_units(bill.property)
    return [unit for unit in units if unit.billable or unit.unit_id in stored]


def _enter(request: SignedInRequest, bill: UtilityBill, form: ReadingsForm) -> None:
    readings = form.readings(bill.property.units.in_bulk())
    try:
        enter_readings(bill=bill, readings=readings, by=request.user, now=timezone.now())
    except BillLocked as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "The readings are kept. Calculate the bill to use them.")
