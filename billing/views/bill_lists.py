"""The list of bills, and what waits for somebody in it."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from billing.models import Utility, UtilityBill
from billing.views.standing import bill_rows, with_calculations
from billing.views.wording import PAGE_SIZE
from billing.worklists import BillStep, count_waiting_bills, waiting_bills
from meterbase.lib.searching import has_words, words_of
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Property

STEP_NAMES = {
    BillStep.CALCULATE: "To calculate",
    BillStep.CORRECT: "Sent back",
    BillStep.SUBMIT: "To submit for review",
    BillStep.APPROVE: "In review",
    BillStep.POST: "Approved, to post",
}


@dataclass(frozen=True, slots=True)
class UtilityChoice:
    """The choice of a utility in the filter bar."""

    chosen: str
    name: str = "utility"
    label: str = "Utility"
    options: tuple[tuple[str, str], ...] = (("", "All"), *Utility.choices)


@require_safe
@signed_in
def bill_list(request: SignedInRequest) -> HttpResponse:
    """List the bills, newest first, with where each stands."""
    found = find_bills(access.rows(UtilityBill, user=request.user), request.GET)
    step = _step(request.GET)
    chosen = found if step is None else waiting_bills(found, step)
    page = Paginator(with_calculations(chosen), PAGE_SIZE).get_page(request.GET.get("page"))
    is_searched = bool(request.GET.get("q") or request.GET.get("utility"))
    return render(
        request,
        "billing/bill_list.html",
        {
            "page": page,
            "bills": bill_rows(list(page)),
            "filters": _filters(found, request.GET, step),
            "q": request.GET.get("q", ""),
            "choices": [UtilityChoice(request.GET.get("utility", ""))],
            "kept": [("show", step.value)] if step else [],
            "is_searched": is_searched,
            "is_narrowed": is_searched or step is not None,
            "actions": [("Missing bills", reverse("billing:bill-calendar"))],
            "has_property": access.rows(Property, user=request.user).exists(),
        },
    )


def find_bills(bills: QuerySet[UtilityBill], query: QueryDict) -> QuerySet[UtilityBill]:
    """Keep the bills with the words and of the utility that the query string names."""
    words = words_of(query.get("q", ""))
    found = bills.filter(has_words(words, "property__name", "account_number"))
    utility = query.get("utility", "")
    return found.filter(utility=utility) if utility in Utility.values else found


def _step(query: QueryDict) -> BillStep | None:
    wanted = query.get("show", "")
    return BillStep(wanted) if wanted in list(BillStep) else None


def _filters(
    bills: QuerySet[UtilityBill], query: QueryDict, chosen: BillStep | None
) -> list[dict[str, object]]:
    counts = count_waiting_bills(bills)
    every = {"label": "All", "count": bills.count(), "url": _url(query), "active": chosen is None}
    steps = [
        {
            "label": STEP_NAMES[step],
            "count": counts[step],
            "url": _url(query, step),
            "active": step is chosen,
        }
        for step in BillStep
    ]
    return [every, *steps]


def _url(query: QueryDict, step: BillStep | None = None) -> str:
    """Lead to the list as it is searched, from its first page."""
    kept = {name: query.get(name, "") for name in ("q", "utility")}
    kept["show"] = step.value if step else ""
    return reverse("billing:bill-list", query={name: text for name, text in kept.items() if text})
