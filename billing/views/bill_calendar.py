"""The months of every account: billed, billed twice, or missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.bill_calendar import (
    AccountMonths,
    Month,
    MonthState,
    count_missing,
    read_calendar,
    shown_months,
)
from billing.models import ShareRule, Utility, UtilityBill
from billing.views.bill_sheets import calendar_sheet
from billing.views.wording import PAGE_SIZE
from meterbase.lib.links import links_to
from meterbase.lib.sheets import chosen_filters
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import User
from portfolios.own_roles import actions_by_portfolio


@dataclass(frozen=True, slots=True)
class MonthCell:
    """One month of an account in the grid; `words` says what its sign means."""

    sign: str
    tone: str
    words: str
    url: str


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """An account with its months.

    Units: cents.
    """

    months: AccountMonths
    utility: str
    url: str
    cells: tuple[MonthCell, ...]


_MISSING = "Accounts with a missing bill"
_LOOK = {
    MonthState.BILLED: ("1", "success", "billed"),
    MonthState.DOUBLE: ("2", "warning", "more than one bill"),
    MonthState.MISSING: ("0", "danger", "missing"),
    MonthState.DUE: ("…", "neutral", "not yet due"),
    MonthState.NOT_EXPECTED: ("", "", "not expected"),
}


def calendar_of(user: User, *, today: date) -> list[AccountMonths]:
    """Read the accounts that a person may see."""
    return read_calendar(
        bills=access.rows(UtilityBill, user=user),
        rules=access.rows(ShareRule, user=user),
        today=today,
    )


def calendar_rows(accounts: Iterable[AccountMonths], *, user: User) -> list[CalendarRow]:
    """Write accounts out, with the way to enter what is missing for those who may."""
    rows = _Rows(actions_by_portfolio(user))
    return [rows.row(account) for account in accounts]


def month_names(today: date) -> list[str]:
    """Name the columns of the grid."""
    return [f"{month:%b %y}" for month in shown_months(today)]


@require_safe
@signed_in
def bill_calendar(request: SignedInRequest) -> HttpResponseBase:
    """Show which bills are missing, or the months of all accounts."""
    today = timezone.localdate()
    everything = calendar_of(request.user, today=today)
    missing = [account for account in everything if account.missing]
    shows_all = request.GET.get("show") == "all"
    accounts = everything if shows_all else missing
    chosen_by = chosen_filters(show="" if shows_all else _MISSING)
    if answer := list_file(
        request, lambda: calendar_sheet(accounts, today=today, filters=chosen_by)
    ):
        return answer
    page = Paginator(accounts, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "billing/bill_calendar.html",
        {
            "page": page,
            "rows": calendar_rows(page, user=request.user),
            "month_names": month_names(today),
            "missing": count_missing(missing),
            "missing_accounts": len(missing),
            "shows_all": shows_all,
            "filters": _filters(len(missing), len(everything), shows_all=shows_all),
            "breadcrumbs": [("Bills", reverse("billing:bill-list"))],
        },
    )


def _filters(missing: int, everything: int, *, shows_all: bool) -> list[dict[str, object]]:
    here = reverse("billing:bill-calendar")
    return [
        {
            "label": _MISSING,
            "count": missing,
            "url": here,
            "active": not shows_all,
        },
        {
            "label": "All accounts",
            "count": everything,
            "url": f"{here}?show=all",
            "active": shows_all,
        },
    ]


class _Rows:
    """What all rows have in common: the addresses to which they lead."""

    def __init__(self, actions: Mapping[int, Collection[Action]]) -> None:
        self._actions = actions
        self._place = links_to("billing:property-detail")
        self._create = links_to("billing:bill-create")
        self._bill = links_to("billing:bill-detail")

    def row(self, months: AccountMonths) -> CalendarRow:
        """Write an account out."""
        account = months.account
        place, enter = self._place(account.property_id), ""
        if Action.PREPARE in self._actions.get(account.portfolio_id, ()):
            enter = f"{self._create(account.property_id)}?utility={account.utility}"
        cells = tuple(self._cell(month, enter, place) for month in months.months)
        return CalendarRow(months, Utility(account.utility).label, place, cells)

    def _cell(self, month: Month, enter: str, place: str) -> MonthCell:
        sign, tone, words = _LOOK[month.state]
        url = ""
        if month.state is MonthState.BILLED:
            url = self._bill(month.bill_ids[0])
        elif month.state is MonthState.DOUBLE:
            sign, url = str(len(month.bill_ids)), place
        elif month.state is not MonthState.NOT_EXPECTED:
            url = enter
        return MonthCell(sign, tone, f"{month.first:%B %Y}: {words}", url)
