"""The general ledger: its sums on a page, its lines as a file."""

from __future__ import annotations

from datetime import date

from django.core.paginator import Paginator
from django.db.models import Max, Min, QuerySet
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from billing.exports.general_ledger import (
    LedgerScope,
    MonthOf,
    ledger_lines,
    ledger_sums,
    total_of,
)
from billing.models import Posting, PostingJob, Utility
from billing.views.filter_choices import Choice, chosen_key, row_choice, utility_choice
from billing.views.general_ledger_sheets import line_sheet, sum_sheet
from billing.views.wording import PAGE_SIZE
from meterbase.lib.months import Months, NotAMonth, read_month
from meterbase.lib.sheets import Sheet, chosen_filters
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Portfolio

_MONTHS_OF = ((MonthOf.POST.value, "Post month"), (MonthOf.DATE.value, "Month of the charge date"))
_NAMES = ("q", "portfolio", "utility", "code", "from", "to")


@require_safe
@signed_in
def general_ledger(request: SignedInRequest) -> HttpResponseBase:
    """Add up what was posted and taken back; lines=charges asks a file for every line of it."""
    postings = access.rows(Posting, user=request.user)
    scope, choices = _scope(request.GET), _choices(request)
    if answer := list_file(request, lambda: _sheet(request.GET, postings, scope, choices)):
        return answer
    sums = ledger_sums(postings, scope)
    return render(
        request,
        "billing/general_ledger.html",
        {
            "section": "billing:job-list",
            "page": Paginator(sums, PAGE_SIZE).get_page(request.GET.get("page")),
            "total": total_of(sums),
            "q": scope.words,
            "choices": choices,
            "is_narrowed": any(request.GET.get(name) for name in _NAMES),
            "breadcrumbs": [("Jobs", reverse("billing:job-list"))],
        },
    )


def _sheet(
    query: QueryDict, postings: QuerySet[Posting], scope: LedgerScope, choices: list[Choice]
) -> Sheet:
    filters = chosen_filters(q=scope.words, choices=choices)
    if query.get("lines") == "charges":
        return line_sheet(ledger_lines(postings, scope), filters=filters)
    return sum_sheet(ledger_sums(postings, scope), filters=filters)


def _scope(query: QueryDict) -> LedgerScope:
    """Read what is asked for; what makes no sense narrows nothing."""
    wanted, utility = query.get("by", ""), query.get("utility", "")
    first, last = _month(query.get("from", "")), _month(query.get("to", ""))
    if first and last and last < first:
        first, last = last, first
    return LedgerScope(
        month_of=MonthOf(wanted) if wanted in list(MonthOf) else MonthOf.POST,
        words=query.get("q", ""),
        portfolio=chosen_key(query, "portfolio"),
        utility=utility if utility in Utility.values else "",
        charge_code=query.get("code", ""),
        first=first,
        last=last,
    )


def _month(text: str) -> date | None:
    try:
        return read_month(text)
    except NotAMonth:
        return None


def _choices(request: SignedInRequest) -> list[Choice]:
    query = request.GET
    jobs = access.rows(PostingJob, user=request.user).filter(post_to_pms=True)
    codes = jobs.order_by("charge_code").values_list("charge_code", flat=True).distinct()
    months = [("", "Any"), *((text, f"{read_month(text):%B %Y}") for text in _months(jobs))]
    choices = [
        utility_choice(query),
        Choice(
            "code",
            "Charge code",
            query.get("code", ""),
            (("", "All"), *((code, code) for code in codes)),
        ),
        Choice("from", "From", query.get("from", ""), tuple(months)),
        Choice("to", "To", query.get("to", ""), tuple(months)),
        Choice("by", "Month by", query.get("by", MonthOf.POST.value), _MONTHS_OF),
    ]
    portfolios = access.rows(Portfolio, user=request.user).order_by("name")
    if portfolios.count() > 1:
        choices.insert(0, row_choice(query, "portfolio", "Portfolio", portfolios))
    return choices


def _months(jobs: QuerySet[PostingJob]) -> list[str]:
    """List the months from the first to the last that a job was dated or booked in."""
    found = jobs.aggregate(
        first_day=Min("charge_date"),
        first_month=Min("post_month"),
        last_day=Max("charge_date"),
        last_month=Max("post_month"),
    )
    days = [day.replace(day=1) for day in found.values() if day is not None]
    if not days:
        return []
    return [f"{month:%Y-%m}" for month in Months(min(days), max(days))][::-1]
