"""Calculating, submitting, approving: every cent, by two people, from figures that still hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from billing.models import (
    Approval,
    Calculation,
    CalculationState,
    Method,
    ShareRule,
    Utility,
    VacancyPolicy,
)
from billing.operations.approvals import OwnWork, approve_calculation, reject_calculation
from billing.operations.bills import BillEntry, enter_bill
from billing.operations.calculations import (
    CannotCalculate,
    NoShareRule,
    WrongState,
    calculate_bill,
    submit_calculation,
)
from billing.operations.share_rules import ShareRuleEntry, set_share_rule
from billing.tests.audit_down import audit_down
from billing.tests.desk import Desk
from billing.tests.every_method import bring_terms, put_in_force, rule_by
from billing.tests.small_place import ORDER, small_bill
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import AuditEvent, LeaseStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(cast, now) -> Desk:
    """Put a bill for three units on the desk."""
    return Desk(small_bill(cast, now), cast, now)


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("vacancy", VacancyPolicy)
def test_tenants_and_owner_pay_the_bill_to_the_cent(bill, cast, now, method, vacancy):
    put_in_force(bill, rule_by(method, vacancy), by=cast.manager, now=now)
    bring_terms(bill, method, by=cast.manager, now=now)

    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)

    charged = sum(calculation.charges.values_list("amount_cents", flat=True))
    assert charged == calculation.tenants_cents
    assert calculation.tenants_cents + calculation.owner_cents == 566_161
    assert calculation.charges.count() == 45
    assert calculation.result["basis"]["method"] == method
    assert 0 < calculation.tenants_cents < 566_161


def test_each_charge_explains_itself(desk):
    for charge in desk.calculate().charges.all():
        assert charge.explanation["cents"] == charge.amount_cents
        assert charge.explanation["unit_key"] == charge.propexo_unit_id
        assert charge.explanation["steps"]
        assert charge.lease.unit == charge.unit


def test_a_new_calculation_takes_the_place_of_the_one_before(desk):
    first, second = desk.calculate(), desk.calculate()

    first.refresh_from_db()
    assert (first.state, second.state) == (CalculationState.SUPERSEDED, CalculationState.DRAFT)
    assert (first.version, second.version) == (1, 2)
    assert first.charges.count() == second.charges.count() == 3


@pytest.mark.parametrize("state", [CalculationState.IN_REVIEW, CalculationState.APPROVED])
def test_a_calculation_that_was_not_posted_can_be_replaced(desk, state):
    first = desk.in_review()
    if state == CalculationState.APPROVED:
        desk.approve(first)

    desk.calculate()

    first.refresh_from_db()
    assert first.state == CalculationState.SUPERSEDED


def test_a_bill_that_was_posted_cannot_be_calculated_again(desk, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    first = desk.in_review()
    desk.approve(first)
    desk.post(first)

    with pytest.raises(WrongState, match="has been posted"):
        desk.calculate()

    first.refresh_from_db()
    assert first.state == CalculationState.APPROVED
    assert Calculation.objects.count() == 1


def test_a_dry_run_does_not_hinder_another_calculation(desk):
    first = desk.in_review()
    desk.approve(first)
    desk.post(first, replace(ORDER, post_to_pms=False))

    assert desk.calculate().version == 2


def test_a_bill_without_a_rule_says_so(place, cast, now):
    entry = BillEntry(
        utility=Utility.TRASH,
        period=Period(date(2026, 3, 1), date(2026, 4, 1)),
        amount=Cents(100),
    )
    bill = enter_bill(place=place, entry=entry, by=cast.manager, now=now)

    with pytest.raises(NoShareRule, match="no share rule for trash"):
        calculate_bill(bill=bill, by=cast.manager, now=now)


def test_all_problems_are_said_at_once(desk):
    units = desk.bill.property.units
    units.filter(unit_number="101").update(sqft=None)
    units.filter(unit_number="102").update(sqft=None, occupied=None, raw_status="Notice?")
    first = desk.bill.property.units.get(unit_number="103")
    first.leases.update(status=LeaseStatus.PAST, end_date=date(2026, 3, 11))

    with pytest.raises(CannotCalculate) as refusal:
        desk.calculate()

    found = {(problem.unit_label, problem.field) for problem in refusal.value.problems}
    assert found == {("101", "sqft"), ("102", "sqft"), ("102", "occupied"), ("103", "lease")}
    assert "Unit 101" in str(refusal.value)
    assert not Calculation.objects.exists()


def test_it_goes_from_draft_over_review_to_approved(desk, cast, now):
    calculation = desk.calculate()
    assert calculation.state == CalculationState.DRAFT

    desk.submit(calculation)
    assert calculation.state == CalculationState.IN_REVIEW
    assert (calculation.submitted_by, calculation.submitted_at) == (cast.manager, now)

    approval = desk.approve(calculation)
    assert calculation.state == CalculationState.APPROVED
    assert (approval.decision, approval.decided_by) == ("approved", cast.accountant)
    assert approval.decided_at == now


def test_it_is_sent_back_with_a_reason(desk):
    calculation = desk.in_review()

    approval = desk.reject(calculation, "Unit 101 is empty.")

    assert calculation.state == CalculationState.REJECTED
    assert (approval.decision, approval.reason) == ("rejected", "Unit 101 is empty.")


@pytest.mark.parametrize("act", ["approve", "reject"])
def test_whoever_prepared_it_cannot_decide_on_it(desk, cast, now, act):
    calculation = desk.in_review()
    extra = {"reason": "No."} if act == "reject" else {}
    decide: dict[str, Callable[..., Approval]] = {
        "approve": approve_calculation,
        "reject": reject_calculation,
    }

    with pytest.raises(OwnWork):
        decide[act](calculation=calculation, by=cast.manager, now=now, **extra)

    assert not Approval.objects.exists()


@pytest.mark.parametrize("act", ["approve", "reject"])
def test_whoever_submitted_it_cannot_decide_on_it(desk, cast, now, act):
    calculation = desk.calculate()
    # What a page read before the calculation was submitted must not count.
    read_before = Calculation.objects.get(pk=calculation.pk)
    submit_calculation(calculation=calculation, by=cast.accountant, now=now)

    with pytest.raises(OwnWork):
        getattr(desk, act)(read_before)

    assert not Approval.objects.exists()


@pytest.mark.parametrize(
    ("prepare", "act"),
    [
        (["calculate"], "approve"),
        (["calculate"], "reject"),
        (["in_review"], "submit"),
        (["in_review", "approve"], "approve"),
        (["in_review", "approve"], "reject"),
        (["in_review", "approve"], "submit"),
        (["in_review", "reject"], "approve"),
        (["in_review", "reject"], "submit"),
    ],
)
def test_each_act_needs_its_state(desk, prepare: list[str], act: str):
    first, *others = prepare
    calculation = getattr(desk, first)()
    for other in others:
        getattr(desk, other)(calculation)
    before = calculation.state

    with pytest.raises(WrongState):
        getattr(desk, act)(calculation)

    calculation.refresh_from_db()
    assert calculation.state == before


def test_a_superseded_calculation_takes_no_part_any_more(desk):
    first = desk.in_review()
    desk.calculate()

    with pytest.raises(WrongState, match="superseded"):
        desk.approve(first)


def test_each_act_is_in_the_audit_trail(desk, cast):
    desk.reject(desk.in_review())
    desk.approve(desk.in_review())

    events = AuditEvent.objects.filter(verb__startswith="calculation.").order_by("pk")
    assert list(events.values_list("verb", "actor__username")) == [
        ("calculation.made", "manager"),
        ("calculation.submitted", "manager"),
        ("calculation.rejected", "accountant"),
        ("calculation.made", "manager"),
        ("calculation.submitted", "manager"),
        ("calculation.approved", "accountant"),
    ]
    assert events[2].note == "Unit 101 is empty."
    assert {event.portfolio for event in events} == {cast.portfolio}


def test_a_calculation_is_not_made_without_the_audit_trail(desk):
    first = desk.calculate()

    with audit_down():
        desk.calculate()

    first.refresh_from_db()
    assert (first.state, Calculation.objects.count()) == (CalculationState.DRAFT, 1)


@pytest.mark.parametrize("act", ["submit", "approve", "reject"])
def test_no_act_happens_without_the_audit_trail(desk, act):
    calculation = desk.calculate() if act == "submit" else desk.in_review()
    before = calculation.state

    with audit_down():
        getattr(desk, act)(calculation)

    calculation.refresh_from_db()
    assert calculation.state == before
    assert not Approval.objects.exists()


def test_the_rule_of_a_calculation_stays_with_it(desk, cast, now):
    calculation = desk.calculate()

    set_share_rule(
        place=desk.bill.property,
        utility=Utility.WATER,
        entry=ShareRuleEntry(method=Method.BED_BATH, vacancy=VacancyPolicy.OWNER_PAYS),
        by=cast.manager,
        now=now,
    )

    calculation.refresh_from_db()
    assert ShareRule.objects.get(pk=calculation.share_rule_id).version == 1
    assert calculation.inputs["rule"]["method"] == "square_feet"
