"""The pages of portfolios."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from meterbase.lib.searching import has_words, words_of
from meterbase.lib.sheets import Sheet, chosen_filters
from meterbase.lib.sorting import Column, Sorting
from portfolios import access
from portfolios.forms import NAME_IS_TAKEN, PortfolioForm
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Membership, Portfolio, Property, Role, Unit, User
from portfolios.operations.portfolios import create_portfolio
from portfolios.views.place_sheets import portfolio_sheet, property_sheet

PAGE_SIZE = 50

_PORTFOLIO_COLUMNS = (
    Column("name", "Portfolio", ("name",)),
    Column("properties", "Properties", ("living", "name"), "num"),
    Column("role", "My role"),
)
_PROPERTY_WORDS = ("name", "address", "city", "state", "zip_code")
_PROPERTY_COLUMNS = (
    Column("name", "Property", ("name",)),
    Column("address", "Address", ("address",)),
    Column("city", "City", ("city", "name")),
    Column("state", "State", ("state", "city", "name")),
    Column("zip", "ZIP", ("zip_code", "name")),
    Column("units", "Units here", ("units_here",), "num"),
    Column("pms", "Units in the PMS", ("unit_count",), "num"),
)


@dataclass(frozen=True, slots=True)
class PortfolioRow:
    """A portfolio in the list, with what the reader is there."""

    portfolio: Portfolio
    property_count: int
    role: str


@require_safe
@signed_in
def portfolio_list(request: SignedInRequest) -> HttpResponseBase:
    """List the reader's portfolios."""
    text = request.GET.get("q", "")
    sorting = Sorting(_PORTFOLIO_COLUMNS, request.GET, usual="name")
    found = access.rows(Portfolio, user=request.user).filter(has_words(words_of(text), "name"))
    if sorting.chosen[0].key == "properties":
        living = Q(properties__archived_at=None)
        found = found.annotate(living=Count("properties", filter=living, distinct=True))
    ordered = sorting.sort(found)
    if answer := list_file(request, lambda: _sheet(ordered, text, user=request.user)):
        return answer
    page = Paginator(ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = _rows(list(page.object_list), user=request.user)
    context = {
        "page": page,
        "rows": rows,
        "headings": sorting.headings(),
        "q": text,
        "kept": [("sort", request.GET["sort"])] if request.GET.get("sort") else [],
        "actions": [("New portfolio", reverse("portfolios:portfolio-create"))]
        if access.may_open_portfolios(request.user)
        else [],
    }
    return render(request, "portfolios/portfolio_list.html", context)


def _sheet(portfolios: QuerySet[Portfolio], text: str, *, user: User) -> Sheet:
    rows = _rows(list(portfolios), user=user)
    named = ((row.portfolio, row.property_count, row.role) for row in rows)
    return portfolio_sheet(named, filters=chosen_filters(q=text))


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
def portfolio_detail(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show a portfolio's properties and people."""
    portfolio = access.fetch(Portfolio.objects.all(), access.Action.READ, user=request.user, pk=pk)
    text = request.GET.get("q", "")
    sorting = Sorting(_PROPERTY_COLUMNS, request.GET, usual="name")
    found = portfolio.properties.filter(has_words(words_of(text), *_PROPERTY_WORDS))
    if sorting.chosen[0].key == "units":
        found = found.annotate(units_here=Count("units", filter=Q(units__missing_since=None)))
    ordered = sorting.sort(found)
    filters = (("Portfolio", portfolio.name), *chosen_filters(q=text))
    if answer := list_file(
        request, lambda: property_sheet(ordered, filters=filters, with_units=_with_units)
    ):
        return answer
    page = Paginator(ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "portfolio": portfolio,
        "page": page,
        "rows": _with_units(list(page.object_list)),
        "headings": sorting.headings(),
        "q": text,
        "kept": [("sort", request.GET["sort"])] if request.GET.get("sort") else [],
        "members": portfolio.memberships.select_related("user").order_by("role", "user__username"),
        "role": _role_name(portfolio, user=request.user),
        "may_prepare": access.may(portfolio, access.Action.PREPARE, user=request.user),
        "breadcrumbs": [("Portfolios", reverse("portfolios:portfolio-list"))],
    }
    return render(request, "portfolios/portfolio_detail.html", context)


def _with_units(places: list[Property]) -> list[tuple[Property, int]]:
    """Count the units of the properties on one page."""
    here = Unit.objects.filter(property__in=places, missing_since=None).order_by()
    counts = dict(here.values_list("property").annotate(Count("pk")))
    return [(place, counts.get(place.pk, 0)) for place in places]
