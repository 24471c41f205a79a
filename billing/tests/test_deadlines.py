"""By when a calculation is to be approved: the day itself, its words, and its order in a list."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import QuerySet
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from billing.deadlines import (
    Deadline,
    Urgency,
    day_of_rank,
    deadline_of,
    overdue,
    rank_of,
    usual_charge_date,
    with_deadline_rank,
)
from billing.models import Calculation, UtilityBill
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.tests.small_place import small_bill
from portfolios.operations.portfolios import set_approve_by_day
from portfolios.tests.pages import check_page, text_of, the

_DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 12, 31))


@pytest.mark.parametrize(
    ("end", "charged"),
    [
        (date(2026, 4, 1), date(2026, 4, 1)),
        (date(2026, 4, 2), date(2026, 5, 1)),
        (date(2026, 12, 2), date(2027, 1, 1)),
    ],
)
def test_a_bill_is_charged_on_the_first_of_a_month_after_its_service(end, charged):
    assert usual_charge_date(end) == charged


@pytest.mark.parametrize(
    ("left", "words", "urgency"),
    [
        (4, "in 4 days", Urgency.LATER),
        (3, "in 3 days", Urgency.SOON),
        (1, "in 1 day", Urgency.SOON),
        (0, "today", Urgency.SOON),
        (-1, "overdue by 1 day", Urgency.OVERDUE),
        (-40, "overdue by 40 days", Urgency.OVERDUE),
    ],
)
def test_it_says_how_far_off_it_is(left, words, urgency):
    deadline = Deadline(date(2026, 4, 25), left)
    assert (deadline.words, deadline.urgency) == (words, urgency)


@given(_DAYS, _DAYS)
def test_ranks_are_in_the_order_of_the_days(one, other):
    assert (rank_of(one) < rank_of(other)) == (one < other)
    assert day_of_rank(rank_of(one)) == one


@pytest.fixture
def waiting(cast, now) -> Calculation:
    """Have the water of March in review: it is charged on 1 April."""
    calculation = calculate_bill(bill=small_bill(cast, now), by=cast.manager, now=now)
    submit_calculation(calculation=calculation, by=cast.manager, now=now)
    return calculation


def ranks() -> list[int | None]:
    """Read what the database makes of the deadlines."""
    found: QuerySet[Any] = with_deadline_rank(Calculation.objects.all())
    return list(found.values_list("deadline_rank", flat=True))


def test_without_a_day_there_is_no_deadline(waiting):
    assert deadline_of(waiting.bill, today=date(2026, 4, 2)) is None
    assert ranks() == [None]
    assert not overdue(Calculation.objects.all(), today=date(2099, 1, 1)).exists()


@pytest.mark.parametrize("end", [date(2026, 4, 1), date(2026, 4, 2), date(2026, 12, 31)])
@pytest.mark.parametrize("by_day", [1, 25, 28])
def test_the_database_finds_the_same_day(cast, waiting, now, end, by_day):
    set_approve_by_day(portfolio=cast.portfolio, day=by_day, by=cast.accountant, now=now)
    UtilityBill.objects.update(period_end=end)
    bill = UtilityBill.objects.select_related("property__portfolio").get()

    deadline = deadline_of(bill, today=date(2026, 4, 2))

    assert deadline is not None
    assert day_of_rank(ranks()[0] or 0) == deadline.day
    assert not overdue(Calculation.objects.all(), today=deadline.day).exists()
    assert overdue(Calculation.objects.all(), today=deadline.day + timedelta(days=1)).exists()


def test_the_pages_show_it(cast, waiting, now, signed_in):
    set_approve_by_day(portfolio=cast.portfolio, day=25, by=cast.accountant, now=now)
    client = signed_in(cast.accountant)
    queue = reverse("billing:approval-list")

    def words(day: date, url: str) -> str:
        with time_machine.travel(day, tick=False):
            client.force_login(cast.accountant)
            return text_of(the(check_page(client.get(url)), "main"))

    review = reverse("billing:calculation-detail", args=[waiting.pk])
    for url in (queue, review):
        assert "25 Apr 2026 in 19 days" in words(date(2026, 4, 6), url)
        assert "25 Apr 2026 Overdue by 2 days" in words(date(2026, 4, 27), url)
    assert "by 25 Apr 2026" in words(date(2026, 4, 6), reverse("home"))
    assert "1 overdue" in words(date(2026, 4, 27), reverse("home"))
    assert "No calculation is of this kind" in words(date(2026, 4, 6), f"{queue}?show=overdue")
    assert "Overdue by 2 days" in words(date(2026, 4, 27), f"{queue}?show=overdue")


def test_the_queue_puts_the_nearest_deadline_first(cast, waiting, now, signed_in):
    set_approve_by_day(portfolio=cast.portfolio, day=25, by=cast.accountant, now=now)
    old = waiting.bill
    old.pk, old.account_number = None, "earlier"
    old.period_start, old.period_end = date(2026, 1, 1), date(2026, 2, 1)
    old.save()
    waiting.pk, waiting.bill, waiting.submitted_at = None, old, now + timedelta(days=1)
    waiting.save()

    page = check_page(signed_in(cast.accountant).get(reverse("billing:approval-list")))

    (head,) = page.select('th[aria-sort="ascending"]')
    assert text_of(head) == "Approve by"
    days = [text_of(row.select("td")[6]) for row in page.select("main tbody tr")]
    assert [day[:11] for day in days] == ["25 Feb 2026", "25 Apr 2026"]
