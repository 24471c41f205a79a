"""How many people have to approve what a portfolio's residents are charged."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from meterbase.lib.money import format_dollars
from portfolios import access
from portfolios.access import Action
from portfolios.forms.approvals import SecondApprovalForm
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import AuditEvent, Portfolio, Role
from portfolios.operations.portfolios import set_second_approval

_CHANGES_SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def portfolio_approvals(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show above which amount two people approve, and let an accountant change it."""
    portfolio = access.fetch(Portfolio.objects.all(), Action.READ, user=request.user, pk=pk)
    above = portfolio.second_approval_above_cents
    form = SecondApprovalForm(request.POST or None, above_cents=above)
    if request.method == "POST":
        access.require(portfolio, Action.APPROVE, user=request.user)
        if form.is_valid():
            set_second_approval(
                portfolio=portfolio,
                above_cents=form.above_cents(),
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, f"Saved. {_words(portfolio.second_approval_above_cents)}")
            return redirect("portfolios:portfolio-approvals", pk=portfolio.pk)
    url = reverse("portfolios:portfolio-detail", args=[portfolio.pk])
    context = {
        "title": "Approvals",
        "eyebrow": portfolio.name,
        "lead": _words(above),
        "portfolio": portfolio,
        "form": form,
        "verb": "Save the amount",
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


def _words(above_cents: int | None) -> str:
    if above_cents is None:
        return "One accountant's approval is enough for every calculation."
    return (
        "Two accountants approve a calculation by which residents are charged more than "
        f"{format_dollars(above_cents)}."
    )


def _changes(portfolio: Portfolio) -> list[tuple[AuditEvent, str]]:
    """List who changed the amount, the last change first."""
    events = AuditEvent.objects.filter(
        verb="portfolio.second_approval_set",
        subject_type=Portfolio._meta.label_lower,
        subject_id=str(portfolio.pk),
    ).order_by("-at", "-pk")[:_CHANGES_SHOWN]
    return [(event, _words(event.after["second_approval_above_cents"])) for event in events]
