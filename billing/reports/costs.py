"""What a utility costs a property per day and per unit, month by month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from django.db.models import QuerySet

from billing.models import BillFlag, UtilityBill
from billing.words import month_of
from meterbase.lib.months import Months
from meterbase.lib.periods import Period


@dataclass(frozen=True, slots=True)
class CostBill:
    """A bill as far as its cost is looked at, with what looked odd about it.

    Units: cents.
    """

    bill_id: int
    account: str
    period: Period
    cents: int
    flags: tuple[BillFlag, ...]


@dataclass(frozen=True, slots=True)
class MonthCost:
    """The bills of a month.

    Units: cents; days.
    """

    month: date
    bills: tuple[CostBill, ...]
    units: int

    @property
    def cents(self) -> int:
        """Add up the bills.

        Units: cents.
        """
        return sum(bill.cents for bill in self.bills)

    @property
    def days(self) -> int:
        """Count the days of service of the account that has most of them.

        Units: days.
        """
        return max((_days(bills) for bills in self._by_account()), default=0)

    @property
    def per_day(self) -> Fraction | None:
        """Tell the cost of a day, all accounts together; None without a bill.

        Units: cents.
        """
        if not self.bills:
            return None
        costs = (
            Fraction(sum(bill.cents for bill in bills), _days(bills))
            for bills in self._by_account()
        )
        return sum(costs, Fraction(0))

    @property
    def per_unit(self) -> Fraction | None:
        """Tell the part of a unit; None without a bill or a unit.

        Units: cents.
        """
        return Fraction(self.cents, self.units) if self.bills and self.units else None

    @property
    def flags(self) -> tuple[BillFlag, ...]:
        """List what looked odd about any of the bills."""
        return tuple(flag for bill in self.bills for flag in bill.flags)

    def _by_account(self) -> list[list[CostBill]]:
        found: defaultdict[str, list[CostBill]] = defaultdict(list)
        for bill in self.bills:
            found[bill.account].append(bill)
        return list(found.values())


@dataclass(frozen=True, slots=True)
class UtilityCosts:
    """One utility of a property, month by month, the oldest first."""

    utility: str
    months: tuple[MonthCost, ...]


def read_costs(
    bills: QuerySet[UtilityBill], *, months: Months, units: int
) -> tuple[UtilityCosts, ...]:
    """Lay the bills of one property out by utility and month, in two queries.

    Shape: utilities without a bill in the months are left out.
    """
    flags = _flags(bills)
    found: defaultdict[str, defaultdict[date, list[CostBill]]]
    found = defaultdict(lambda: defaultdict(list))
    columns = ("pk", "utility", "account_number", "period_start", "period_end", "amount_cents")
    for pk, utility, account, start, end, cents in bills.order_by(
        "utility", "period_start", "pk"
    ).values_list(*columns):
        bill = CostBill(pk, account, Period(start, end), cents, tuple(flags[pk]))
        found[utility][month_of(bill.period)].append(bill)
    return tuple(
        UtilityCosts(utility, _months(by_month, months, units))
        for utility, by_month in found.items()
    )


def _months(
    by_month: Mapping[date, Sequence[CostBill]], months: Months, units: int
) -> tuple[MonthCost, ...]:
    return tuple(MonthCost(month, tuple(by_month.get(month, ())), units) for month in months)


def _flags(bills: QuerySet[UtilityBill]) -> defaultdict[int, list[BillFlag]]:
    found: defaultdict[int, list[BillFlag]] = defaultdict(list)
    for flag in BillFlag.objects.filter(bill__in=bills.order_by()):
        found[flag.bill_id].append(flag)
    return found


def _days(bills: Sequence[CostBill]) -> int:
    return sum(bill.period.days for bill in bills)
