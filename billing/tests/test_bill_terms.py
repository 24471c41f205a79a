"""What one bill alone says of single units: previewed, set, and gone with the next bill."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from billing.models import BillTerms, Calculation, CalculationState, Utility, UtilityBill
from billing.operations.bill_terms import NotAsSeen, set_bill_terms
from billing.operations.bills import BillEntry, enter_bill
from billing.operations.calculations import CannotCalculate, WrongState, calculate_bill
from billing.queries import changes_since
from billing.rubs import RuleInput, Vacancy
from billing.rubs.bill_terms import BillTerm, TermKind
from billing.term_preview import CannotPreview, preview_terms
from billing.tests.audit_down import audit_down
from billing.tests.desk import Desk
from billing.tests.every_method import put_in_force
from billing.tests.small_place import small_bill
from billing.usual_charges import past_charges, usual_charge
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import AuditEvent, Unit

pytestmark = pytest.mark.django_db

EQUAL = RuleInput(method="equal", vacancy=Vacancy.OWNER_PAYS)
CAP = BillTerm(TermKind.CAP, "A leak in the wall.", 50_00)
OUT = BillTerm(TermKind.EXCLUDED, "A leak in the wall.")


@pytest.fixture
def desk(cast, now) -> Desk:
    """Put a bill of $300 for three units on the desk, shared in equal parts."""
    bill = small_bill(cast, now)
    UtilityBill.objects.filter(pk=bill.pk).update(amount_cents=300_00)
    bill.refresh_from_db()
    put_in_force(bill, EQUAL, by=cast.manager, now=now)
    return Desk(bill, cast, now)


def unit_of(desk: Desk, number: str) -> Unit:
    return desk.bill.property.units.get(unit_number=number)


def set_terms(desk: Desk, made: Calculation, **terms: BillTerm | None) -> Calculation:
    chosen = {unit_of(desk, name.removeprefix("u")): term for name, term in terms.items()}
    preview = preview_terms(made, {unit.propexo_unit_id: term for unit, term in chosen.items()})
    return set_bill_terms(
        calculation=made,
        terms=chosen,
        reason="A leak in the wall.",
        seen_digest=preview.digest,
        by=desk.cast.manager,
        now=desk.now,
    )


def charged(calculation: Calculation) -> dict[str, int]:
    return {charge.unit_label: charge.amount_cents for charge in calculation.charges.all()}


def next_bill(desk: Desk, months: int = 1, **changes) -> UtilityBill:
    start = date(2026, 3 + months, 1)
    entry = BillEntry(
        utility=Utility.WATER,
        period=Period(start, date(2026, 4 + months, 1)),
        amount=Cents(300_00),
    )
    return enter_bill(
        place=desk.bill.property,
        entry=replace(entry, **changes),
        by=desk.cast.manager,
        now=desk.now,
    )


def test_a_preview_stores_nothing_and_says_what_would_be_charged(desk):
    made = desk.calculate()

    preview = preview_terms(made, {"unit_001_0001": CAP, "unit_001_0002": OUT})

    assert (preview.tenants_before_cents, preview.tenants_after_cents) == (300_00, 150_00)
    assert (preview.owner_before_cents, preview.owner_after_cents) == (0, 150_00)
    differences = {unit.unit_label: unit.difference_cents for unit in preview.units}
    assert differences == {"101": -50_00, "102": -100_00, "103": 0}
    assert BillTerms.objects.count() == 0
    assert Calculation.objects.count() == 1


def test_what_is_set_is_what_was_previewed_in_a_new_version(desk):
    made = desk.in_review()

    new = set_terms(desk, made, u101=CAP, u102=OUT)

    assert (new.version, new.state) == (2, CalculationState.DRAFT)
    assert charged(new) == {"101": 50_00, "103": 100_00}
    assert new.owner_cents == 150_00
    made.refresh_from_db()
    assert made.state == CalculationState.SUPERSEDED
    assert changes_since(new) == ()
    stored = BillTerms.objects.get(unit__unit_number="101")
    assert (stored.kind, stored.amount_cents, stored.reason) == ("cap", 50_00, CAP.reason)
    assert stored.set_by == desk.cast.manager


def test_the_next_bill_follows_the_rule_again(desk):
    set_terms(desk, desk.calculate(), u101=CAP)

    following = calculate_bill(bill=next_bill(desk), by=desk.cast.manager, now=desk.now)

    assert set(charged(following).values()) == {100_00}


def test_a_unit_can_be_put_back_under_the_rule(desk):
    capped = set_terms(desk, desk.calculate(), u101=CAP, u102=OUT)

    back = set_terms(desk, capped, u101=None)

    assert charged(back) == {"101": 100_00, "103": 100_00}
    assert [terms.unit.unit_number for terms in BillTerms.objects.all()] == ["102"]


def test_the_audit_trail_says_who_set_what_of_which_unit_and_why(desk):
    capped = set_terms(desk, desk.calculate(), u101=CAP)
    set_terms(desk, capped, u101=OUT)

    last, first = AuditEvent.objects.filter(verb="bill_terms.set")

    assert first.subject_id == str(unit_of(desk, "101").pk)
    assert first.after == {"bill": str(desk.bill), "kind": "cap", "amount_cents": 50_00}
    assert last.before == first.after
    assert (last.actor, last.note) == (desk.cast.manager, "A leak in the wall.")


def test_nothing_is_set_when_it_cannot_be_written_down(desk):
    made = desk.calculate()

    with audit_down():
        set_terms(desk, made, u101=CAP)

    assert BillTerms.objects.count() == 0
    assert Calculation.objects.count() == 1


def test_what_changed_after_the_preview_stops_it(desk):
    made = desk.calculate()
    unit = unit_of(desk, "101")
    seen = preview_terms(made, {unit.propexo_unit_id: CAP}).digest
    Unit.objects.filter(unit_number="103").update(sqft=1)

    with pytest.raises(NotAsSeen):
        set_bill_terms(
            calculation=made,
            terms={unit: CAP},
            reason=CAP.reason,
            seen_digest=seen,
            by=desk.cast.manager,
            now=desk.now,
        )

    assert BillTerms.objects.count() == 0
    assert Calculation.objects.count() == 1


def test_an_older_version_is_left_alone(desk):
    made = desk.calculate()
    desk.calculate()

    with pytest.raises(WrongState):
        set_terms(desk, made, u101=CAP)

    assert BillTerms.objects.count() == 0


def test_a_bill_that_was_posted_is_left_alone(desk, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    made = desk.in_review()
    desk.approve(made)
    desk.post(made)

    with pytest.raises(WrongState):
        set_terms(desk, made, u101=CAP)

    assert BillTerms.objects.count() == 0


def test_terms_with_which_the_bill_cannot_be_shared_are_refused(desk):
    made = desk.calculate()
    too_much = BillTerm(TermKind.FLAT, "Too much.", 400_00)

    with pytest.raises(CannotPreview) as refusal:
        preview_terms(made, {"unit_001_0001": too_much})
    with pytest.raises(CannotCalculate):
        set_bill_terms(
            calculation=made,
            terms={unit_of(desk, "101"): too_much},
            reason="Too much.",
            seen_digest="",
            by=desk.cast.manager,
            now=desk.now,
        )

    assert refusal.value.problems
    assert BillTerms.objects.count() == 0


def test_the_usual_charge_is_the_average_per_day_of_approved_bills(desk):
    desk.approve(desk.in_review())
    second = Desk(next_bill(desk, amount=Cents(150_00)), desk.cast, desk.now)
    second.approve(second.in_review())
    third = Desk(next_bill(desk, 2), desk.cast, desk.now)
    third.calculate()
    unit = unit_of(desk, "101")

    past = past_charges(third.bill, [unit.pk])[unit.pk]

    assert [(one.cents, one.days) for one in past] == [(100_00, 31), (50_00, 30)]
    usual = usual_charge(past, days=31)
    assert usual is not None
    assert (usual.cents, usual.bills) == (150_00 * 31 // 61, 2)


def test_without_an_approved_bill_nothing_is_usual(desk):
    desk.calculate()
    following = next_bill(desk)
    unit = unit_of(desk, "101")

    assert past_charges(following, [unit.pk]) == {}
    assert usual_charge([], days=31) is None
