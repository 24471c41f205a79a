"""A calculation whose figures no longer hold says what has changed, and goes no further."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from billing.models import CalculationState, Method, Utility, UtilityBill, VacancyPolicy
from billing.operations.calculations import OutOfDate
from billing.operations.share_rules import ShareRuleEntry, set_share_rule
from billing.tests.desk import Desk
from billing.tests.small_place import small_bill
from portfolios.models import Lease, LeaseStatus, Unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(cast, now) -> Desk:
    """Put a bill for three units on the desk."""
    return Desk(small_bill(cast, now), cast, now)


def move_out(bill: UtilityBill) -> None:
    leases = Lease.objects.filter(unit__property=bill.property, unit__unit_number="101")
    leases.update(status=LeaseStatus.PAST, end_date=date(2026, 3, 11))


def measure_again(bill: UtilityBill) -> None:
    bill.property.units.filter(unit_number="101").update(sqft=1)


def forget_a_unit(bill: UtilityBill) -> None:
    bill.property.units.filter(unit_number="101").update(billable=False)


def build_a_unit(bill: UtilityBill) -> None:
    Unit.objects.create(
        property=bill.property,
        propexo_unit_id="unit_new",
        unit_number="999",
        first_seen_at=bill.entered_at,
    )


def change_the_rule(bill: UtilityBill) -> None:
    set_share_rule(
        place=bill.property,
        utility=Utility.WATER,
        entry=ShareRuleEntry(method=Method.BED_BATH, vacancy=VacancyPolicy.OWNER_PAYS),
        by=bill.entered_by,
        now=bill.entered_at,
    )


def change_the_bill(bill: UtilityBill) -> None:
    UtilityBill.objects.filter(pk=bill.pk).update(amount_cents=1)


CHANGES: dict[Callable[[UtilityBill], None], str] = {
    move_out: "unit 101 has other leases or people in the period",
    measure_again: "unit 101 has other square feet",
    forget_a_unit: "unit 101 has other billable",
    build_a_unit: "unit 999 is new",
    change_the_rule: "the share rule is no longer version 1",
    change_the_bill: "the bill was changed",
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("act", ["submit", "approve", "post"])
def test_what_has_changed_is_said_and_stops_it(desk, settings, act, change):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    calculation = desk.calculate() if act == "submit" else desk.in_review()
    if act == "post":
        desk.approve(calculation)
    before = calculation.state
    change(desk.bill)

    with pytest.raises(OutOfDate) as refusal:
        getattr(desk, act)(calculation)

    assert any(CHANGES[change] in found for found in refusal.value.changes)
    calculation.refresh_from_db()
    assert (calculation.state, calculation.jobs.count()) == (before, 0)


def test_a_change_that_does_not_matter_for_the_bill_stops_nothing(desk):
    calculation = desk.calculate()
    Lease.objects.filter(unit__property=desk.bill.property, unit__unit_number="101").update(
        end_date=date(2031, 1, 1), raw_status="Current (renewed)"
    )

    desk.submit(calculation)

    assert calculation.state == CalculationState.IN_REVIEW


def test_it_can_be_sent_back_although_it_is_out_of_date(desk):
    calculation = desk.in_review()
    measure_again(desk.bill)

    desk.reject(calculation)

    assert calculation.state == CalculationState.REJECTED
