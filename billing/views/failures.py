"""The charges that did not get through, by cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Abs
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.causes import Cause, cause_in_doubt, cause_of
from billing.failures import CauseSum, FailureFilter, FailureTab, in_tab, sum_by_cause
from billing.models import Posting, PostingState, SavedView
from billing.views.failure_filters import (
    choices,
    filter_of,
    list_url,
    query_of,
    tab_of,
    tabs,
)
from billing.views.failure_lists import (
    causes_in,
    count_in,
    named_places,
    oldest_of,
    oldest_open,
    places_in,
)
from billing.views.failure_rows import (
    KIND_TONES,
    FailureRow,
    Place,
    light,
    places_of,
    rows_of,
)
from billing.views.failure_sheet import failure_sheet
from billing.views.wording import PAGE_SIZE, Badge
from integrations.models import Connection, ConnectionStatus
from meterbase.lib.sheets import Sheet, chosen_filters
from meterbase.lib.sorting import Column, Heading, Sorting
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.kept_figures import KeptFigures
from portfolios.list_files import list_file
from portfolios.models import User
from portfolios.own_roles import actions_by_portfolio

_COLUMNS = (
    Column("unit", "Unit", ("charge__unit_label",)),
    Column("property", "Property", ("job__calculation__bill__property__name",)),
    Column("resident", "Resident", ("charge__resident_name",)),
    Column("bill", "Bill"),
    Column("amount", "Amount", ("amount_cents",), "money"),
    Column("age", "Failed", ("state_at",)),
    Column("wrong", "What is wrong"),
    Column("attempts", "Attempts", (), "num"),
    Column("owner", "Owner", ("follow_up__assigned_to__username",)),
    Column("job", "Job"),
)

_ORDER = {
    FailureTab.RETRYING: ("not_before", "pk"),
    FailureTab.SNOOZED: ("follow_up__snoozed_until", "pk"),
    FailureTab.RESOLVED: ("-state_at", "-pk"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """The failures with one cause; count and money speak of all, the rows of some."""

    cause: Cause
    kind: Badge
    sums: CauseSum
    rows: Sequence[FailureRow]
    places: Sequence[Place]
    columns: Sequence[Heading]
    url: str

    @property
    def may_retry(self) -> bool:
        """Tell whether any of them was certainly refused, and the reader may send it."""
        return any(row.may_retry for row in self.rows)

    @property
    def may_follow_up(self) -> bool:
        """Tell whether there is anything to tick."""
        return any(row.may_follow_up for row in self.rows)

    @property
    def headings(self) -> Sequence[Heading]:
        """Give the heads of the columns."""
        return [Heading("Select", ""), *self.columns] if self.may_follow_up else self.columns

    @property
    def not_shown(self) -> int:
        """Count those that the list of this cause shows."""
        return self.sums.count - len(self.rows)


@dataclass(frozen=True, slots=True)
class ExpiredLogin:
    """A connection that needs a new login, and what waits for it.

    Units: cents.
    """

    connection: Connection
    count: int
    cents: int


@require_safe
@signed_in
def failure_list(request: SignedInRequest) -> HttpResponseBase:
    """List the failures by cause, or those that go on by themselves, rest or are dealt with."""
    now = timezone.now()
    tab, found = tab_of(request.GET), filter_of(request.GET)
    select = partial(_narrowed, request.user, tab, found, now=now)
    if answer := list_file(request, lambda: _sheet(request.GET, select(), tab, found, now)):
        return answer
    sums, counts = _count(request.user, tab, found, now=now)
    sums_shown = sums
    if found.cause is not None:
        sums_shown = [cause for cause in sums if cause.code == found.cause]
    places = named_places(select()) if found.is_narrow else places_in(tab, request.user, now)
    context: dict[str, object] = {
        "tab": tab.value,
        "filters": _filters(request, counts, found, sums_shown),
        "choices": choices(request.GET, found, causes=sums, places=places),
        "q": found.words,
        "kept": [("show", tab.value)] if tab is not FailureTab.OPEN else [],
        "is_narrow": found.is_narrow or found.cause is not None,
        "is_filtered": found.is_narrow,
        "query": list_url(query_of(request.GET)).partition("?")[2],
        "views": SavedView.objects.filter(user=request.user),
        "logins": _expired_logins(request.user),
        "total_count": sum(cause.count for cause in sums_shown),
        "total_cents": sum(cause.cents for cause in sums_shown),
    }
    if tab is FailureTab.OPEN and found.cause is None:
        user = request.user
        oldest = _oldest(select()) if found.is_narrow else oldest_open(user, now)
        context |= _grouped(request, oldest, sums, now=now)
    elif tab is FailureTab.OPEN:
        context |= _of_one_cause(request, select(), found.cause or "", sums, now=now)
    else:
        context |= _flat(request, _of_cause(select(), found.cause), tab, now=now)
    return render(request, "billing/failure_list.html", context)


def _narrowed(
    user: User, tab: FailureTab, found: FailureFilter, *, now: datetime
) -> QuerySet[Posting]:
    """Select a list as it is narrowed, but not by cause: causes are counted."""
    # Few charges fail: they are picked out first, and only then looked up in the portfolios.
    few = access.rows(Posting, user=user).filter(pk__in=in_tab(tab, now=now).values("pk"))
    return replace(found, cause=None).narrow(few, user=user, now=now)


def _count(
    user: User, tab: FailureTab, found: FailureFilter, *, now: datetime
) -> tuple[list[CauseSum], dict[FailureTab, int]]:
    """Sum the list that is shown up by cause, and count them all."""
    if found.is_narrow:
        lists = {each: _narrowed(user, each, found, now=now) for each in FailureTab}
        sums = sum_by_cause(lists[tab])
        counts = {each: rows.count() for each, rows in lists.items() if each is not tab}
    else:
        sums = causes_in(tab, user=user, now=now)
        others = (each for each in FailureTab if each is not tab)
        counts = {each: count_in(each, user=user, now=now) for each in others}
    return sums, counts | {tab: sum(cause.count for cause in sums)}


def _oldest(shown: QuerySet[Posting]) -> list[Posting]:
    """Read the oldest failures of each cause of a list that is narrowed."""
    ids = list(oldest_of(shown))
    return list(light(Posting.objects.filter(pk__in=ids)).order_by("state_at", "pk"))


def _of_cause(failures: QuerySet[Posting], cause: str | None) -> QuerySet[Posting]:
    return failures if cause is None else failures.filter(error_code=cause)


def _sheet(
    query: QueryDict,
    failures: QuerySet[Posting],
    tab: FailureTab,
    found: FailureFilter,
    now: datetime,
) -> Sheet:
    """Write a list in the page's order; what the page groups by cause, the oldest first."""
    offered = choices(query, found, causes=sum_by_cause(failures), places=named_places(failures))
    filters = chosen_filters(q=found.words, choices=offered)
    kept = _of_cause(failures, found.cause)
    if tab is FailureTab.OPEN:
        kept = Sorting(_COLUMNS, query, usual="age").sort(kept)
    else:
        kept = kept.order_by(*_ORDER[tab])
    return failure_sheet(kept, tab=tab.value, filters=filters, now=now)


