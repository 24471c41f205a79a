"""How many bills are missing in all that a person may see, and the accounts that lack the most.

The months of each account are only laid out where they are shown. Of the others their bills'
periods are read as one text: there are few patterns of periods and many accounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, Exists, OuterRef, QuerySet, TextField
from django.db.models.sql.compiler import SQLCompiler

from billing.bill_calendar import (
    Account,
    AccountMonths,
    bill_columns,
    count_missing_between,
    count_missing_since,
    lay_out_calendar,
    rule_columns,
    rule_counts_from,
    shown_months,
)
from billing.models import ShareRule, UtilityBill
from meterbase.lib.kept_question import blank
from meterbase.lib.periods import Period
from portfolios import access
from portfolios.kept_figures import KeptFigures
from portfolios.models import Property, User

# The property, the utility and the account's number.
_Key = tuple[int, str, str]
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


def find_missing_bills(user: User, *, today: date, shown: int) -> MissingBills:
    """Count the bills that are missing, and lay out as many accounts as are shown."""
    counts = dict(_count_by_account(user, today))
    return MissingBills(
        bills=sum(counts.values()),
        accounts=len(counts),
        worst=tuple(_worst(counts, user, today=today, shown=shown)),
    )


def _count_by_account(user: User, today: date) -> Iterator[tuple[_Key, int]]:
    """Count the bills that each account lacks, for those that lack any."""
    after = shown_months(today)[0]
    for place, utility, number, periods in _billed().of(user, after=after):
        if missing := _missing_between(periods, today):
            yield (place, utility, number), missing
    for place, utility, *since in _never_billed().of(user, after=after):
        if missing := count_missing_since(rule_counts_from(*since), today=today):
            yield (place, utility, ""), missing


def _worst(
    counts: Mapping[_Key, int], user: User, *, today: date, shown: int
) -> list[AccountMonths]:
    """Lay out the accounts that lack the most."""
    least = min(sorted(counts.values(), reverse=True)[:shown], default=0)
    may_be_shown = [key for key, missing in counts.items() if missing >= least]
    names = _names(user) if may_be_shown else {}

    def order(key: _Key) -> tuple[int, str, _Key]:
        return -counts[key], names[key[0]], key

    keys = sorted((key for key in may_be_shown if key[0] in names), key=order)[:shown]
    rows = {_key(row.account): row for row in _laid_out(keys, user, today)}
    return [rows[key] for key in keys if key in rows]


def _names(user: User) -> dict[int, str]:
    return {place: name for place, name in _kept_names().of(user)}  # noqa: C416 - rows are lists


def _laid_out(keys: Sequence[_Key], user: User, today: date) -> list[AccountMonths]:
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


def _key(account: Account) -> _Key:
    return account.property_id, account.utility, account.number


@cache
def _billed() -> KeptFigures:
    """Ask for the periods of each account's bills after a day."""
    bills = UtilityBill.objects.filter(property__in=_places(), period_end__gt=blank("after"))
    accounts = bills.order_by().values_list("property_id", "utility", "account_number")
    return KeptFigures(accounts.annotate(periods=_Periods("period_start", "period_end")))


@cache
def _never_billed() -> KeptFigures:
    """Ask for the share rules of utilities without a bill after a day."""
    bills = UtilityBill.objects.filter(
        property=OuterRef("property"), utility=OuterRef("utility"), period_end__gt=blank("after")
    )
    rules = ShareRule.objects.filter(~Exists(bills), is_active=True, property__in=_places())
    columns = ("property_id", "utility", "effective_from", "created_at")
    return KeptFigures(rules.order_by().values_list(*columns))


def _places() -> QuerySet[Property, Any]:
    places = access.rows_to_keep(Property).filter(archived_at=None)
    return places.order_by().values("pk")


@cache
def _kept_names() -> KeptFigures:
    return KeptFigures(access.rows_to_keep(Property).order_by().values_list("pk", "name"))


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
def _missing_between(periods: str, today: date) -> int:
    """Count what is missing between bills; kept, as it depends on nothing else."""
    days = (
        Period(date.fromisoformat(text[:_DAY]), date.fromisoformat(text[_DAY:]))
        for text in periods.split(",")
    )
    return count_missing_between(days, today=today)
