"""The last bills under another rule; nothing is stored."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from billing.models import Calculation, Charge, ShareRule, Utility
from billing.operations.bills import BillEntry, enter_bill
from billing.tests.acts import alert_of
from billing.tests.small_place import small_bill, small_place
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import AuditEvent
from portfolios.tests.pages import check_page, text_of, the

RULE = {"method": "equal", "vacancy": "owner_pays", "common_area_percent": "0"}


@pytest.fixture
def place(cast, now):
    """Make three units with bills for February and March, by square footage and 10 % off."""
    bill = small_bill(cast, now)
    enter_bill(
        place=bill.property,
        entry=BillEntry(
            utility=Utility.WATER,
            period=Period(date(2026, 2, 1), date(2026, 3, 1)),
            amount=Cents(30_000),
        ),
        by=cast.manager,
        now=now,
    )
    return bill.property


def url(place, utility: str = "water") -> str:
    return reverse("billing:what-if", args=[place.pk, utility])


def test_the_page_asks_for_the_other_rule_first(cast, place, signed_in):
    page = check_page(signed_in(cast.viewer).get(url(place)))
    assert the(page, '[name="method"] option[selected]')["value"] == "square_feet"
    assert not page.select("main table")


@pytest.mark.parametrize("who", ["manager", "accountant", "viewer"])
def test_it_shows_who_would_pay_more_first(cast, place, signed_in, who):
    page = check_page(signed_in(getattr(cast, who)).get(url(place), RULE))
    assert "2 bills compared" in text_of(page)
    rows = [text_of(row) for row in page.select("tbody tr")]
    # $345.61 and $300.00 in three, against nine tenths of them by 655, 660 and 1,250 sq ft.
    assert rows == [
        "103 $148.38 $215.20 +$66.82",
        "102 $149.51 $215.20 +$65.69",
        "101 $283.16 $215.21 −$67.95",
    ]
    tenants, owner = (text_of(row) for row in page.select("tfoot tr"))
    assert tenants == "Tenants $581.05 $645.61 +$64.56"
    assert owner == "Owner $64.56 $0.00 −$64.56"


def test_nothing_is_stored(cast, place, signed_in):
    def counted() -> list[int]:
        return [model.objects.count() for model in (ShareRule, Calculation, Charge, AuditEvent)]

    before = counted()
    check_page(signed_in(cast.manager).get(url(place), RULE))
    check_page(signed_in(cast.manager).post(url(place), RULE))
    assert counted() == before


def test_the_editor_hands_its_values_over(cast, place, signed_in):
    page = check_page(signed_in(cast.manager).post(url(place), RULE | {"effective_from": ""}))
    assert "2 bills compared" in text_of(page)
    assert the(page, '[name="method"] option[selected]')["value"] == "equal"


def test_bills_that_cannot_be_compared_are_named_with_the_reason(cast, place, signed_in):
    place.units.filter(unit_number="102").update(bathrooms=None)
    page = check_page(signed_in(cast.viewer).get(url(place), RULE | {"method": "bed_bath"}))
    text = text_of(the(page, "main"))
    assert "None of the bills can be compared." in text
    assert "Left out" in text
    assert "Unit 102 has no number of bathrooms" in text
    unit = place.units.get(unit_number="102")
    assert page.find("a", href=reverse("portfolios:unit-edit", args=[unit.pk]))


def test_bills_before_the_first_rule_are_named(cast, place, signed_in):
    ShareRule.objects.update(effective_from=date(2026, 3, 1))
    page = check_page(signed_in(cast.viewer).get(url(place), RULE))
    text = text_of(the(page, "main"))
    assert "1 bill compared" in text
    assert "nothing to compare with" in text


def test_a_wrong_value_is_answered_by_a_sentence(cast, place, signed_in):
    page = check_page(signed_in(cast.viewer).get(url(place), RULE | {"common_area_percent": "60"}))
    assert "from 0 to 50" in alert_of(page)
    assert not page.select("main table")


def test_without_bills_there_is_nothing_to_compare(cast, now, signed_in):
    place = small_place(cast, now)
    page = check_page(signed_in(cast.viewer).get(url(place)))
    assert "No bill to compare" in text_of(page)


def test_strangers_see_nothing(cast, place, signed_in):
    assert signed_in(cast.stranger).get(url(place), RULE).status_code == 404
    assert signed_in(cast.viewer).get(url(place, "steam")).status_code == 404
