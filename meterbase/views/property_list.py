"""All properties that a person looks after: found, sorted, and synced several at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from billing.models import Posting, UtilityBill
from billing.queries import open_failures
from billing.worklists import open_bills
from integrations.freshness import in_words, stale_after
from integrations.models import PropertyLink
from integrations.operations.sync_batches import BatchedSync, request_syncs
from meterbase.lib.searching import has_words, words_of
from meterbase.lib.sorting import Column, Sorting
from meterbase.views.property_figures import Figures, figures_of
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Portfolio, Property

PAGE_SIZE = 50

_WORDS = ("name", "address", "city", "state", "zip_code")
_COLUMNS = (
    Column("name", "Property", ("name",)),
    Column("portfolio", "Portfolio", ("portfolio__name", "name")),
    Column("city", "City", ("city", "name")),
    Column("units", "Units", ("units_here",), "num"),
    Column("bills", "Open bills", css="num"),
    Column("failures", "Failures", css="num"),
    Column("sync", "Data from the PMS", ("link__last_synced_at", "name")),
)


@dataclass(frozen=True, slots=True)
class PropertyRow:
    """A property in the list; `may_sync` offers to choose it."""

    place: Property
    figures: Figures
    may_sync: bool


@dataclass(frozen=True, slots=True)
class _Choice:
    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: str


@require_safe
@signed_in
def property_list(request: SignedInRequest) -> HttpResponse:
    """List the properties of all the reader's portfolios."""
    now = timezone.now()
    portfolios = dict(access.rows(Portfolio, user=request.user).values_list("pk", "name"))
    text, show = request.GET.get("q", ""), request.GET.get("show", "")
    portfolio = request.GET.get("portfolio", "")
    sorting = Sorting(_COLUMNS, request.GET, usual="name")
    found = _found(request, text=text, show=show, portfolio=portfolio, now=now)
    if sorting.chosen[0].key == "units":
        found = found.annotate(units_here=Count("units", filter=Q(units__missing_since=None)))
    page = Paginator(sorting.sort(found), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = _rows(request, list(page.object_list), now=now)
    names = tuple((str(pk), name) for pk, name in sorted(portfolios.items(), key=lambda p: p[1]))
    context = {
        "page": page,
        "rows": rows,
        "headings": sorting.headings(),
        "q": text,
        "choices": [
            _Choice("portfolio", "Portfolio", (("", "All portfolios"), *names), portfolio),
            _Choice("show", "Which", tuple((k, s[0]) for k, s in _SHOWN.items()), show),
        ],
        "kept": [("sort", request.GET["sort"])] if request.GET.get("sort") else [],
        "is_narrowed": bool(text or show or portfolio),
        "may_sync": any(row.may_sync for row in rows),
        "limit": in_words(stale_after()),
    }
    return render(request, "meterbase/property_list.html", context)


@require_POST
@signed_in
def property_list_sync(request: SignedInRequest) -> HttpResponse:
    """Sync the chosen properties; the answer says how many are read."""
    places = _chosen(request)
    back = request.POST.get("back", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("property-list")
    if not places:
        messages.error(request, "Choose at least one property to sync.")
        return redirect(back)
    done = request_syncs(places=places, by=request.user, now=timezone.now())
    _tell(request, done)
    return redirect(back)


def _tell(request: SignedInRequest, done: BatchedSync) -> None:
    if done.queued:
        noun = "property is" if done.queued == 1 else "properties are"
        messages.success(request, f"{done.queued} {noun} being synced. You may leave this page.")
    if done.not_linked:
        names = ", ".join(str(place) for place in done.not_linked)
        messages.warning(request, f"Not connected to a PMS, so not synced: {names}.")


def _chosen(request: SignedInRequest) -> list[Property]:
    """Read the chosen properties.

    Errors: Http404 where one is not there or not theirs, PermissionDenied for a wrong role.
    """
    texts = set(request.POST.getlist("place"))
    ids = {int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 16}
    if len(ids) != len(texts) or len(ids) > PAGE_SIZE:
        raise Http404("There is no such property.")
    visible = access.rows(Property, user=request.user).filter(pk__in=ids)
    if visible.count() != len(ids):
        raise Http404("There is no such property.")
    places = list(
        access.rows(Property, user=request.user, action=Action.PREPARE).filter(pk__in=ids)
    )
    if len(places) != len(ids):
        raise PermissionDenied("Only a property manager of a portfolio can sync its properties.")
    return places


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
        PropertyRow(
            place,
            figures[place.pk],
            may_sync=place.portfolio_id in managed
            and figures[place.pk].is_linked
            and place.archived_at is None,
        )
        for place in places
    ]


def _old(now: datetime) -> Q:
    before = now - stale_after()
    links = PropertyLink.objects.filter(Q(last_synced_at=None) | Q(last_synced_at__lt=before))
    return Q(pk__in=links.values("property"))


def _with_open_bills(_now: datetime) -> Q:
    return Q(pk__in=open_bills(UtilityBill.objects.all()).order_by().values("property"))


def _with_failures(_now: datetime) -> Q:
    failed = open_failures(Posting.objects.all()).order_by()
    return Q(pk__in=failed.values("job__calculation__bill__property"))


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
