"""What a rule says of single units: weights, exclusions, limits, and what submeters counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.models import Calculation, Method, SubmeterReading, UnitTerms, Utility
from billing.operations.bills import BillLocked
from billing.operations.calculations import CannotCalculate, OutOfDate
from billing.operations.unit_terms import UnitTermsEntry, enter_readings, set_unit_terms
from billing.queries import changes_since
from billing.rubs import RuleInput, Vacancy
from billing.tests.audit_down import audit_down
from billing.tests.desk import Desk
from billing.tests.every_method import put_in_force, rule_by
from billing.tests.small_place import small_bill
from portfolios.models import AuditEvent, LeaseStatus, Unit

pytestmark = pytest.mark.django_db

EQUAL = RuleInput(method="equal", vacancy=Vacancy.OWNER_PAYS)


@pytest.fixture
def desk(cast, now) -> Desk:
    """Put a bill for three units on the desk, shared in equal parts of $115.20 and a third."""
    found = Desk(small_bill(cast, now), cast, now)
    use(found, EQUAL)
    return found


def use(desk: Desk, rule: RuleInput) -> None:
    put_in_force(desk.bill, rule, by=desk.cast.manager, now=desk.now)


def unit_of(desk: Desk, number: str = "101") -> Unit:
    return desk.bill.property.units.get(unit_number=number)


def set_terms(desk: Desk, number: str = "101", utility: Utility = Utility.WATER, **terms) -> None:
    set_unit_terms(
        unit=unit_of(desk, number),
        utility=utility,
        entry=UnitTermsEntry(**terms),
        by=desk.cast.manager,
        now=desk.now,
    )


def read(desk: Desk, **usage: str | None) -> None:
    readings = {
        unit_of(desk, number.removeprefix("u")): None if text is None else Decimal(text)
        for number, text in usage.items()
    }
    enter_readings(bill=desk.bill, readings=readings, by=desk.cast.manager, now=desk.now)


def shares(calculation: Calculation) -> dict[str, int]:
    return dict(calculation.charges.values_list("unit_label", "amount_cents"))


def owner(calculation: Calculation) -> dict[str, tuple[int, str | None]]:
    return {
        line["bucket"]: (line["cents"], line["reason"])
        for line in calculation.result["owner"]
        if line["cents"]
    }


def test_an_excluded_unit_pays_nothing_and_the_owner_bears_its_share_with_the_reason(desk):
    set_terms(desk, excluded_because="Has a well of its own.")

    calculation = desk.calculate()

    assert set(shares(calculation)) == {"102", "103"}
    cents, reason = owner(calculation)["excluded"]
    assert cents in (11_520, 11_521)
    assert reason == "Has a well of its own."


def test_exclusion_counts_for_its_utility_alone(desk):
    set_terms(desk, utility=Utility.GAS, excluded_because="No stove.")

    assert set(shares(desk.calculate())) == {"101", "102", "103"}


def test_a_cap_of_one_unit_goes_to_the_owner(desk):
    set_terms(desk, cap_cents=5_000)

    calculation = desk.calculate()

    assert shares(calculation)["101"] == 5_000
    assert owner(calculation)["cap"][0] in (6_520, 6_521)


def test_a_cap_of_one_unit_takes_the_place_of_the_rules(desk):
    use(desk, replace(EQUAL, limits=replace(EQUAL.limits, cap_cents=5_000)))
    set_terms(desk, cap_cents=6_000)

    assert shares(desk.calculate()) == {"101": 6_000, "102": 5_000, "103": 5_000}


def test_a_flat_amount_is_charged_whatever_the_bill_says(desk):
    set_terms(desk, flat_cents=2_500)

    calculation = desk.calculate()

    assert shares(calculation)["101"] == 2_500
    assert "flat" in owner(calculation)


def test_a_minimum_is_reached_at_the_owners_gain(desk):
    unit_of(desk, "103").leases.update(status=LeaseStatus.PAST, end_date=date(2026, 3, 1))
    Unit.objects.filter(unit_number="103").update(occupied=False)
    set_terms(desk, minimum_cents=12_000)

    calculation = desk.calculate()

    assert shares(calculation)["101"] == 12_000
    assert owner(calculation)["minimum"][0] in (-479, -480)


def test_a_minimum_is_not_reached_where_the_bill_has_no_room_for_it(desk):
    set_terms(desk, minimum_cents=12_000)

    assert desk.calculate().tenants_cents == 34_561


def test_limits_that_contradict_each_other_are_refused(desk):
    set_terms(desk, minimum_cents=2_000, cap_cents=1_000)

    with pytest.raises(CannotCalculate, match="minimum above its cap"):
        desk.calculate()


def test_weights_of_ones_own_are_shared_by(desk):
    use(desk, RuleInput(method="custom_weight", vacancy=Vacancy.OWNER_PAYS))
    for number, weight in {"101": "0.5", "102": "1.5", "103": "2"}.items():
        set_terms(desk, number, weight=Decimal(weight))

    assert shares(desk.calculate()) == {"101": 4_320, "102": 12_960, "103": 17_281}


def test_percentages_that_do_not_give_all_leave_the_rest_to_the_owner(desk):
    use(desk, RuleInput(method="percentage", vacancy=Vacancy.OWNER_PAYS))
    for number, percent in {"101": "10", "102": "20", "103": "30.5"}.items():
        set_terms(desk, number, percent=Decimal(percent))

    calculation = desk.calculate()

    assert shares(calculation) == {"101": 3_456, "102": 6_912, "103": 10_541}
    assert calculation.owner_cents == 34_561 - 3_456 - 6_912 - 10_541


def test_percentages_above_a_hundred_are_refused(desk):
    use(desk, RuleInput(method="percentage", vacancy=Vacancy.OWNER_PAYS))
    for number in ("101", "102", "103"):
        set_terms(desk, number, percent=Decimal("33.34"))

    with pytest.raises(CannotCalculate, match="100"):
        desk.calculate()


@pytest.mark.parametrize(
    ("method", "field"), [(Method.CUSTOM_WEIGHT, "weight"), (Method.PERCENTAGE, "percent")]
)
def test_each_unit_without_terms_is_named(desk, method, field):
    use(desk, rule_by(method))
    set_terms(desk, "101", weight=Decimal(20), percent=Decimal(20))

    with pytest.raises(CannotCalculate) as refusal:
        desk.calculate()

    found = {(problem.unit_label, problem.field) for problem in refusal.value.problems}
    assert found == {("102", field), ("103", field)}


def test_an_empty_entry_removes_the_terms(desk):
    set_terms(desk, cap_cents=5_000)
    set_terms(desk)

    assert not UnitTerms.objects.exists()
    assert AuditEvent.objects.filter(verb="unit_terms.set").count() == 2


def test_the_same_terms_again_change_nothing(desk):
    set_terms(desk, weight=Decimal("1.5"))
    set_terms(desk, weight=Decimal("1.50"))

    assert AuditEvent.objects.filter(verb="unit_terms.set").count() == 1


def test_what_was_set_before_and_after_is_in_the_audit_trail(desk, cast):
    set_terms(desk, cap_cents=5_000)
    set_terms(desk, flat_cents=700)

    event = AuditEvent.objects.filter(verb="unit_terms.set").latest("pk")
    assert (event.actor, event.subject_label) == (cast.manager, "101")
    assert event.before == {"utility": "water", "cap_cents": "5000"}
    assert event.after == {"utility": "water", "flat_cents": "700"}


def test_no_terms_are_set_without_the_audit_trail(desk):
    with audit_down():
        set_terms(desk, cap_cents=5_000)

    assert not UnitTerms.objects.exists()


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"excluded_because": "A well."}, "unit 101 has other exclusion"),
        ({"cap_cents": 1}, "unit 101 has other minimum, cap or flat amount"),
        ({"weight": Decimal(2)}, "unit 101 has other weight"),
        ({"percent": Decimal(2)}, "unit 101 has other percentage"),
    ],
)
def test_terms_set_later_put_the_calculation_out_of_date_and_say_why(desk, terms, said):
    calculation = desk.calculate()

    set_terms(desk, **terms)

    assert changes_since(calculation) == (said,)
    with pytest.raises(OutOfDate, match=said):
        desk.submit(calculation)


def metered(desk: Desk) -> None:
    use(desk, RuleInput(method="submeter", vacancy=Vacancy.OWNER_PAYS))
    read(desk, u101="10.5", u102="0", u103="4.5")


def test_submeter_readings_are_shared_by(desk):
    metered(desk)

    assert shares(desk.calculate()) == {"101": 24_193, "102": 0, "103": 10_368}


def test_each_unit_without_a_reading_is_named(desk):
    use(desk, RuleInput(method="submeter", vacancy=Vacancy.OWNER_PAYS))
    read(desk, u102="3")

    with pytest.raises(CannotCalculate) as refusal:
        desk.calculate()

    named = {(problem.unit_label, problem.field) for problem in refusal.value.problems}
    assert named == {("101", "usage"), ("103", "usage")}


def test_readings_belong_to_one_bill(desk):
    metered(desk)
    UnitTerms.objects.all().delete()

    assert set(desk.bill.readings.values_list("usage", flat=True)) == {
        Decimal("10.5"),
        Decimal(0),
        Decimal("4.5"),
    }
    assert SubmeterReading.objects.exclude(bill=desk.bill).count() == 0


def test_a_corrected_reading_puts_the_calculation_out_of_date(desk):
    metered(desk)
    calculation = desk.calculate()

    read(desk, u101="11")

    assert changes_since(calculation) == ("unit 101 has other submeter reading",)


def test_a_reading_can_be_taken_back_and_the_same_again_changes_nothing(desk):
    read(desk, u101="5", u102="6")
    read(desk, u101="5.000", u102=None)
    read(desk, u101="5")

    assert [(found.unit.unit_number, found.usage) for found in desk.bill.readings.all()] == [
        ("101", Decimal(5))
    ]
    events = AuditEvent.objects.filter(verb="bill.readings_entered").order_by("pk")
    assert [event.after for event in events] == [{"101": "5", "102": "6"}, {"102": None}]


def test_readings_of_an_approved_bill_are_locked(desk):
    metered(desk)
    desk.approve(desk.in_review())

    with pytest.raises(BillLocked, match="approved"):
        read(desk, u101="1")

    assert desk.bill.readings.get(unit=unit_of(desk)).usage == Decimal("10.5")


def test_no_reading_is_stored_without_the_audit_trail(desk):
    with audit_down():
        read(desk, u101="1")

    assert not SubmeterReading.objects.exists()
