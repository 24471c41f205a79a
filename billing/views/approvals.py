"""Deciding on calculations that somebody else prepared."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.forms import RejectionForm
from billing.models import Calculation, CalculationState, ChargeKind
from billing.operations.approvals import OwnWork, approve_calculations, reject_calculation
from billing.operations.calculations import WrongState
from billing.views.approval_rows import QueueRow, light_calculations, queue_rows
from billing.views.breadcrumbs import below_calculation
from billing.views.findings import set_aside_in
from billing.views.next_steps import is_own_work
from billing.views.wording import bill_name, charge_count
from meterbase.lib.money import format_dollars
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def calculation_approve(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask, then approve a calculation."""
    calculation = access.fetch(_calculations(), Action.APPROVE, user=request.user, pk=pk)
    back = redirect("billing:calculation-detail", pk=calculation.pk)
    if request.method == "POST":
        _approve(request, calculation)
        return back
    (row,) = queue_rows([calculation], user=request.user)
    if row.obstacle:
        messages.error(request, row.obstacle)
        return back
    charges = charge_count(calculation.charges.count())
    approvals = row.facts.approvals
    nth = "" if not approvals.has_tiers else f" ({'second' if approvals.count else 'first'} of two)"
    return render(
        request,
        "billing/calculation_approve.html",
        {
            "calculation": calculation,
            "question": f"Approve {charges} for {bill_name(calculation.bill)}?",
            "body": f"{_who_pays(calculation)} {_what_follows(row)}",
            "facts": _amounts(calculation),
            "marks": row.marks,
            "set_aside": set_aside_in(calculation),
            "verb": f"Approve {charges}{nth}",
            "cancel_label": "Keep reviewing",
            "breadcrumbs": below_calculation(calculation),
            "cancel_url": _url(calculation),
        },
    )


def _approve(request: SignedInRequest, calculation: Calculation) -> None:
    """Approve, and say whether that was the last word."""
    (verdict,) = approve_calculations(
        calculations=[calculation], by=request.user, now=timezone.now()
    )
    if verdict.refusal:
        messages.error(request, verdict.refusal)
    elif verdict.is_approved:
        messages.success(request, "Approved. The figures are locked; posting is the next step.")
    else:
        messages.success(
            request,
            "Your approval is kept: the first of two. It stays in review until another accountant "
            "approves it too.",
        )


def _what_follows(row: QueueRow) -> str:
    """Say what an approval does: the last one locks the figures."""
    locks = "the figures are locked; changes need a new version."
    approvals = row.facts.approvals
    if not approvals.has_tiers:
        return f"After approval {locks}"
    if not approvals.is_last_missing:
        return (
            "Because of the amount, two accountants approve it. Yours is the first of two "
            "approvals: it stays in review until another accountant approves it too."
        )
    (first, *_) = approvals.given
    before = f"{first.decided_by} has approved it."
    return f"{before} Yours is the second of two approvals: after it {locks}"


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
    return light_calculations(Calculation.objects.all())


def _blocker(request: SignedInRequest, calculation: Calculation) -> str:
    """Say why there is nothing to ask, where that can be known beforehand."""
    if calculation.state != CalculationState.IN_REVIEW:
        state = calculation.get_state_display().lower()
        return f"This calculation is {state}: there is nothing to decide."
    return str(OwnWork()) if is_own_work(calculation, user=request.user) else ""


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
