"""How many people have to approve what a portfolio's residents are charged, and by when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from meterbase.lib.money import format_dollars
from portfolios import access
from portfolios.access import Action
from portfolios.forms.approvals import ApprovalRulesForm
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import AuditEvent, Portfolio, Role
from portfolios.operations.portfolios import set_approval_rules

_CHANGES_SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def portfolio_approvals(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show how many people approve, and by when, and let an accountant change it."""
    portfolio = access.fetch(Portfolio.objects.all(), Action.READ, user=request.user, pk=pk)
    lead = _lead(portfolio)
    form = ApprovalRulesForm(request.POST or None, portfolio=portfolio)
    if request.method == "POST":
        access.require(portfolio, Action.APPROVE, user=request.user)
        if form.is_valid():
            set_approval_rules(
                portfolio=portfolio,
                above_cents=form.above_cents(),
                approve_by_day=form.cleaned_data["approve_by_day"],
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, f"Saved. {_lead(portfolio)}")
            return redirect("portfolios:portfolio-approvals", pk=portfolio.pk)
    url = reverse("portfolios:portfolio-detail", args=[portfolio.pk])
    context = {
        "title": "Approvals",
        "eyebrow": portfolio.name,
        "lead": lead,
        "portfolio": portfolio,
        "form": form,
        "verb": "Save",
        "cancel_url": url,
        "may_change": access.may(portfolio, Action.APPROVE, user=request.user),
        "accountants": portfolio.memberships.filter(role=Role.ACCOUNTANT).count(),
        "changes": _changes(portfolio),
        "breadcrumbs": [
            ("Portfolios", reverse("portfolios:portfolio-list")),
            (portfolio.name, url),
        ],
    }
    return render(request, "portfolios/portfolio_approvals.html", context)


def _lead(portfolio: Portfolio) -> str:
    amount = _amount_words(portfolio.second_approval_above_cents)
    return f"{amount} {_day_words(portfolio.approve_by_day)}"


def _amount_words(above_cents: int | None) -> str:
    if above_cents is None:
        return "One accountant's approval is enough for every calculation."
    return (
        "Two accountants approve a calculation by which residents are charged more than "
        f"{format_dollars(above_cents)}."
    )


def _day_words(day: int | None) -> str:
    if day is None:
        return "There is no day by which to approve."
    return f"Calculations are to be approved by day {day} of the month of their charges."


_EVENT_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "portfolio.second_approval_set": lambda after: _amount_words(
        after["second_approval_above_cents"]
    ),
    "portfolio.approve_by_day_set": lambda after: _day_words(after["approve_by_day"]),
}


def _changes(portfolio: Portfolio) -> list[tuple[AuditEvent, str]]:
    """List who changed the rules, the last change first."""
    events = AuditEvent.objects.filter(
        verb__in=_EVENT_WORDS,
        subject_type=Portfolio._meta.label_lower,
        subject_id=str(portfolio.pk),
    ).order_by("-at", "-pk")[:_CHANGES_SHOWN]
    return [(event, _EVENT_WORDS[event.verb](event.after)) for event in events]
