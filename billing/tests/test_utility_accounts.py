"""What is kept of an account lets no missing bill go unseen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from billing.bill_calendar import (
    count_missing,
    first_unbilled_month,
    last_late_month,
    read_calendar,
)
from billing.missing_bills import find_missing_bills
from billing.models import ShareRule, Utility, UtilityAccount, UtilityBill
from billing.operations.bill_changes import bill_stamp, change_bill, void_bill
from billing.operations.bills import BillAlreadyEntered, BillEntry, enter_bill
from billing.tests.small_place import small_place
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios import access
from portfolios.models import Property, User

DECEMBER = Period(date(2025, 12, 1), date(2026, 1, 1))
JANUARY = Period(date(2026, 1, 1), date(2026, 2, 1))
MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))


def entry(period: Period, utility: Utility = Utility.WATER, number: str = "W-1") -> BillEntry:
    return BillEntry(utility=utility, period=period, amount=Cents(100_00), account_number=number)


@pytest.fixture
def house(cast, now) -> Property:
    return small_place(cast, now)


@pytest.fixture
def enter(house, cast, now):
    def enter_it(period: Period) -> UtilityBill:
        return enter_bill(place=house, entry=entry(period), by=cast.manager, now=now)

    return enter_it


def kept() -> list[tuple[str, date | None, date | None]]:
    columns = ("account_number", "unbilled_from", "billed_until")
    return list(UtilityAccount.objects.values_list(*columns))


@pytest.mark.parametrize(
    ("periods", "month"),
    [
        ([JANUARY], date(2026, 2, 1)),
        ([DECEMBER, JANUARY, MARCH], date(2026, 2, 1)),
        ([MARCH, DECEMBER], date(2026, 1, 1)),
        ([Period(date(2026, 1, 10), date(2026, 3, 20))], date(2026, 4, 1)),
        # No month's 15th lies in it, so that it fills none.
        ([Period(date(2026, 1, 16), date(2026, 1, 30))], date(2026, 1, 1)),
    ],
)
def test_the_first_month_without_a_bill_follows_the_first_bill(periods, month):
    assert first_unbilled_month(periods) == month


@pytest.mark.parametrize(
    ("today", "month"),
    [
        (date(2026, 4, 15), date(2026, 2, 1)),
        (date(2026, 4, 16), date(2026, 3, 1)),
        (date(2026, 1, 15), date(2025, 11, 1)),
    ],
)
def test_a_month_is_late_from_fifteen_days_after_its_end(today, month):
    assert last_late_month(today) == month


def test_an_account_is_kept_with_each_bill(enter, cast, now):
    enter(DECEMBER)
    assert kept() == [("W-1", date(2026, 1, 1), date(2026, 1, 1))]
    march = enter(MARCH)
    assert kept() == [("W-1", date(2026, 1, 1), date(2026, 4, 1))]
    enter(JANUARY)
    assert kept() == [("W-1", date(2026, 2, 1), date(2026, 4, 1))]
    void_bill(bill=march, reason="Twice.", by=cast.manager, now=now)
    assert kept() == [("W-1", date(2026, 2, 1), date(2026, 2, 1))]


def test_a_bill_that_goes_to_another_account_is_kept_in_both(enter, cast, now):
    enter(DECEMBER)
    bill = enter(JANUARY)
    other, seen = entry(JANUARY, number="W-2"), bill_stamp(bill)
    change_bill(bill=bill, entry=other, reason="Misread.", seen=seen, by=cast.manager, now=now)
    assert kept() == [
        ("W-1", date(2026, 1, 1), date(2026, 1, 1)),
        ("W-2", date(2026, 2, 1), date(2026, 2, 1)),
    ]


def test_an_account_without_a_bill_of_the_last_months_lacks_none(enter, cast, now):
    void_bill(bill=enter(JANUARY), reason="Not ours.", by=cast.manager, now=now)
    assert kept() == [("W-1", None, None)]
    enter(Period(date(2024, 1, 1), date(2024, 2, 1)))
    assert kept() == [("W-1", None, None)]


def test_an_account_that_points_at_no_bill_is_passed_over(enter, house, cast):
    enter(DECEMBER)
    house.bills.all().delete()
    assert kept() != []
    assert find_missing_bills(cast.manager, today=date(2026, 4, 20), shown=9).bills == 0


def test_nothing_is_kept_of_a_bill_that_is_refused(enter):
    enter(JANUARY)
    before = kept()
    with pytest.raises(BillAlreadyEntered):
        enter(JANUARY)
    assert kept() == before


class _Months:
    """Months in which bills are entered, corrected and voided as it happens."""

    def __init__(self, house: Property, by: User, seed: int) -> None:
        self._house, self._by, self._chance = house, by, Random(seed)
        self._now = datetime(2026, 1, 5, tzinfo=UTC)

    def go_on(self) -> date:
        """Let somebody do something, some days later; tell the day."""
        self._now += timedelta(days=self._chance.choice([0, 0, 1, 9, 30]))
        bills = list(self._house.bills.order_by("pk"))
        if not bills or self._chance.random() < 0.6:
            self._try(self._enter)
        elif self._chance.random() < 0.5:
            self._try(self._change, self._chance.choice(bills))
        else:
            self._void(self._chance.choice(bills))
        return self._now.date()

    def _try(self, act, *args) -> None:
        try:
            act(*args)
        except BillAlreadyEntered:
            return

    def _entry(self) -> BillEntry:
        start = self._now.date() - timedelta(days=self._chance.randrange(-40, 500))
        days = self._chance.choice([8, 28, 30, 31, 61])
        utility = self._chance.choice([Utility.WATER, Utility.GAS])
        period = Period(start, start + timedelta(days=days))
        return entry(period, utility, self._chance.choice(["", "W-1"]))

    def _enter(self) -> None:
        enter_bill(place=self._house, entry=self._entry(), by=self._by, now=self._now)

    def _change(self, bill: UtilityBill) -> None:
        change_bill(
            bill=bill,
            entry=self._entry(),
            reason="Misread.",
            seen=bill_stamp(bill),
            by=self._by,
            now=self._now,
        )

    def _void(self, bill: UtilityBill) -> None:
        void_bill(bill=bill, reason="Entered twice.", by=self._by, now=self._now)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_becomes_of_bills_the_count_is_what_the_calendar_shows(house, cast, seed):
    months, lacking = _Months(house, cast.manager, seed), 0
    for _ in range(25):
        today = months.go_on()
        found = find_missing_bills(cast.manager, today=today, shown=100)
        shown = read_calendar(
            bills=access.rows(UtilityBill, user=cast.manager),
            rules=access.rows(ShareRule, user=cast.manager),
            today=today,
        )
        assert (found.bills, set(found.worst)) == (
            count_missing(shown),
            {row for row in shown if row.missing},
        )
        lacking += found.bills
    assert lacking
