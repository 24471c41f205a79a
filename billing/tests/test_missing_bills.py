"""What is counted without laying accounts out is what their months show."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from billing.bill_calendar import count_missing, read_calendar
from billing.missing_bills import find_missing_bills
from billing.models import Method, ShareRule, Utility, UtilityBill, VacancyPolicy
from billing.operations.utility_accounts import keep_accounts_of
from portfolios import access
from portfolios.models import Property

pytestmark = pytest.mark.django_db

TODAY = date(2026, 4, 20)
# Periods: whole, with a gap, ended, twice the same month, off the months, too short, long ago.
# Any: a day's parts, of which the day itself may be left out.
ACCOUNTS: dict[str, list[Any]] = {
    "whole": [((2025, month), (2025, month + 1)) for month in range(4, 12)]
    + [((2025, 12), (2026, 1))]
    + [((2026, month), (2026, month + 1)) for month in range(1, 4)],
    "gap": [((2025, 9), (2025, 10)), ((2026, 2), (2026, 4))],
    "ended": [((2025, 5), (2025, 8))],
    "double": [((2025, 8), (2025, 10)), ((2025, 9), (2025, 10)), ((2026, 3), (2026, 4))],
    "off": [((2025, 11, 20), (2025, 12, 20)), ((2026, 1, 20), (2026, 2, 10))],
    "short": [((2025, 10, 16), (2025, 10, 30))],
    "old": [((2024, 1), (2024, 2))],
}


@pytest.fixture
def enter(cast, now):
    def enter_bills(name: str, portfolio=None) -> Property:
        place = Property.objects.create(
            portfolio=portfolio or cast.portfolio,
            propexo_property_id=f"prop_{name}",
            name=name,
            created_at=now,
        )
        UtilityBill.objects.bulk_create(
            UtilityBill(
                property=place,
                utility=Utility.WATER,
                account_number=number,
                period_start=date(*start, *([1] if len(start) == 2 else [])),
                period_end=date(*end, *([1] if len(end) == 2 else [])),
                amount_cents=100_00,
                entered_by=cast.manager,
                entered_at=now,
            )
            for number, periods in ACCOUNTS.items()
            for start, end in periods
        )
        keep_accounts_of(place.bills.all(), now=now)
        return place

    return enter_bills


def calendar_of(user):
    return read_calendar(
        bills=access.rows(UtilityBill, user=user),
        rules=access.rows(ShareRule, user=user),
        today=TODAY,
    )


def let_share_gas(place, cast, now, since: date):
    ShareRule.objects.create(
        property=place,
        utility=Utility.GAS,
        version=1,
        method=Method.EQUAL,
        vacancy=VacancyPolicy.OCCUPIED_ONLY,
        effective_from=since,
        created_by=cast.manager,
        created_at=now,
    )


def test_it_finds_what_the_calendar_shows(enter, cast, now):
    for name in ("Oak", "Birch"):
        let_share_gas(enter(name), cast, now, date(2026, 1, 1))
    lacking = [row for row in calendar_of(cast.manager) if row.missing]
    found = find_missing_bills(cast.manager, today=TODAY, shown=100)
    assert (found.bills, found.accounts) == (count_missing(lacking), len(lacking))
    assert list(found.worst) == sorted(lacking, key=lambda row: -row.missing)
    assert {row.account.utility for row in found.worst} == {"water", "gas"}


def test_it_lays_out_only_those_that_lack_the_most(enter, cast):
    enter("Oak")
    enter("Birch")
    every = find_missing_bills(cast.manager, today=TODAY, shown=100)
    few = find_missing_bills(cast.manager, today=TODAY, shown=3)
    assert few.worst == every.worst[:3]
    assert (few.bills, few.accounts) == (every.bills, every.accounts)


def test_it_is_true_again_after_each_change(enter, cast, now):
    place = enter("Oak")
    before = find_missing_bills(cast.manager, today=TODAY, shown=100)
    ended = place.bills.get(account_number="ended")
    ended.period_end = date(2026, 4, 1)
    ended.save(update_fields=["period_end"])
    keep_accounts_of(place.bills.all(), now=now)
    after = find_missing_bills(cast.manager, today=TODAY, shown=100)
    assert after.accounts == before.accounts - 1
    assert after.bills == count_missing(calendar_of(cast.manager)) < before.bills


def test_archived_properties_and_those_of_others_are_left_out(enter, cast, now):
    place = enter("Oak")
    assert find_missing_bills(cast.stranger, today=TODAY, shown=9).bills == 0
    place.archived_at = now
    place.save(update_fields=["archived_at"])
    found = find_missing_bills(cast.manager, today=TODAY, shown=9)
    assert (found.bills, found.worst) == (0, ())
