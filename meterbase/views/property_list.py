"""All properties that a person looks after: found and sorted, with what waits at each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.failures import failed
from billing.models import UtilityBill
from billing.worklists import open_bills
from integrations.freshness import in_words, stale_after
from integrations.models import PropertyLink
from meterbase.lib.searching import has_words, words_of
from meterbase.lib.sheets import chosen_filters
from meterbase.lib.sorting import Column, Sorting
from meterbase.views.property_figures import (
    Figures,
    count_failures,
    count_open_bills,
    count_units,
    figures_of,
)
from meterbase.views.property_sheet import property_sheet
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Portfolio, Property

PAGE_SIZE = 50

_WORDS = ("name", "address", "city", "state", "zip_code")
_COLUMNS = (
    Column("name", "Property", ("name",)),
    Column("portfolio", "Portfolio", ("portfolio__name", "name")),
    Column("city", "City", ("city", "name")),
    Column("units", "Units", ("units_here", "name"), "num"),
    Column("bills", "Open bills", ("open_bills_here", "name"), "num"),
    Column("failures", "Failures", ("failures_here", "name"), "num"),
    Column("sync", "Data from the PMS", ("link__last_synced_at", "name")),
)


# Counted for every property only where the list is sorted by the count.
_COUNTS: dict[str, Callable[[QuerySet[Property]], QuerySet[Property]]] = {
    "units": lambda places: places.annotate(units_here=count_units()),
    "bills": lambda places: places.annotate(open_bills_here=count_open_bills()),
    "failures": lambda places: places.annotate(failures_here=count_failures()),
}


@dataclass(frozen=True, slots=True)
class PropertyRow:
    """A property in the list; `may_change` offers to choose it."""

    place: Property
    figures: Figures
    may_change: bool


@dataclass(frozen=True, slots=True)
class _Choice:
    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: str


@require_safe
@signed_in
def property_list(request: SignedInRequest) -> HttpResponseBase:
    """List the properties of all the reader's portfolios."""
    now = timezone.now()
    text, show = request.GET.get("q", ""), request.GET.get("show", "")
    portfolio = request.GET.get("portfolio", "")
    sorting = Sorting(_COLUMNS, request.GET, usual="name")
    found = _found(request, text=text, show=show, portfolio=portfolio, now=now)
    count = _COUNTS.get(sorting.chosen[0].key)
    if count is not None:
        found = count(found)
    ordered, choices = sorting.sort(found), _choices(request)
    filters = chosen_filters(q=text, choices=choices)
    if answer := list_file(request, lambda: property_sheet(ordered, filters=filters, now=now)):
        return answer
    page = Paginator(ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = _rows(request, list(page.object_list), now=now)
    context = {
        "page": page,
        "rows": rows,
        "headings": sorting.headings(),
        "q": text,
        "choices": choices,
        "kept": [("sort", request.GET["sort"])] if request.GET.get("sort") else [],
        "is_narrowed": bool(text or show or portfolio),
        "may_change": any(row.may_change for row in rows),
        "is_archive": show == "archived",
        "limit": in_words(stale_after()),
    }
    return render(request, "meterbase/property_list.html", context)


def _choices(request: SignedInRequest) -> list[_Choice]:
    portfolios = access.rows(Portfolio, user=request.user).order_by("name", "pk")
    names = ((str(pk), name) for pk, name in portfolios.values_list("pk", "name"))
    shown = tuple((key, label) for key, (label, _narrow) in _SHOWN.items())
    return [
        _Choice(
            "portfolio",
            "Portfolio",
            (("", "All portfolios"), *names),
            request.GET.get("portfolio", ""),
        ),
        _Choice("show", "Which", shown, request.GET.get("show", "")),
    ]


def _found(
    request: SignedInRequest, *, text: str, show: str, portfolio: str, now: datetime
) -> QuerySet[Property]:
    places = access.rows(Property, user=request.user).select_related("portfolio")
    places = places.filter(has_words(words_of(text), *_WORDS))
    if portfolio:
        known = portfolio.isascii() and portfolio.isdecimal() and len(portfolio) < 16
        places = places.filter(portfolio=int(portfolio)) if known else places.none()
    narrow = _SHOWN.get(show, _SHOWN[""])[1]
    return places.filter(narrow(now)).filter(archived_at__isnull=show != "archived")


def _rows(request: SignedInRequest, places: list[Property], *, now: datetime) -> list[PropertyRow]:
    mine = access.rows(Portfolio, user=request.user, action=Action.PREPARE)
    managed = set(mine.values_list("pk", flat=True))
    figures = figures_of(places, now=now)
    return [
        PropertyRow(place, figures[place.pk], may_change=place.portfolio_id in managed)
        for place in places
    ]


def _old(now: datetime) -> Q:
    before = now - stale_after()
    links = PropertyLink.objects.filter(Q(last_synced_at=None) | Q(last_synced_at__lt=before))
    return Q(pk__in=links.values("property"))


def _with_open_bills(_now: datetime) -> Q:
    return Q(pk__in=open_bills(UtilityBill.objects.all()).order_by().values("property"))


def _with_failures(_now: datetime) -> Q:
    return Q(pk__in=failed().order_by().values("job__calculation__bill__property"))


_SHOWN: dict[str, tuple[str, Callable[[datetime], Q]]] = {
    "": ("All properties", lambda _now: Q()),
    "bills": ("With open bills", _with_open_bills),
    "failures": ("With failed charges", _with_failures),
    "old": ("With old data", _old),
    "unconnected": (
        "From no PMS",
        lambda _now: ~Q(pk__in=PropertyLink.objects.values("property")),
    ),
    "archived": ("Archived", lambda _now: Q()),
}
