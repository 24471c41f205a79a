"""Entering what the units' own meters counted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from billing.models import Calculation, Method, SubmeterReading, Utility, VacancyPolicy
from billing.operations.approvals import approve_calculation
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.operations.share_rules import ShareRuleEntry, set_share_rule
from billing.tests.acts import alert_of, link
from billing.tests.small_place import small_bill
from portfolios.models import Unit
from portfolios.tests.pages import check_page, text_of, the


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


@pytest.fixture
def bill(cast, now):
    return small_bill(cast, now)


@pytest.fixture
def metered(bill, cast, now):
    use(bill, cast, now, method=Method.SUBMETER)
    return bill


def use(bill, cast, now, **choice: Any) -> None:
    entry = ShareRuleEntry(vacancy=VacancyPolicy.OWNER_PAYS, **choice)
    place = bill.property
    set_share_rule(place=place, utility=Utility.WATER, entry=entry, by=cast.manager, now=now)


def typed(*readings: str) -> dict[str, str]:
    units = Unit.objects.order_by("unit_number")
    return {f"unit_{unit.pk}": text for unit, text in zip(units, readings, strict=True)}


def stored() -> dict[str, Decimal]:
    return dict(SubmeterReading.objects.values_list("unit__unit_number", "usage"))


def test_the_bill_leads_to_its_readings_where_the_rule_needs_them(cast, metered, signed_in):
    page = check_page(signed_in(cast.viewer).get(url("bill-detail", metered.pk)))
    assert text_of(link(page, url("bill-readings", metered.pk))) == "0 readings entered"


def test_a_mix_with_submeters_needs_readings_too(cast, bill, now, signed_in):
    mix = [{"method": "submeter", "percent": "60"}, {"method": "equal", "percent": "40"}]
    use(bill, cast, now, method=Method.MIX, options={"mix": mix})
    page = check_page(signed_in(cast.viewer).get(url("bill-detail", bill.pk)))
    assert page.find("a", href=url("bill-readings", bill.pk))
    assert "60 % submeter readings + 40 % equal shares" in text_of(the(page, "main"))


def test_another_rule_does_not_ask_for_readings(cast, bill, signed_in):
    page = check_page(signed_in(cast.viewer).get(url("bill-detail", bill.pk)))
    assert not page.find("a", href=url("bill-readings", bill.pk))


def test_a_manager_enters_readings_and_takes_one_back(cast, metered, signed_in):
    client = signed_in(cast.manager)
    check_page(client.get(url("bill-readings", metered.pk)))
    client.post(url("bill-readings", metered.pk), typed("12.125", "0", "7"))
    assert stored() == {"101": Decimal("12.125"), "102": 0, "103": 7}
    client.post(url("bill-readings", metered.pk), typed("12.125", "", "8"))
    assert stored() == {"101": Decimal("12.125"), "103": 8}


def test_readings_are_shown_as_they_were_typed_with_their_sum(cast, metered, signed_in):
    client = signed_in(cast.manager)
    client.post(url("bill-readings", metered.pk), typed("12.5", "", "100"))
    page = check_page(client.get(url("bill-readings", metered.pk)))
    assert [field.get("value") for field in page.select("main table input")] == [
        "12.5",
        None,
        "100",
    ]
    assert "2 of 3 units, together 112.5" in text_of(the(page, "main"))


@pytest.mark.parametrize("reading", ["-1", "a lot", "1,234.5", "1.2345", "NaN", "1e20"])
def test_a_wrong_reading_is_answered_by_a_sentence(cast, metered, signed_in, reading):
    client = signed_in(cast.manager)
    page = check_page(client.post(url("bill-readings", metered.pk), typed("5", reading, "7")))
    assert "Reading of unit 102 must be a number from 0 up" in alert_of(page)
    assert not stored()


def test_a_missing_reading_leads_to_the_readings(cast, metered, signed_in):
    client = signed_in(cast.manager)
    client.post(url("bill-readings", metered.pk), typed("5", "", "7"))
    page = check_page(client.post(url("calculation-create", metered.pk)))
    reason = the(page, f'[role=alert] a[href="{url("bill-readings", metered.pk)}"]')
    assert "Unit 102 has no submeter reading" in text_of(reason)


def test_readings_come_out_in_the_calculation(cast, metered, signed_in):
    client = signed_in(cast.manager)
    client.post(url("bill-readings", metered.pk), typed("5", "3", "2"))
    client.post(url("calculation-create", metered.pk))
    made = Calculation.objects.get()
    page = check_page(client.get(url("calculation-detail", made.pk)))
    assert "Metered" in text_of(the(page, '[aria-label="Shares by unit"] thead'))
    first = the(page, '[aria-label="Shares by unit"] tbody tr:first-child')
    assert "31 5 5 50.0000 %" in text_of(first)


def test_an_approval_locks_the_readings(cast, metered, now, signed_in):
    client = signed_in(cast.manager)
    client.post(url("bill-readings", metered.pk), typed("5", "3", "2"))
    made = calculate_bill(bill=metered, by=cast.manager, now=now)
    submit_calculation(calculation=made, by=cast.manager, now=now)
    approve_calculation(calculation=made, by=cast.accountant, now=now)
    page = check_page(client.get(url("bill-readings", metered.pk)))
    assert page.select("main button") == []
    assert all("disabled" in field.attrs for field in page.select("main table input"))
    page = check_page(
        client.post(url("bill-readings", metered.pk), typed("9", "9", "9"), follow=True)
    )
    assert "can no longer be changed" in alert_of(page)
    assert stored()["101"] == 5


@pytest.mark.parametrize(("who", "seen"), [("viewer", 200), ("accountant", 200), ("stranger", 404)])
def test_others_see_readings_at_most(cast, metered, signed_in, who, seen):
    client = signed_in(getattr(cast, who))
    assert client.get(url("bill-readings", metered.pk)).status_code == seen
    refused = client.post(url("bill-readings", metered.pk), typed("1", "1", "1"))
    assert refused.status_code == (404 if who == "stranger" else 403)
    assert not stored()


def test_a_unit_that_is_not_billable_is_not_asked_for(cast, metered, signed_in):
    Unit.objects.filter(unit_number="102").update(billable=False)
    page = check_page(signed_in(cast.manager).get(url("bill-readings", metered.pk)))
    assert [text_of(row) for row in page.select("main tbody th")] == ["101", "103"]
