"""Which months of a utility account have a bill, and which lack one.

A bill belongs to the month whose 15th lies in its service period. Bills that follow each other day
by day so fill every month exactly once, whatever day of the month they begin on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet

from billing.models import ShareRule, UtilityBill
from meterbase.lib.periods import Period

MONTHS_SHOWN = 12
# A utility needs some days to read its meters and to send the bill.
GRACE = timedelta(days=15)
_MIDDLE = 15


class MonthState(StrEnum):
    """What is known of one month of an account."""

    BILLED = "billed"
    DOUBLE = "double"
    MISSING = "missing"
    DUE = "due"
    NOT_EXPECTED = "not expected"


@dataclass(frozen=True, slots=True)
class Month:
    """One month of an account; `first` is its first day."""

    first: date
    state: MonthState
    bill_ids: tuple[int, ...] = ()


# The property, the utility and the account's number.
AccountKey = tuple[int, str, str]


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """What a utility bills a property for; the number is empty where nobody entered one."""

    property_name: str
    property_id: int
    portfolio_id: int
    utility: str
    number: str


@dataclass(frozen=True, slots=True)
class AccountMonths:
    """The months of an account, oldest first.

    Units: cents; None while there is no bill.
    """

    account: Account
    months: tuple[Month, ...]
    average_cents: int | None

    def count(self, state: MonthState) -> int:
        """Count the months in a state."""
        return sum(month.state == state for month in self.months)

    @property
    def missing(self) -> int:
        """Count the bills that somebody has to ask for."""
        return self.count(MonthState.MISSING)


@dataclass(frozen=True, slots=True)
class _Bill:
    pk: int
    start: date
    end: date
    cents: int


def shown_months(today: date) -> tuple[date, ...]:
    """List the first days of the months that have ended, the oldest first."""
    number = today.year * 12 + today.month - 1
    return tuple(_month(number - back) for back in range(MONTHS_SHOWN, 0, -1))


def read_calendar(
    *, bills: QuerySet[UtilityBill], rules: QuerySet[ShareRule], today: date
) -> list[AccountMonths]:
    """Lay the bills of the last months out by account, and say which are missing.

    Shape: accounts with a bill in those months, and utilities with a share rule that were never
        billed in them; archived properties are left out.
    """
    recent = bills.filter(period_end__gt=shown_months(today)[0])
    return lay_out_calendar(bill_columns(recent), rule_columns(rules), today=today)


def lay_out_calendar(
    bills: Iterable[Sequence[Any]], rules: Iterable[Sequence[Any]], *, today: date
) -> list[AccountMonths]:
    """Lay out what `bill_columns` and `rule_columns` have found.

    Shape: bills that ended before the months that are shown are left out of `bills`.
    """
    months = shown_months(today)
    accounts = _accounts(bills)
    billed = {(account.property_id, account.utility) for account in accounts}
    rows = [_row(account, found, months, today) for account, found in accounts.items()]
    rows += [
        row
        for account, since in _never_billed(rules, billed)
        if (row := _empty_row(account, since, months, today)).missing or row.count(MonthState.DUE)
    ]
    return sorted(rows, key=lambda row: row.account)


def count_missing(rows: Iterable[AccountMonths]) -> int:
    """Count the missing bills of all accounts."""
    return sum(row.missing for row in rows)


def count_missing_between(periods: Iterable[Period], *, today: date) -> int:
    """Count the bills that are missing between and after those of one account."""
    bills = [_Bill(0, period.start, period.end, 0) for period in periods]
    return _count_missing(_lay_out(bills, shown_months(today), today))


def count_missing_since(since: date, *, today: date) -> int:
    """Count the bills of an account that has had none since a day."""
    return _count_missing(_all_empty(since, shown_months(today), today))


def first_unbilled_month(periods: Collection[Period]) -> date:
    """Find the first month without a bill, from an account's first bill on.

    Shape: the first day of the month; there is at least one period.
    """
    months = {month for period in periods for month in _months_of(period)}
    month = _first_billed(months, periods)
    while month in months:
        month = _following(month)
    return month


def last_late_month(today: date) -> date:
    """Give the last month whose bill is missing where there is none."""
    return next(month for month in reversed(shown_months(today)) if _is_late(month, today))


def rule_counts_from(effective_from: date | None, created_at: datetime) -> date:
    """Tell from which day on a share rule lets bills be expected."""
    return effective_from or created_at.date()


def _count_missing(months: Iterable[Month]) -> int:
    return sum(month.state is MonthState.MISSING for month in months)


def bill_columns(bills: QuerySet[UtilityBill]) -> QuerySet[UtilityBill, Any]:
    """Select what the calendar reads of bills."""
    return (
        bills.filter(property__archived_at=None)
        .order_by()
        .values_list(
            "property__name",
            "property_id",
            "property__portfolio_id",
            "utility",
            "account_number",
            "pk",
            "period_start",
            "period_end",
            "amount_cents",
        )
    )


def rule_columns(rules: QuerySet[ShareRule]) -> QuerySet[ShareRule, Any]:
    """Select what the calendar reads of share rules."""
    return (
        rules.filter(is_active=True, property__archived_at=None)
        .order_by()
        .values_list(
            "property__name",
            "property_id",
            "property__portfolio_id",
            "utility",
            "effective_from",
            "created_at",
        )
    )


def _accounts(bills: Iterable[Sequence[Any]]) -> dict[Account, list[_Bill]]:
    found: defaultdict[Account, list[_Bill]] = defaultdict(list)
    for name, place, portfolio, utility, number, *bill in bills:
        found[Account(name, place, portfolio, utility, number)].append(_Bill(*bill))
    return found


def _never_billed(
    rules: Iterable[Sequence[Any]], billed: set[tuple[int, str]]
) -> Iterable[tuple[Account, date]]:
    for name, place, portfolio, utility, effective_from, created_at in rules:
        if (place, utility) not in billed:
            since = rule_counts_from(effective_from, created_at)
            yield Account(name, place, portfolio, utility, ""), since


def _row(
    account: Account, bills: Sequence[_Bill], months: Sequence[date], today: date
) -> AccountMonths:
    return AccountMonths(
        account=account,
        months=_lay_out(bills, months, today),
        average_cents=sum(bill.cents for bill in bills) // len(bills),
    )


def _lay_out(bills: Sequence[_Bill], months: Sequence[date], today: date) -> tuple[Month, ...]:
    ids: defaultdict[date, list[int]] = defaultdict(list)
    for bill in bills:
        for month in _months_of(bill):
            ids[month].append(bill.pk)
    first = _first_billed(ids, bills)
    return tuple(_state(month, ids.get(month, []), first, today) for month in months)


def _empty_row(account: Account, since: date, months: Sequence[date], today: date) -> AccountMonths:
    return AccountMonths(account, _all_empty(since, months, today), None)


def _all_empty(since: date, months: Sequence[date], today: date) -> tuple[Month, ...]:
    first = _first_day(since)
    return tuple(_state(month, [], first, today) for month in months)


def _state(month: date, bill_ids: Sequence[int], first: date, today: date) -> Month:
    if bill_ids:
        state = MonthState.BILLED if len(bill_ids) == 1 else MonthState.DOUBLE
        return Month(month, state, tuple(bill_ids))
    if month < first:
        return Month(month, MonthState.NOT_EXPECTED)
    return Month(month, MonthState.MISSING if _is_late(month, today) else MonthState.DUE)


def _is_late(month: date, today: date) -> bool:
    return today >= _following(month) + GRACE


def _first_billed(months: Collection[date], bills: Iterable[_Bill | Period]) -> date:
    """Give the first month that bills fill, or in which the first of them begins."""
    return min(months, default=None) or _first_day(min(bill.start for bill in bills))


def _months_of(bill: _Bill | Period) -> Iterable[date]:
    """List the months whose 15th lies in the bill's period."""
    month = _first_day(bill.start)
    while (middle := month.replace(day=_MIDDLE)) < bill.end:
        if middle >= bill.start:
            yield month
        month = _following(month)


def _first_day(day: date) -> date:
    return day.replace(day=1)


def _following(month: date) -> date:
    return _month(month.year * 12 + month.month)


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)
