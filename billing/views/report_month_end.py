"""What blocks the end of the month, property by property, each number with the list behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.reports.month_end import Blocker, MonthEnd, read_month_end
from billing.views.report_filters import asked_of, report_tabs
from billing.views.report_sheets import month_end_sheet
from billing.views.wording import PAGE_SIZE
from billing.worklists import BillStep
from meterbase.lib.sheets import chosen_filters
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Property

_NAMES: tuple[tuple[Blocker, str], ...] = (
    (Blocker.MISSING, "Bills missing"),
    (Blocker.REVIEW_ITEMS, "Items to review"),
    (Blocker.CALCULATE, "To calculate"),
    (Blocker.CORRECT, "Sent back"),
    (Blocker.SUBMIT, "To submit"),
    (Blocker.APPROVE, "In review"),
    (Blocker.POST, "To post"),
    (Blocker.JOBS, "Jobs under way"),
    (Blocker.FAILURES, "Failures"),
    (Blocker.REVERSALS, "Reversals to decide"),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """How much of one kind of work there is, and where it is."""

    name: str
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class MonthEndRow:
    """A property with its work."""

    place: Property
    url: str
    cells: tuple[Cell, ...]
    total: int


@require_safe
@signed_in
def report_month_end(request: SignedInRequest) -> HttpResponseBase:
    """Show what is still to do before the month can be closed."""
    asked = asked_of(request)
    places = access.rows(Property, user=request.user)
    if asked.scope.portfolio is not None:
        places = places.filter(portfolio=asked.scope.portfolio)
    if asked.scope.place is not None:
        places = places.filter(pk=asked.scope.place)
    everything = read_month_end(places, now=timezone.now())
    blocked = [row for row in everything if row.total]
    shows_all = request.GET.get("show") == "all"
    shown = everything if shows_all else blocked
    choices = [each for each in asked.choices if each.name in ("portfolio", "property")]
    filters = chosen_filters(choices=choices, show="All properties" if shows_all else "")
    if answer := list_file(request, lambda: month_end_sheet(shown, _NAMES, filters=filters)):
        return answer
    page = Paginator(shown, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "here": reverse("billing:report-month-end"),
        "choices": choices,
        "is_narrowed": any(choice.chosen for choice in choices),
        "kept": [("show", "all")] if shows_all else [],
        "filters": _filters(request, len(blocked), len(everything), shows_all=shows_all),
        "tabs": report_tabs(asked.scope),
        "tab": "month-end",
        "page": page,
        "rows": [_row(row) for row in page],
        "names": [name for _, name in _NAMES],
        "totals": _totals(shown),
        "total": sum(row.total for row in shown),
        "has_place": bool(everything),
    }
    return render(request, "billing/report_month_end.html", context)


def _row(row: MonthEnd) -> MonthEndRow:
    return MonthEndRow(
        place=row.place,
        url=reverse("billing:property-detail", args=[row.place.pk]),
        cells=tuple(
            Cell(name, row.counts.get(blocker, 0), _LISTS[blocker](row.place.pk))
            for blocker, name in _NAMES
        ),
        total=row.total,
    )


def _totals(rows: Iterable[MonthEnd]) -> list[int]:
    counts = [row.counts for row in rows]
    return [sum(each.get(blocker, 0) for each in counts) for blocker, _ in _NAMES]


def _filters(
    request: SignedInRequest, blocked: int, everything: int, *, shows_all: bool
) -> list[dict[str, object]]:
    kept = {name: request.GET[name] for name in ("portfolio", "property") if name in request.GET}
    return [
        {
            "label": label,
            "count": count,
            "url": reverse("billing:report-month-end", query=kept | show or None),
            "active": active,
        }
        for label, count, show, active in (
            ("With something to do", blocked, {}, not shows_all),
            ("All", everything, {"show": "all"}, shows_all),
        )
    ]


def _list(name: str, **query: str) -> Callable[[int], str]:
    return lambda place: reverse(name, query={**query, "property": place})


def _waiting(step: BillStep) -> Callable[[int], str]:
    return _list("billing:bill-list", show=step.value)


_LISTS: Mapping[Blocker, Callable[[int], str]] = {
    Blocker.MISSING: lambda place: reverse("billing:property-detail", args=[place]),
    Blocker.REVIEW_ITEMS: _list("integrations:review-item-list"),
    Blocker.CALCULATE: _waiting(BillStep.CALCULATE),
    Blocker.CORRECT: _waiting(BillStep.CORRECT),
    Blocker.SUBMIT: _waiting(BillStep.SUBMIT),
    Blocker.APPROVE: _list("billing:approval-list"),
    Blocker.POST: _waiting(BillStep.POST),
    Blocker.JOBS: _list("billing:job-list", show="under-way"),
    Blocker.FAILURES: _list("billing:failure-list"),
    Blocker.REVERSALS: _list("billing:approval-list"),
}
