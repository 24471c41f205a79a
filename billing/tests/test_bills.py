"""Entering bills."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.models import Utility, UtilityBill
from billing.operations.bills import BillAlreadyEntered, BillEntry, enter_bill
from billing.tests.audit_down import audit_down
from billing.tests.small_place import small_place
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import AuditEvent, Property

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(cast, now) -> Property:
    """Make a property of three units."""
    return small_place(cast, now)


ENTRY = BillEntry(
    utility=Utility.WATER,
    period=Period(date(2026, 3, 1), date(2026, 4, 1)),
    amount=Cents(566_161),
    account_number="77-1",
    usage=Decimal("1234.567"),
    usage_unit="CCF",
)


def test_it_stores_what_was_typed(place, cast, now):
    made = enter_bill(place=place, entry=ENTRY, by=cast.manager, now=now)

    bill = UtilityBill.objects.get(pk=made.pk)
    assert (bill.property, bill.utility, bill.account_number) == (place, "water", "77-1")
    assert (bill.period, bill.amount_cents) == (ENTRY.period, 566_161)
    assert (bill.usage, bill.usage_unit) == (Decimal("1234.567"), "CCF")
    assert (bill.entered_by, bill.entered_at) == (cast.manager, now)


def test_it_says_who_entered_what(place, cast, now):
    bill = enter_bill(place=place, entry=ENTRY, by=cast.manager, now=now)

    event = AuditEvent.objects.get(verb="bill.entered")
    assert (event.actor, event.at, event.subject_id) == (cast.manager, now, str(bill.pk))
    assert (event.portfolio, event.after["amount_cents"]) == (cast.portfolio, "566161")


def test_it_refuses_the_same_bill_again_and_says_who_has_entered_it(place, cast, now):
    first = enter_bill(place=place, entry=ENTRY, by=cast.manager, now=now)

    with pytest.raises(BillAlreadyEntered, match="by Manager on 2026-04-02") as refusal:
        enter_bill(place=place, entry=replace(ENTRY, amount=Cents(1)), by=cast.accountant, now=now)

    assert refusal.value.existing == first
    assert UtilityBill.objects.get().amount_cents == 566_161
    assert AuditEvent.objects.filter(verb="bill.entered").count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"account_number": "77-2"},
        {"utility": Utility.SEWER},
        {"period": Period(date(2026, 4, 1), date(2026, 5, 1))},
    ],
)
def test_another_account_utility_or_period_is_another_bill(place, cast, now, change):
    enter_bill(place=place, entry=ENTRY, by=cast.manager, now=now)

    enter_bill(place=place, entry=replace(ENTRY, **change), by=cast.manager, now=now)

    assert UtilityBill.objects.count() == 2


def test_it_stores_nothing_that_cannot_be_written_into_the_audit_trail(place, cast, now):
    with audit_down():
        enter_bill(place=place, entry=ENTRY, by=cast.manager, now=now)

    assert not UtilityBill.objects.exists()
