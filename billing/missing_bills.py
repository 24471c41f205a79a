"""How many bills are missing in all that a person may see, and the accounts that lack the most.

Accounts keep which month is their first without a bill, so that the bills of those that lack none
are not looked at. Of the others, the periods of an account's bills are read as one text, for there
are few patterns of periods and many accounts; months are only laid out where they are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, Exists, OuterRef, Subquery, TextField
from django.db.models.sql.compiler import SQLCompiler

from billing.bill_calendar import (
    Account,
    AccountKey,
    AccountMonths,
    bill_columns,
    count_missing_between,
    count_missing_since,
    last_late_month,
    lay_out_calendar,
    rule_columns,
    rule_counts_from,
    shown_months,
)
from billing.models import ShareRule, UtilityAccount, UtilityBill
from meterbase.lib.kept_question import blank
from meterbase.lib.periods import Period
from portfolios import access
from portfolios.kept_figures import KeptFigures
from portfolios.models import User

_DAY = len("2026-01-31")


@dataclass(frozen=True, slots=True)
class MissingBills:
    """What somebody has to ask utilities for.

    Shape: `bills` and `accounts` count all of them; `worst` are the accounts that lack the most,
        those of one count by name.
    """

    bills: int
    accounts: int
    worst: tuple[AccountMonths, ...]


@dataclass(frozen=True, slots=True)
class _Lacking:
    bills: int
    property_name: str
    key: AccountKey


def find_missing_bills(user: User, *, today: date, shown: int) -> MissingBills:
    """Count the bills that are missing, and lay out as many accounts as are shown."""
    lacking = sorted(_lacking(user, today), key=_by_need)
    return MissingBills(
        bills=sum(each.bills for each in lacking),
        accounts=len(lacking),
        worst=tuple(_worst(lacking[:shown], user, today)),
    )


def _lacking(user: User, today: date) -> Iterator[_Lacking]:
    """Count the bills that each account lacks, for those that lack any."""
    after = shown_months(today)[0]
    late = last_late_month(today)
    for name, place, utility, number, periods in _may_lack().of(user, after=after, late=late):
        if missing := _missing_between(periods, today):
            yield _Lacking(missing, name, (place, utility, number))
    for name, place, utility, *since in _never_billed().of(user, after=after):
        if missing := count_missing_since(rule_counts_from(*since), today=today):
            yield _Lacking(missing, name, (place, utility, ""))


def _by_need(each: _Lacking) -> tuple[int, str, AccountKey]:
    return -each.bills, each.property_name, each.key


def _worst(lacking: Iterable[_Lacking], user: User, today: date) -> list[AccountMonths]:
    """Lay out the accounts that lack the most."""
    keys = [each.key for each in lacking]
    rows = {_key(row.account): row for row in _laid_out(keys, user, today)}
    return [rows[key] for key in keys if key in rows]


def _laid_out(keys: Sequence[AccountKey], user: User, today: date) -> list[AccountMonths]:
    """Lay out the accounts of some properties."""
    places = {place for place, _, _ in keys}
    # What was never billed has no number.
    unnumbered = {place for place, _, number in keys if not number}
    after = shown_months(today)[0]
    return lay_out_calendar(
        _kept_bills(len(places)).of(user, after=after, **_numbered(places)) if places else (),
        _kept_rules(len(unnumbered)).of(user, **_numbered(unnumbered)) if unnumbered else (),
        today=today,
    )


def _key(account: Account) -> AccountKey:
    return account.property_id, account.utility, account.number


@cache
def _may_lack() -> KeptFigures:
    """Ask for the accounts that may lack a bill, with the periods of their bills after a day."""
    bills = UtilityBill.objects.filter(
        property=OuterRef("property"),
        utility=OuterRef("utility"),
        account_number=OuterRef("account_number"),
        period_end__gt=blank("after"),
    )
    periods = (
        bills.order_by().values("property").annotate(periods=_Periods("period_start", "period_end"))
    )
    accounts = access.rows_to_keep(UtilityAccount).filter(
        property__archived_at=None,
        billed_until__gt=blank("after"),
        unbilled_from__lte=blank("late"),
    )
    return KeptFigures(
        accounts.order_by().values_list(
            *("property__name", "property_id", "utility", "account_number"),
            Subquery(periods.values("periods")),
        )
    )


@cache
def _never_billed() -> KeptFigures:
    """Ask for the share rules of utilities without a bill after a day."""
    billed = UtilityAccount.objects.filter(
        property=OuterRef("property"), utility=OuterRef("utility"), billed_until__gt=blank("after")
    )
    rules = access.rows_to_keep(ShareRule).filter(
        ~Exists(billed), is_active=True, property__archived_at=None
    )
    columns = ("property__name", "property_id", "utility", "effective_from", "created_at")
    return KeptFigures(rules.order_by().values_list(*columns))


@lru_cache
def _kept_bills(places: int) -> KeptFigures:
    bills = access.rows_to_keep(UtilityBill).filter(property__id__in=_blanks(places))
    return KeptFigures(bill_columns(bills.filter(period_end__gt=blank("after"))))


@lru_cache
def _kept_rules(places: int) -> KeptFigures:
    rules = access.rows_to_keep(ShareRule).filter(property__id__in=_blanks(places))
    return KeptFigures(rule_columns(rules))


# Any: blanks, in place of keys.
def _blanks(count: int) -> list[Any]:
    return [blank(_place(number)) for number in range(count)]


def _numbered(places: Iterable[int]) -> dict[str, int]:
    return {_place(number): place for number, place in enumerate(places)}


def _place(number: int) -> str:
    return f"place_{number}"


class _Periods(Aggregate):
    """Write the first and last days of a group's bills into one text."""

    function = "GROUP_CONCAT"
    arg_joiner = " || "
    output_field = TextField()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str | int, ...]]:
        """Write the days out first: there, they are no texts."""
        sql, params = self.as_sql(
            compiler,
            connection,
            function="STRING_AGG",
            template="%(function)s(TO_CHAR(%(expressions)s, 'YYYY-MM-DD'), ',')",
            arg_joiner=", 'YYYY-MM-DD') || TO_CHAR(",
        )
        return sql, tuple(params)


@lru_cache(maxsize=10_000)
def _missing_between(periods: str | None, today: date) -> int:
    """Count what is missing between bills; kept, as it depends on nothing else."""
    # An account only points at bills: where there are none, it speaks of nothing.
    if periods is None:
        return 0
    days = (
        Period(date.fromisoformat(text[:_DAY]), date.fromisoformat(text[_DAY:]))
        for text in periods.split(",")
    )
    return count_missing_between(days, today=today)