def _filters(
    request: SignedInRequest,
    counts: dict[FailureTab, int],
    found: FailureFilter,
    sums: Sequence[CauseSum],
) -> list[dict[str, object]]:
    """Describe the tabs, and the one cause that is shown as the open one."""
    every = tabs(request.GET, counts)
    if found.cause is None:
        return every
    here = list_url(query_of(request.GET, cause=found.cause))
    title = cause_of(found.cause).title
    one = {"label": title, "count": sum(cause.count for cause in sums), "url": here, "active": True}
    return [*({**other, "active": False} for other in every), one]


def _grouped(
    request: SignedInRequest, oldest: Sequence[Posting], sums: Sequence[CauseSum], *, now: datetime
) -> dict[str, object]:
    """Show each cause with its oldest charges."""
    rows = rows_of(oldest, roles=actions_by_portfolio(request.user), now=now)
    plain = [Heading(column.label, column.css) for column in _COLUMNS]
    return {"groups": _groups(request, rows, sums, plain), **_may(rows)}


def _of_one_cause(
    request: SignedInRequest,
    shown: QuerySet[Posting],
    code: str,
    sums: Sequence[CauseSum],
    *,
    now: datetime,
) -> dict[str, object]:
    sorting = Sorting(_COLUMNS, request.GET, usual="age")
    page = _page(request, sorting.sort(light(_of_cause(shown, code))))
    rows = rows_of(list(page), roles=actions_by_portfolio(request.user), now=now)
    of_cause = [each for each in sums if each.code == code]
    groups = _groups(request, rows, of_cause, sorting.headings())
    return {"groups": groups, "page": page, **_may(rows)}


