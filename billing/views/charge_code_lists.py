"""The charge codes of a portfolio: which there are, and which is usual for which utility."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from billing.charge_codes import codes_in_use
from billing.forms import ChargeCodeForm, NewChargeCodeForm, UsualCodesForm
from billing.models import ChargeCode, UtilityChargeCode
from billing.operations.charge_codes import (
    CodeInUse,
    CodeTaken,
    add_charge_code,
    change_charge_code,
    set_usual_codes,
)
from billing.operations.usual_charge_codes import ensure_charge_codes
from billing.views.setup_sheets import code_sheet
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Portfolio


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def charge_code_list(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show the codes, and add one."""
    action = Action.APPROVE if request.method == "POST" else Action.READ
    portfolio = access.fetch(Portfolio.objects.all(), action, user=request.user, pk=pk)
    ensure_charge_codes(portfolio=portfolio)
    if answer := list_file(request, lambda: code_sheet(portfolio, _codes(portfolio))):
        return answer
    form = NewChargeCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            added = add_charge_code(
                portfolio=portfolio,
                code=form.cleaned_data["code"],
                name=form.cleaned_data["name"],
                by=request.user,
                now=timezone.now(),
            )
        except CodeTaken as refusal:
            form.add_error("code", str(refusal))
        else:
            messages.success(request, f"{added} is added.")
            return redirect("billing:charge-code-list", pk=portfolio.pk)
    return render(request, "billing/charge_code_list.html", _page(request, portfolio, new=form))


@require_POST
@signed_in
def usual_codes(request: SignedInRequest, pk: int) -> HttpResponse:
    """Store which code is usual for which utility."""
    portfolio = access.fetch(Portfolio.objects.all(), Action.APPROVE, user=request.user, pk=pk)
    ensure_charge_codes(portfolio=portfolio)
    form = _usual_form(portfolio, request)
    if not form.is_valid():
        page = _page(request, portfolio, usual=form)
        return render(request, "billing/charge_code_list.html", page)
    set_usual_codes(portfolio=portfolio, codes=form.chosen(), by=request.user, now=timezone.now())
    messages.success(request, "The usual codes are stored.")
    return redirect("billing:charge-code-list", pk=portfolio.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def charge_code_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Rename a code, retire it, or take it up again."""
    codes = ChargeCode.objects.select_related("portfolio")
    code = access.fetch(codes, Action.APPROVE, user=request.user, pk=pk)
    initial = {"name": code.name, "in_use": code.retired_at is None}
    form = ChargeCodeForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_charge_code(
                charge_code=code,
                name=form.cleaned_data["name"],
                in_use=form.cleaned_data["in_use"],
                by=request.user,
                now=timezone.now(),
            )
        except CodeInUse as refusal:
            form.add_error("in_use", str(refusal))
        else:
            messages.success(request, f"{code} is stored.")
            return redirect("billing:charge-code-list", pk=code.portfolio_id)
    page = {
        "title": f"Charge code {code}",
        "eyebrow": code.portfolio.name,
        "form": form,
        "verb": "Save the charge code",
        "cancel_url": reverse("billing:charge-code-list", args=[code.portfolio_id]),
        "breadcrumbs": [
            *_above(code.portfolio),
            ("Charge codes", reverse("billing:charge-code-list", args=[code.portfolio_id])),
        ],
    }
    return render(request, "billing/charge_code_edit.html", page)


def _page(
    request: SignedInRequest,
    portfolio: Portfolio,
    *,
    new: NewChargeCodeForm | None = None,
    usual: UsualCodesForm | None = None,
) -> dict[str, object]:
    may_change = access.may(portfolio, Action.APPROVE, user=request.user)
    return {
        "portfolio": portfolio,
        "section": "portfolios:portfolio-detail",
        "codes": _codes(portfolio),
        "may_change": may_change,
        "new": new or NewChargeCodeForm(),
        "usual": usual or _usual_form(portfolio, None),
        "breadcrumbs": _above(portfolio),
    }


def _codes(portfolio: Portfolio) -> QuerySet[ChargeCode]:
    codes = ChargeCode.objects.filter(portfolio=portfolio).prefetch_related("usual_for_utilities")
    return codes.order_by(F("retired_at").asc(nulls_first=True), "code")


def _usual_form(portfolio: Portfolio, request: SignedInRequest | None) -> UsualCodesForm:
    rows = UtilityChargeCode.objects.filter(portfolio=portfolio)
    return UsualCodesForm(
        request.POST if request else None,
        codes=list(codes_in_use(portfolio)),
        initial=dict(rows.values_list("utility", "charge_code__code")),
    )


def _above(portfolio: Portfolio) -> list[tuple[str, str]]:
    return [
        ("Portfolios", reverse("portfolios:portfolio-list")),
        (portfolio.name, reverse("portfolios:portfolio-detail", args=[portfolio.pk])),
    ]
