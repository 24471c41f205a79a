"""A calculation with its proof, and the explanation of each charge."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing.models import CalculationState, Charge
from billing.operations.bills import clear_flag
from billing.operations.calculations import Blocked, OutOfDate, WrongState, submit_calculation
from billing.reversals import taken_back_by
from billing.views.bill_page import flag_form_for
from billing.views.breadcrumbs import below_calculation
from billing.views.calculation_page import calculation_page, calculations_to_show
from billing.views.charge_bars import bars_of
from billing.views.charge_history import history_of
from billing.views.explanation import account_of
from billing.views.review_sheet import shown_sheet
from billing.views.wording import billing_month, calculation_badge, posting_badge
from billing.words import month_of
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file


@require_safe
@signed_in
def calculation_detail(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show who pays what of a bill, and prove the sum."""
    calculation = access.fetch(calculations_to_show(), Action.READ, user=request.user, pk=pk)
    if answer := list_file(request, lambda: shown_sheet(calculation, query=request.GET)):
        return answer
    page = calculation_page(request, calculation)
    return render(request, "billing/calculation_detail.html", page)


@require_POST
@signed_in
def calculation_submit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Hand a draft over to the accountants."""
    calculation = access.fetch(calculations_to_show(), Action.PREPARE, user=request.user, pk=pk)
    try:
        submit_calculation(calculation=calculation, by=request.user, now=timezone.now())
    except (Blocked, OutOfDate, WrongState) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Submitted. An accountant approves it or sends it back.")
    return redirect("billing:calculation-detail", pk=calculation.pk)


@require_POST
@signed_in
def calculation_flag_clear(request: SignedInRequest, pk: int, flag_pk: int) -> HttpResponse:
    """Keep a note of what came of a flag of the bill, without leaving its calculation."""
    calculation = access.fetch(calculations_to_show(), Action.PREPARE, user=request.user, pk=pk)
    flags = calculation.bill.flags.select_related("cleared_by", "bill__property__portfolio")
    flag = get_object_or_404(flags, pk=flag_pk)
    back = redirect("billing:calculation-detail", pk=calculation.pk)
    if flag.cleared_at is not None:
        messages.error(request, f"This flag was cleared before, by {flag.cleared_by}.")
        return back
    form = flag_form_for(flag, request.POST)
    if not form.is_valid():
        page = calculation_page(request, calculation, flag_form=(flag.pk, form))
        return render(request, "billing/calculation_detail.html", page)
    clear_flag(flag=flag, note=form.cleaned_data["note"], by=request.user, now=timezone.now())
    messages.success(request, "The flag is cleared; your note stays with the bill.")
    return back


@require_safe
@signed_in
def charge_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show why a charge is what it is, on a page of its own or beside the table."""
    charges = Charge.objects.select_related("calculation__bill__property__portfolio", "lease")
    charge = access.fetch(charges, Action.READ, user=request.user, pk=pk)
    calculation = charge.calculation
    postings = charge.postings.select_related("job").order_by("-pk")
    part = "#drawer" if request.htmx else ""
    return render(
        request,
        f"billing/charge_detail.html{part}",
        {
            "charge": charge,
            "calculation": calculation,
            "bill": calculation.bill,
            "month": billing_month(calculation.bill),
            "badge": calculation_badge(calculation),
            "account": account_of(charge),
            "statement_url": _statement_url(charge),
            "bars": bars_of(charge),
            "history": history_of(charge),
            "postings": [
                (posting, posting_badge(posting), taken_back_by(posting)) for posting in postings
            ],
            "breadcrumbs": below_calculation(calculation),
        },
    )


def _statement_url(charge: Charge) -> str:
    """Lead to the statement that tells of a charge; there is none before the approval."""
    if charge.calculation.state != CalculationState.APPROVED:
        return ""
    month = month_of(charge.calculation.bill.period)
    return reverse("billing:statement-detail", args=[charge.lease_id, f"{month:%Y-%m}"])