def _flat(
    request: SignedInRequest, shown: QuerySet[Posting], tab: FailureTab, *, now: datetime
) -> dict[str, object]:
    """Show a list in which the cause is a column."""
    page = _page(request, light(shown).order_by(*_ORDER[tab]))
    rows = rows_of(list(page), roles=actions_by_portfolio(request.user), now=now)
    return {"page": page, "rows": rows, **_may(rows)}


def _page(request: SignedInRequest, postings: QuerySet[Posting]) -> Page[Posting]:
    return Paginator(postings, PAGE_SIZE).get_page(request.GET.get("page"))


def _may(rows: Sequence[FailureRow]) -> dict[str, object]:
    return {
        "may_act": any(row.may_act for row in rows),
        "may_follow_up": any(row.may_follow_up for row in rows),
    }


def _groups(
    request: SignedInRequest,
    rows: Sequence[FailureRow],
    sums: Sequence[CauseSum],
    columns: Sequence[Heading],
) -> list[Group]:
    by_code: dict[str, list[FailureRow]] = {}
    for row in rows:
        by_code.setdefault(row.posting.error_code, []).append(row)
    return [
        _group(each, by_code[each.code], columns, query_of(request.GET, cause=each.code))
        for each in sums
        if each.code in by_code
    ]


def _group(
    sums: CauseSum,
    rows: Sequence[FailureRow],
    columns: Sequence[Heading],
    query: dict[str, str],
) -> Group:
    in_doubt = all(row.posting.state == PostingState.REVIEW for row in rows)
    cause = cause_in_doubt(sums.code) if in_doubt else cause_of(sums.code)
    kind = rows[0].kind if in_doubt else Badge(cause.kind.label, KIND_TONES[cause.kind])
    places = places_of(cause, [row.posting for row in rows])
    return Group(cause, kind, sums, rows, places, columns, list_url(query))


def _expired_logins(user: User) -> list[ExpiredLogin]:
    """Find the connections that need a new login: one sentence each, not one per charge."""
    expired = [pk for (pk,) in _kept_expired().of(user)]
    if not expired:
        return []
    connections = Connection.objects.in_bulk(expired)
    waiting = Posting.objects.filter(connection__in=connections, state=PostingState.PENDING)
    counted = waiting.order_by().values_list("connection")
    sums = {
        pk: (count, cents)
        for pk, count, cents in counted.annotate(count=Count("pk"), cents=Sum(Abs("amount_cents")))
    }
    return [ExpiredLogin(connections[pk], *sums.get(pk, (0, 0))) for pk in expired]


@cache
def _kept_expired() -> KeptFigures:
    connections = access.rows_to_keep(Connection).filter(status=ConnectionStatus.LOGIN_EXPIRED)
    return KeptFigures(connections.values_list("pk"))
