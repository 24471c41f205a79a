"""The pages of portfolios."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from portfolios import access
from portfolios.forms import NAME_IS_TAKEN, PortfolioForm
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Membership, Portfolio, Role, User
from portfolios.operations.portfolios import create_portfolio

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class PortfolioRow:
    """A portfolio in the list, with what the reader is there."""

    portfolio: Portfolio
    property_count: int
    role: str


@require_safe
@signed_in
def portfolio_list(request: SignedInRequest) -> HttpResponse:
    """List the reader's portfolios."""
    portfolios = access.rows(Portfolio, user=request.user).order_by("name")
    page = Paginator(portfolios, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = _rows(list(page.object_list), user=request.user)
    context = {
        "page": page,
        "rows": rows,
        "actions": [("New portfolio", reverse("portfolios:portfolio-create"))]
        if access.may_open_portfolios(request.user)
        else [],
    }
    return render(request, "portfolios/portfolio_list.html", context)


def _rows(portfolios: list[Portfolio], *, user: User) -> list[PortfolioRow]:
    found = Membership.objects.filter(user=user, portfolio__in=portfolios)
    roles = {membership.portfolio_id: Role(membership.role).label for membership in found}
    living = Count("properties", filter=Q(properties__archived_at=None))
    counted = Portfolio.objects.filter(pk__in=[portfolio.pk for portfolio in portfolios])
    counts = dict(counted.annotate(living=living).values_list("pk", "living"))
    return [
        PortfolioRow(portfolio, counts[portfolio.pk], roles[portfolio.pk])
        for portfolio in portfolios
    ]


def _role_name(portfolio: Portfolio, *, user: User) -> str:
    role = access.role_in(portfolio, user=user)
    return Role(role).label if role else ""


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def portfolio_create(request: SignedInRequest) -> HttpResponse:
    """Make a portfolio; whoever makes it is its first manager."""
    if not access.may_open_portfolios(request.user):
        raise PermissionDenied(
            "Portfolios are made by support staff and by property managers. Ask one of them."
        )
    form = PortfolioForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        try:
            portfolio = create_portfolio(name=name, by=request.user, now=timezone.now())
        except IntegrityError:
            form.add_error("name", NAME_IS_TAKEN)
        else:
            messages.success(request, f"The portfolio {portfolio} is there. You manage it.")
            return redirect("portfolios:portfolio-detail", pk=portfolio.pk)
    context = {
        "form": form,
        "title": "New portfolio",
        "lead": "A set of properties that the same people look after.",
        "verb": "Create the portfolio",
        "cancel_url": reverse("portfolios:portfolio-list"),
        "breadcrumbs": [("Portfolios", reverse("portfolios:portfolio-list"))],
    }
    return render(request, "portfolios/portfolio_create.html", context)


@require_safe
@signed_in
def portfolio_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a portfolio's properties and people."""
    portfolio = access.fetch(Portfolio.objects.all(), access.Action.READ, user=request.user, pk=pk)
    properties = portfolio.properties.annotate(
        units_here=Count("units", filter=Q(units__missing_since=None))
    ).order_by("name", "pk")
    context = {
        "portfolio": portfolio,
        "page": Paginator(properties, PAGE_SIZE).get_page(request.GET.get("page")),
        "members": portfolio.memberships.select_related("user").order_by("role", "user__username"),
        "role": _role_name(portfolio, user=request.user),
        "may_prepare": access.may(portfolio, access.Action.PREPARE, user=request.user),
        "breadcrumbs": [("Portfolios", reverse("portfolios:portfolio-list"))],
    }
    return render(request, "portfolios/portfolio_detail.html", context)
