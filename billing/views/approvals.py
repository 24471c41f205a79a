"""Deciding on calculations that somebody else prepared."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from billing.forms import RejectionForm
from billing.models import Calculation, CalculationState, ChargeKind
from billing.operations.calculations import (
    OutOfDate,
    OwnWork,
    WrongState,
    approve_calculation,
    reject_calculation,
)
from billing.queries import changes_since
from billing.views.breadcrumbs import below_calculation
from billing.views.findings import set_aside_in
from billing.views.next_steps import is_own_work
from billing.views.wording import (
    PAGE_SIZE,
    bill_name,
    billing_month,
    charge_count,
    recovery,
)
from meterbase.lib.money import format_dollars
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in


@require_safe
@signed_in
def approval_list(request: SignedInRequest) -> HttpResponse:
    """List the calculations that wait for an accountant, the longest waiting first."""
    waiting = (
        access.rows(Calculation, user=request.user)
        .filter(state=CalculationState.IN_REVIEW)
        .defer("inputs", "result")
        .select_related("bill__property__portfolio", "prepared_by")
        .order_by("submitted_at", "pk")
    )
    page = Paginator(waiting, PAGE_SIZE).get_page(request.GET.get("page"))
    may_approve = access.rows(Calculation, user=request.user, action=Action.APPROVE)
    mine = set(may_approve.filter(pk__in=[row.pk for row in page]).values_list("pk", flat=True))
    rows = [
        {
            "calculation": row,
            "bill": row.bill,
            "month": billing_month(row.bill),
            "recovery": recovery(row),
            "may_decide": row.pk in mine and not is_own_work(row, user=request.user),
        }
        for row in page
    ]
    return render(request, "billing/approval_list.html", {"page": page, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def calculation_approve(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask, then approve a calculation."""
    calculation = access.fetch(_calculations(), Action.APPROVE, user=request.user, pk=pk)
    back = redirect("billing:calculation-detail", pk=calculation.pk)
    if request.method == "POST":
        try:
            approve_calculation(calculation=calculation, by=request.user, now=timezone.now())
        except (OutOfDate, OwnWork, WrongState) as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "Approved. The figures are locked; posting is the next step.")
        return back
    blocker = _blocker(request, calculation) or _out_of_date(calculation)
    if blocker:
        messages.error(request, blocker)
        return back
    charges = charge_count(calculation.charges.count())
    return render(
        request,
        "billing/calculation_approve.html",
        {
            "calculation": calculation,
            "question": f"Approve {charges} for {bill_name(calculation.bill)}?",
            "body": f"{_who_pays(calculation)} After approval the figures are locked; changes need "
            "a new version.",
            "facts": _amounts(calculation),
            "set_aside": set_aside_in(calculation),
            "verb": f"Approve {charges}",
            "cancel_label": "Keep reviewing",
            "breadcrumbs": below_calculation(calculation),
            "cancel_url": _url(calculation),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def calculation_reject(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then send a calculation back."""
    calculation = access.fetch(_calculations(), Action.APPROVE, user=request.user, pk=pk)
    back = redirect("billing:calculation-detail", pk=calculation.pk)
    blocker = _blocker(request, calculation)
    if blocker:
        messages.error(request, blocker)
        return back
    form = RejectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            reject_calculation(
                calculation=calculation,
                reason=form.cleaned_data["reason"],
                by=request.user,
                now=timezone.now(),
            )
        except (OwnWork, WrongState) as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"Sent back to {calculation.prepared_by}.")
        return back
    return render(
        request,
        "billing/calculation_reject.html",
        {
            "question": f"Send back {bill_name(calculation.bill)}?",
            "body": f"{_who_pays(calculation)} Nothing is charged. {calculation.prepared_by} reads "
            "your reason and can calculate a new version.",
            "verb": "Send back with this reason",
            "cancel_label": "Keep reviewing",
            "breadcrumbs": below_calculation(calculation),
            "cancel_url": _url(calculation),
            "form": form,
        },
    )


def _calculations() -> QuerySet[Calculation]:
    return Calculation.objects.select_related("bill__property__portfolio", "prepared_by")


def _blocker(request: SignedInRequest, calculation: Calculation) -> str:
    """Say why there is nothing to ask, where that can be known beforehand."""
    if calculation.state != CalculationState.IN_REVIEW:
        state = calculation.get_state_display().lower()
        return f"This calculation is {state}: there is nothing to decide."
    return str(OwnWork()) if is_own_work(calculation, user=request.user) else ""


def _out_of_date(calculation: Calculation) -> str:
    changes = changes_since(calculation)
    return str(OutOfDate(changes)) if changes else ""


def _who_pays(calculation: Calculation) -> str:
    text = (
        f"Tenants are billed {format_dollars(calculation.tenants_cents)} of the "
        f"{format_dollars(calculation.bill_cents)} bill. The owner keeps "
        f"{format_dollars(calculation.owner_cents)}."
    )
    if calculation.fees_cents:
        residents = calculation.tenants_cents + calculation.fees_cents
        text += (
            f" Administrative fees of {format_dollars(calculation.fees_cents)} are charged beside "
            f"the bill, so residents are charged {format_dollars(residents)} in all."
        )
    return text


def _amounts(calculation: Calculation) -> list[tuple[str, str]]:
    """Add up what goes to residents, where fees come on top of their shares."""
    fees = calculation.charges.filter(kind=ChargeKind.FEE).count()
    if not fees:
        return []
    shares = calculation.charges.count() - fees
    residents = calculation.tenants_cents + calculation.fees_cents
    return [
        (f"{shares:,} shares of the bill", format_dollars(calculation.tenants_cents)),
        (f"{fees:,} administrative fees", format_dollars(calculation.fees_cents)),
        ("Charged to residents", format_dollars(residents)),
    ]


def _url(calculation: Calculation) -> str:
    return reverse("billing:calculation-detail", args=[calculation.pk])
