from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from billing.bill_calendar import MonthState, count_missing, read_calendar, shown_months
from billing.models import Method, ShareRule, Utility, UtilityBill, VacancyPolicy
from portfolios.models import Property
from portfolios.tests.pages import check_page, text_of

TODAY = date(2026, 4, 20)


@pytest.fixture
def house(cast, now) -> Property:
    return Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="prop_a", name="Maplewood", created_at=now
    )


@pytest.fixture
def enter(house, cast, now):
    def enter_bill(start: date, end: date, number: str = "W-1", cents: int = 100_00) -> None:
        UtilityBill.objects.create(
            property=house,
            utility=Utility.WATER,
            account_number=number,
            period_start=start,
            period_end=end,
            amount_cents=cents,
            entered_by=cast.manager,
            entered_at=now,
        )

    return enter_bill


def calendar(today: date = TODAY):
    return read_calendar(
        bills=UtilityBill.objects.all(), rules=ShareRule.objects.all(), today=today
    )


def states(today: date = TODAY) -> list[str]:
    (row,) = calendar(today)
    return [month.state.value for month in row.months]


def test_it_shows_the_twelve_months_that_have_ended():
    months = shown_months(TODAY)
    assert (months[0], months[-1], len(months)) == (date(2025, 4, 1), date(2026, 3, 1), 12)


def test_a_month_between_two_bills_is_missing(enter):
    enter(date(2026, 1, 1), date(2026, 2, 1))
    enter(date(2026, 3, 1), date(2026, 4, 1), cents=300_00)
    assert states() == ["not expected"] * 9 + ["billed", "missing", "billed"]
    (row,) = calendar()
    assert (row.missing, row.average_cents) == (1, 200_00)


def test_bills_that_follow_each_other_fill_every_month_once(enter):
    days = [date(2025, 12, 20), date(2026, 1, 16), date(2026, 2, 17), date(2026, 3, 18)]
    for start, end in zip(days, [*days[1:], date(2026, 4, 19)], strict=True):
        enter(start, end)
    assert states()[-3:] == ["billed", "billed", "billed"]


def test_a_bill_of_two_months_fills_both(enter):
    enter(date(2026, 2, 1), date(2026, 4, 1))
    assert states()[-2:] == ["billed", "billed"]


def test_two_bills_of_one_month_are_shown_as_two(enter):
    enter(date(2026, 3, 1), date(2026, 4, 1))
    enter(date(2026, 3, 2), date(2026, 4, 1))
    assert states()[-1] == MonthState.DOUBLE.value


@pytest.mark.parametrize(
    ("today", "state"), [(date(2026, 4, 15), "due"), (date(2026, 4, 16), "missing")]
)
def test_a_bill_is_missing_fifteen_days_after_its_month(enter, today, state):
    enter(date(2026, 2, 1), date(2026, 3, 1))
    assert states(today)[-1] == state


def test_an_account_without_a_bill_for_a_year_is_not_looked_for(enter):
    enter(date(2024, 1, 1), date(2024, 2, 1))
    assert calendar() == []


def test_a_utility_with_a_rule_is_looked_for_from_the_day_of_the_rule(house, cast):
    ShareRule.objects.create(
        property=house,
        utility=Utility.GAS,
        version=1,
        method=Method.EQUAL,
        vacancy=VacancyPolicy.OWNER_PAYS,
        created_by=cast.manager,
        created_at=datetime(2026, 2, 10, tzinfo=UTC),
    )
    assert states()[-3:] == ["not expected", "missing", "missing"]
    assert count_missing(calendar()) == 2


def test_archived_properties_are_left_out(enter, house, now):
    enter(date(2026, 1, 1), date(2026, 2, 1))
    house.archived_at = now
    house.save()
    assert calendar() == []


HERE = reverse("billing:bill-calendar")


@pytest.mark.parametrize("who", ["manager", "accountant", "viewer"])
def test_only_a_manager_is_led_to_entering_a_missing_bill(cast, enter, house, signed_in, who):
    enter(date(2025, 12, 1), date(2026, 1, 1), number="W-9")
    page = check_page(signed_in(getattr(cast, who)).get(HERE))
    cells = page.select("tbody .month.tone-danger")
    assert f"{len(cells)} bills missing" in text_of(page)
    assert {cell.name for cell in cells} == ({"a"} if who == "manager" else {"span"})


def test_a_stranger_sees_no_account(cast, enter, signed_in):
    enter(date(2025, 12, 1), date(2026, 1, 1))
    page = check_page(signed_in(cast.stranger).get(HERE, {"show": "all"}))
    assert "No account yet" in text_of(page)


def test_all_accounts_can_be_shown(cast, enter, signed_in):
    enter(date(2025, 12, 1), date(2026, 1, 1), number="W-9")
    page = check_page(signed_in(cast.viewer).get(HERE, {"show": "all"}))
    assert "W-9" in text_of(page)
