"""The list of bills, and what waits for somebody in it."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from billing.models import Utility, UtilityBill
from billing.views.bill_sheets import bill_sheet
from billing.views.filter_choices import chosen_key, row_choice, utility_choice
from billing.views.standing import bill_rows, with_calculations
from billing.views.wording import PAGE_SIZE
from billing.worklists import BillStep, count_waiting_bills, waiting_bills
from meterbase.lib.searching import has_words, words_of
from meterbase.lib.sheets import chosen_filters
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Property

STEP_NAMES = {
    BillStep.CALCULATE: "To calculate",
    BillStep.CORRECT: "Sent back",
    BillStep.SUBMIT: "To submit for review",
    BillStep.APPROVE: "In review",
    BillStep.POST: "Approved, to post",
}
_SEARCHED = ("q", "property", "utility")


@require_safe
@signed_in
def bill_list(request: SignedInRequest) -> HttpResponseBase:
    """List the bills, newest first, with where each stands."""
    found = find_bills(access.rows(UtilityBill, user=request.user), request.GET)
    step = _step(request.GET)
    chosen = found if step is None else waiting_bills(found, step)
    places = access.rows(Property, user=request.user).order_by("name", "pk")
    choices = [row_choice(request.GET, "property", "Property", places), utility_choice(request.GET)]
    chosen_by = chosen_filters(
        q=request.GET.get("q", ""), choices=choices, show=STEP_NAMES[step] if step else ""
    )
    if answer := list_file(request, lambda: bill_sheet(chosen, title="Bills", filters=chosen_by)):
        return answer
    page = Paginator(with_calculations(chosen), PAGE_SIZE).get_page(request.GET.get("page"))
    is_searched = any(request.GET.get(name) for name in _SEARCHED)
    return render(
        request,
        "billing/bill_list.html",
        {
            "page": page,
            "bills": bill_rows(list(page)),
            "filters": _filters(found, request.GET, step),
            "q": request.GET.get("q", ""),
            "choices": choices,
            "kept": [("show", step.value)] if step else [],
            "is_searched": is_searched,
            "is_narrowed": is_searched or step is not None,
            "actions": [("Missing bills", reverse("billing:bill-calendar"))],
            "has_property": len(places) > 0,
        },
    )


def find_bills(bills: QuerySet[UtilityBill], query: QueryDict) -> QuerySet[UtilityBill]:
    """Keep the bills with the words, of the property and of the utility that a query names."""
    words = words_of(query.get("q", ""))
    found = bills.filter(has_words(words, "property__name", "account_number"))
    place = chosen_key(query, "property")
    if place is not None:
        found = found.filter(property=place)
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
    kept = {name: query.get(name, "") for name in _SEARCHED}
    kept["show"] = step.value if step else ""
    return reverse("billing:bill-list", query={name: text for name, text in kept.items() if text})
