"""How many people approve, and by which day, on the portfolio's page."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from portfolios.models import AuditEvent, Portfolio
from portfolios.operations.portfolios import set_second_approval
from portfolios.tests.pages import check_page, text_of, the


def url(portfolio: Portfolio) -> str:
    return reverse("portfolios:portfolio-approvals", args=[portfolio.pk])


def test_an_accountant_sets_the_amount_and_the_change_is_kept(cast, signed_in):
    client = signed_in(cast.accountant)
    assert "One accountant's approval is enough" in text_of(
        check_page(client.get(url(cast.portfolio)))
    )

    page = check_page(client.post(url(cast.portfolio), {"above": "2500.50"}, follow=True))

    cast.portfolio.refresh_from_db()
    assert cast.portfolio.second_approval_above_cents == 250_050
    assert "more than $2,500.50" in text_of(the(page, "main"))
    event = AuditEvent.objects.get(verb="portfolio.second_approval_set")
    assert event.actor == cast.accountant
    assert event.before == {"second_approval_above_cents": None}
    assert event.after == {"second_approval_above_cents": 250_050}
    assert the(page, "input[name=above]")["value"] == "2500.50"


def test_it_says_when_there_are_not_enough_accountants(cast, signed_in):
    page = check_page(
        signed_in(cast.accountant).post(url(cast.portfolio), {"above": "0"}, follow=True)
    )
    assert "not enough accountants" in text_of(page)


def test_an_empty_amount_asks_for_one_approval_again(cast, signed_in, now):
    set_second_approval(portfolio=cast.portfolio, above_cents=1, by=cast.accountant, now=now)

    signed_in(cast.accountant).post(url(cast.portfolio), {"above": ""})

    cast.portfolio.refresh_from_db()
    assert cast.portfolio.second_approval_above_cents is None


@pytest.mark.parametrize("above", ["-1", "1.005", "a lot", "1e99", "NaN", "99999999999999"])
def test_a_wrong_amount_is_answered_by_a_sentence(cast, signed_in, above):
    page = check_page(signed_in(cast.accountant).post(url(cast.portfolio), {"above": above}))
    assert "The amount must be dollars with at most two decimals" in text_of(page)
    cast.portfolio.refresh_from_db()
    assert cast.portfolio.second_approval_above_cents is None


def test_an_accountant_sets_the_day_and_takes_it_away(cast, signed_in):
    client = signed_in(cast.accountant)

    page = check_page(client.post(url(cast.portfolio), {"approve_by_day": "25"}, follow=True))

    cast.portfolio.refresh_from_db()
    assert cast.portfolio.approve_by_day == 25
    assert the(page, "input[name=approve_by_day]")["value"] == "25"
    assert "approved by day 25 of the month of their charges" in text_of(the(page, "main"))
    event = AuditEvent.objects.get(verb="portfolio.approve_by_day_set")
    assert (event.before, event.after) == ({"approve_by_day": None}, {"approve_by_day": 25})
    assert event.actor == cast.accountant

    client.post(url(cast.portfolio), {"approve_by_day": ""})
    cast.portfolio.refresh_from_db()
    assert cast.portfolio.approve_by_day is None


@pytest.mark.parametrize("day", ["0", "29", "-1", "2.5", "soon", "9" * 30])
def test_a_wrong_day_is_answered_by_a_sentence_and_nothing_is_stored(cast, signed_in, day):
    sent = {"above": "100", "approve_by_day": day}
    page = check_page(signed_in(cast.accountant).post(url(cast.portfolio), sent))
    assert "The day must be a whole number from 1 to 28" in text_of(page)
    cast.portfolio.refresh_from_db()
    assert cast.portfolio.approve_by_day is None
    assert cast.portfolio.second_approval_above_cents is None


@pytest.mark.parametrize("who", ["manager", "viewer"])
def test_others_of_the_portfolio_only_look(cast, signed_in, who):
    client = signed_in(getattr(cast, who))
    page = check_page(client.get(url(cast.portfolio)))
    assert "Only an accountant of this portfolio" in text_of(page)
    assert not page.select("main form")
    assert client.post(url(cast.portfolio), {"above": "5"}).status_code == 403
    assert not AuditEvent.objects.filter(verb="portfolio.second_approval_set").exists()


def test_strangers_find_nothing(cast, signed_in):
    client = signed_in(cast.stranger)
    assert client.get(url(cast.portfolio)).status_code == 404
    assert client.post(url(cast.portfolio), {"above": "5"}).status_code == 404


def test_nothing_is_written_down_where_nothing_changes(cast, now):
    for _ in range(2):
        set_second_approval(portfolio=cast.portfolio, above_cents=5, by=cast.accountant, now=now)
    assert AuditEvent.objects.filter(verb="portfolio.second_approval_set").count() == 1


def test_the_database_refuses_an_amount_below_zero(cast):
    with pytest.raises(IntegrityError), transaction.atomic():
        Portfolio.objects.filter(pk=cast.portfolio.pk).update(second_approval_above_cents=-1)


@pytest.mark.parametrize("day", [0, 29])
def test_the_database_refuses_a_day_that_not_every_month_has(cast, day):
    with pytest.raises(IntegrityError), transaction.atomic():
        Portfolio.objects.filter(pk=cast.portfolio.pk).update(approve_by_day=day)
