"""The pages of bills."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Calculation, ShareRule, Utility, UtilityBill
from billing.operations.bills import BillEntry, enter_bill
from billing.operations.calculations import calculate_bill
from billing.tests.acts import alert_of, link
from meterbase.lib.periods import Period
from portfolios.models import Unit
from portfolios.tests.pages import check_page, text_of, the

WATER = {
    "utility": "water",
    "account_number": "A-1",
    "period_start": "2026-03-01",
    "period_end": "2026-04-01",
    "amount": "5661.61",
    "usage": "",
    "usage_unit": "",
}


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


# --- The list ---------------------------------------------------------------------------------


def test_the_list_names_each_bill_with_its_days_amount_and_state(cast, bill, signed_in):
    page = check_page(signed_in(cast.viewer).get(url("bill-list")))
    text = text_of(the(page, "main"))
    assert "1 Mar 2026" in text
    assert "$5,661.61" in text
    assert "Not calculated" in text
    assert page.find("a", href=url("bill-detail", bill.pk))


def test_the_list_says_how_far_a_bill_has_come(cast, approved, signed_in):
    page = check_page(signed_in(cast.viewer).get(url("bill-list")))
    assert "Approved" in text_of(the(page, "main"))
    assert page.find("a", href=url("calculation-detail", approved.pk))


def test_the_list_shows_strangers_nothing(cast, bill, signed_in):
    page = check_page(signed_in(cast.stranger).get(url("bill-list")))
    assert "$5,661.61" not in text_of(page)


def test_an_empty_list_says_what_to_do_first(cast, signed_in):
    page = check_page(signed_in(cast.manager).get(url("bill-list")))
    assert the(page, "main").find("a", href=reverse("integrations:propexo"))


def test_an_empty_list_of_somebody_with_a_property_leads_to_it(cast, place, signed_in):
    page = check_page(signed_in(cast.manager).get(url("bill-list")))
    assert the(page, "main").find("a", href=reverse("portfolios:portfolio-list"))


def test_the_list_reads_many_bills_with_few_queries(
    cast, place, bill, now, signed_in, django_assert_max_num_queries
):
    for month in range(4, 9):
        entry = BillEntry(
            utility=Utility(bill.utility),
            period=Period(date(2026, month, 1), date(2026, month + 1, 1)),
            amount=bill.amount_cents,
        )
        later = enter_bill(place=place, entry=entry, by=cast.manager, now=now)
        calculate_bill(bill=later, by=cast.manager, now=now)
    client = signed_in(cast.viewer)
    with django_assert_max_num_queries(10):
        client.get(url("bill-list"))


def test_whoever_is_not_signed_in_is_sent_to_the_login(db):
    response = Client().get(url("bill-list"))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("login"))


# --- Entering ---------------------------------------------------------------------------------


def test_a_manager_enters_a_bill(cast, place, signed_in):
    client = signed_in(cast.manager)
    check_page(client.get(url("bill-create", place.pk)))
    response = client.post(url("bill-create", place.pk), WATER)
    bill = UtilityBill.objects.get()
    assert response.url == url("bill-detail", bill.pk)
    assert bill.amount_cents == 566_161
    assert bill.period_end == date(2026, 4, 1)
    assert bill.entered_by == cast.manager


def test_a_bill_may_be_a_credit_with_a_usage(cast, place, signed_in):
    signed_in(cast.manager).post(
        url("bill-create", place.pk),
        WATER | {"amount": "-$1,120.50", "usage": "12.125", "usage_unit": "kgal"},
    )
    bill = UtilityBill.objects.get()
    assert bill.amount_cents == -112_050
    assert str(bill.usage) == "12.125"


def test_the_form_suggests_to_go_on_where_the_last_bill_ended(cast, place, bill, signed_in):
    page = check_page(signed_in(cast.manager).get(url("bill-create", place.pk)))
    assert the(page, '[name="period_start"]')["value"] == "2026-04-01"
    assert the(page, "[name=utility] option[selected]")["value"] == "water"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"utility": "steam"}, "Utility must be chosen"),
        ({"period_start": ""}, "Service from must be a date"),
        ({"period_start": "1 March"}, "Service from must be a date"),
        ({"period_start": "0206-03-01"}, "Service from must be a date"),
        ({"period_end": "2026-03-01"}, "Service to must be after service from"),
        ({"period_end": "2027-05-01"}, "at most 400 days"),
        ({"amount": ""}, "Amount must be dollars"),
        ({"amount": "0.00"}, "must not be 0"),
        ({"amount": "12.345"}, "at most two decimals"),
        ({"amount": "12,34"}, "Amount must be dollars"),
        ({"amount": "NaN"}, "Amount must be dollars"),
        ({"amount": "999999999999999"}, "Amount must be less than"),
        ({"usage": "-1"}, "Usage must be a number"),
        ({"usage": "a lot"}, "Usage must be a number"),
        ({"usage": "3"}, "Unit of usage must be given"),
        ({"account_number": "x" * 61}, "60 characters"),
    ],
)
def test_a_wrong_value_is_answered_by_a_sentence(cast, place, signed_in, change, sentence):
    response = signed_in(cast.manager).post(url("bill-create", place.pk), WATER | change)
    page = check_page(response)
    assert sentence in alert_of(page)
    assert not UtilityBill.objects.exists()


def test_a_bill_that_is_there_already_is_refused_with_a_link(cast, place, signed_in):
    client = signed_in(cast.manager)
    client.post(url("bill-create", place.pk), WATER)
    page = check_page(client.post(url("bill-create", place.pk), WATER))
    assert "was entered before, by Manager" in text_of(page)
    assert page.find("a", href=url("bill-detail", UtilityBill.objects.get().pk))


@pytest.mark.parametrize(
    ("who", "status"), [("viewer", 403), ("accountant", 403), ("stranger", 404)]
)
def test_nobody_else_enters_bills(cast, place, signed_in, who, status):
    client = signed_in(getattr(cast, who))
    assert client.get(url("bill-create", place.pk)).status_code == status
    assert client.post(url("bill-create", place.pk), WATER).status_code == status
    assert not UtilityBill.objects.exists()


# --- One bill ---------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["manager", "accountant", "viewer"])
def test_members_see_a_bill_with_its_rule(cast, bill, signed_in, who):
    page = check_page(signed_in(getattr(cast, who)).get(url("bill-detail", bill.pk)))
    text = text_of(the(page, "main"))
    assert "31 days" in text
    assert "Square footage" in text
    assert bool(page.find("form", action=url("calculation-create", bill.pk))) is (who == "manager")


def test_strangers_see_no_bill(cast, bill, signed_in):
    client = signed_in(cast.stranger)
    assert client.get(url("bill-detail", bill.pk)).status_code == 404
    assert client.post(url("calculation-create", bill.pk)).status_code == 404


def test_a_manager_calculates_a_bill(cast, bill, signed_in):
    response = signed_in(cast.manager).post(url("calculation-create", bill.pk))
    calculation = Calculation.objects.get()
    assert response.url == url("calculation-detail", calculation.pk)
    assert calculation.prepared_by == cast.manager
    page = check_page(signed_in(cast.viewer).get(url("bill-detail", bill.pk)))
    assert page.find("a", href=url("calculation-detail", calculation.pk))


def test_only_a_manager_calculates(cast, bill, signed_in):
    for person in (cast.viewer, cast.accountant):
        assert signed_in(person).post(url("calculation-create", bill.pk)).status_code == 403
    assert signed_in(cast.manager).get(url("calculation-create", bill.pk)).status_code == 405
    assert not Calculation.objects.exists()


def test_every_problem_is_listed_and_leads_to_its_unit(cast, bill, signed_in):
    units = Unit.objects.filter(unit_number__in=["101", "304"])
    units.update(sqft=None)
    page = check_page(signed_in(cast.manager).post(url("calculation-create", bill.pk)))
    alert = the(page, "main [role=alert]")
    assert "2 things have to be put right" in text_of(alert)
    for unit in units:
        found = link(page, reverse("portfolios:unit-edit", args=[unit.pk]))
        assert f"Unit {unit.unit_number} has no square footage" in text_of(found)
    assert not Calculation.objects.exists()


def test_a_problem_of_the_building_leads_to_its_units(cast, bill, signed_in):
    Unit.objects.update(billable=False)
    page = check_page(signed_in(cast.manager).post(url("calculation-create", bill.pk)))
    alert = the(page, "main [role=alert]")
    assert "no billable unit" in text_of(alert)
    assert alert.find("a", href=reverse("portfolios:property-detail", args=[bill.property_id]))


def test_a_bill_without_a_rule_leads_to_setting_one(cast, bill, signed_in):
    ShareRule.objects.all().delete()
    rule_url = url("share-rule-edit", bill.property_id, "water")
    client = signed_in(cast.manager)
    page = check_page(client.get(url("bill-detail", bill.pk)))
    assert the(page, "main").find("a", href=rule_url)
    page = check_page(client.post(url("calculation-create", bill.pk)))
    assert "has no share rule for water" in text_of(link(page, rule_url))
