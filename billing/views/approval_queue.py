"""The queue of what waits for an accountant: calculations, and reversals of what was posted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.core.paginator import Paginator
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import NullIf
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.deadlines import overdue, with_deadline_rank
from billing.models import (
    Approval,
    Calculation,
    CalculationState,
    Decision,
    Reversal,
    Utility,
)
from billing.reversals import waiting_reversals
from billing.views.approval_rows import light_calculations, queue_rows
from billing.views.approval_sheet import approval_sheet
from billing.views.filter_choices import Choice, chosen_key, row_choice, utility_choice
from billing.views.wording import PAGE_SIZE
from meterbase.lib.searching import has_words, words_of
from meterbase.lib.sheets import Sheet, chosen_filters
from meterbase.lib.sorting import Column, Sorting
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Portfolio, Property, User

# Each row is compared with what its bill would come to now, which reads all units of its property.
QUEUE_PAGE_SIZE = 20

RowT = TypeVar("RowT", Calculation, Reversal)

_COLUMNS = (
    Column("property", "Property", ("bill__property__name", "bill__period_start")),
    Column("utility", "Utility", ("bill__utility", "bill__property__name")),
    Column("service", "Service", ("bill__period_start", "bill__period_end")),
    Column("bill", "Bill", ("bill_cents",), "money"),
    Column("tenants", "Tenants", ("tenants_cents",), "money"),
    Column("owner", "Owner", ("owner_cents",), "money"),
    Column("recovery", "Recovery", ("recovery_rank",), "num"),
    Column("due", "Approve by", ("deadline_rank", "submitted_at")),
    Column("marks", "To know"),
    Column("prepared", "Prepared", ("prepared_by__username", "prepared_at")),
    Column("waiting", "Waiting since", ("submitted_at",)),
    Column("open", "Review"),
)
_AGES = (
    ("", "Any"),
    ("1", "More than a day"),
    ("3", "More than 3 days"),
    ("7", "More than a week"),
)
_SHOWS = {
    "mine": "For you to decide",
    "second": "Wait for a second approval",
    "overdue": "Overdue",
}
_KEPT = ("q", "portfolio", "property", "utility", "age", "sort", "show")


@require_safe
@signed_in
def approval_list(request: SignedInRequest) -> HttpResponseBase:
    """List what waits for an accountant, by its deadline and its wait unless sorted otherwise."""
    everything = waiting_calculations(request.user)
    now = timezone.now()
    found = _found(everything, request.GET, "bill__", "submitted_at", now=now)
    shown = _shown(found, request.GET.get("show", ""), request.user)
    sorting = Sorting(_COLUMNS, request.GET, usual="due")
    ranked = with_deadline_rank(shown).annotate(
        recovery_rank=F("tenants_cents") * 10_000 / NullIf(F("bill_cents"), 0)
    )
    calculations = light_calculations(sorting.sort(ranked))
    bar = _bar(request, everything)
    if answer := list_file(request, lambda: _sheet(request, calculations, bar)):
        return answer
    page = Paginator(calculations, QUEUE_PAGE_SIZE).get_page(request.GET.get("page"))
    rows = queue_rows(list(page), user=request.user)
    waiting = waiting_reversals(access.rows(Reversal, user=request.user))
    reversals = _found(waiting, request.GET, "job__calculation__bill__", "requested_at", now=now)
    return render(
        request,
        "billing/approval_list.html",
        {
            "page": page,
            "rows": rows,
            "may_decide": any(not row.obstacle for row in rows),
            "headings": sorting.headings(),
            "filters": _filters(found, request.GET, request.user),
            "reversals": reversals[:PAGE_SIZE],
            "reversal_count": reversals.count(),
            **bar,
        },
    )


def _sheet(
    request: SignedInRequest, calculations: QuerySet[Calculation], bar: dict[str, Any]
) -> Sheet:
    shown = _SHOWS.get(request.GET.get("show", ""), "")
    filters = chosen_filters(q=bar["q"], choices=bar["choices"], show=shown)
    return approval_sheet(calculations, filters=filters, user=request.user)


def waiting_calculations(user: User) -> QuerySet[Calculation]:
    """Select what is in review in a person's portfolios."""
    return access.rows(Calculation, user=user).filter(state=CalculationState.IN_REVIEW)


def _found(
    rows: QuerySet[RowT], query: QueryDict, bill: str, since: str, *, now: datetime
) -> QuerySet[RowT]:
    """Keep the rows that the filter bar names; what it cannot mean keeps all."""
    words = words_of(query.get("q", ""))
    rows = rows.filter(has_words(words, f"{bill}property__name", f"{bill}account_number"))
    for name, lookup in (("portfolio", "property__portfolio"), ("property", "property")):
        key = chosen_key(query, name)
        if key is not None:
            rows = rows.filter(**{bill + lookup: key})
    if query.get("utility") in Utility.values:
        rows = rows.filter(**{f"{bill}utility": query["utility"]})
    age = query.get("age", "")
    if age in dict(_AGES[1:]):
        rows = rows.filter(**{f"{since}__lt": now - timedelta(days=int(age))})
    return rows


def _shown(found: QuerySet[Calculation], show: str, user: User) -> QuerySet[Calculation]:
    given = Approval.objects.filter(calculation=OuterRef("pk"), decision=Decision.APPROVED)
    if show == "second":
        return found.filter(Exists(given))
    if show == "overdue":
        return overdue(found, today=timezone.localdate())
    if show == "mine":
        allowed = access.rows(Calculation, user=user, action=Action.APPROVE)
        mine = found.filter(pk__in=allowed.values("pk")).exclude(prepared_by=user)
        return mine.exclude(submitted_by=user).exclude(Exists(given.filter(decided_by=user)))
    return found


def _filters(found: QuerySet[Calculation], query: QueryDict, user: User) -> list[dict[str, object]]:
    chosen = query.get("show", "")
    return [
        {
            "label": label,
            "count": _shown(found, show, user).count(),
            "url": _url(query, show),
            "active": chosen == show or (not show and chosen not in _SHOWS),
        }
        for show, label in {"": "All", **_SHOWS}.items()
    ]


def _url(query: QueryDict, show: str) -> str:
    kept = {name: query.get(name, "") for name in _KEPT} | {"show": show}
    here = {name: text for name, text in kept.items() if text}
    return reverse("billing:approval-list", query=here)


def _bar(request: SignedInRequest, everything: QuerySet[Calculation]) -> dict[str, Any]:
    query = request.GET
    places = Property.objects.filter(pk__in=everything.order_by().values("bill__property"))
    portfolios = access.rows(Portfolio, user=request.user)
    choices = [
        row_choice(query, "property", "Property", places.order_by("name", "pk")),
        utility_choice(query),
        Choice("age", "Waiting", query.get("age", ""), _AGES),
    ]
    if portfolios.count() > 1:
        by_name = portfolios.order_by("name")
        choices.insert(0, row_choice(query, "portfolio", "Portfolio", by_name))
    is_searched = any(query.get(name) for name in ("q", "portfolio", "property", "utility", "age"))
    return {
        "q": query.get("q", ""),
        "choices": choices,
        "kept": [(name, query[name]) for name in ("sort", "show") if query.get(name)],
        "is_searched": is_searched,
        "is_narrowed": is_searched or query.get("show") in _SHOWS,
    }
