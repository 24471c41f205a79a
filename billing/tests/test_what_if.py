"""A rule tried on bills without a trace."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.apps import apps

from billing.models import Method, Utility, UtilityBill
from billing.operations.bills import BillEntry, enter_bill
from billing.operations.calculations import calculate_bill
from billing.operations.unit_terms import UnitTermsEntry, set_unit_terms
from billing.rubs import AdminFee, RuleInput, Vacancy
from billing.tests.every_method import put_in_force, rule_by
from billing.tests.small_place import small_bill
from billing.what_if import BILLS, compare_rules, latest_bill, try_rule
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import Lease, LeaseStatus

pytestmark = pytest.mark.django_db

EQUAL = RuleInput(method="equal", vacancy=Vacancy.OWNER_PAYS)


@pytest.fixture
def bill(cast, now) -> UtilityBill:
    """Enter the March bill of three units, shared by square feet with 10 % common area."""
    return small_bill(cast, now)


def enter_earlier(bill: UtilityBill, count: int, cents: int = 34_561) -> list[UtilityBill]:
    """Enter bills of thirty days each that end where March begins."""
    made = []
    for n in range(count):
        end = bill.period_start - timedelta(days=30 * n)
        entry = BillEntry(
            utility=Utility.WATER,
            period=Period(end - timedelta(days=30), end),
            amount=Cents(cents),
        )
        place, by, now = bill.property, bill.entered_by, bill.entered_at
        made.append(enter_bill(place=place, entry=entry, by=by, now=now))
    return made


def rows() -> dict[str, int]:
    """Count the rows of every table."""
    return {
        model._meta.label: model._default_manager.count()
        for app in ("billing", "portfolios", "integrations")
        for model in apps.get_app_config(app).get_models()
    }


def compare(bill: UtilityBill, rule: RuleInput):
    return compare_rules(place=bill.property, utility=Utility.WATER, proposal=rule)


def test_nothing_is_stored(bill, cast, now):
    calculate_bill(bill=bill, by=cast.manager, now=now)
    enter_earlier(bill, 3)
    before = rows()

    assert try_rule(bill, EQUAL).allocation is not None
    assert try_rule(bill, rule_by(Method.SUBMETER)).problems
    assert len(compare(bill, EQUAL).bills) == 4

    assert rows() == before
    assert bill.property.share_rules.get().method == "square_feet"


def test_a_trial_gives_what_the_calculation_would(bill, cast, now):
    trial = try_rule(bill, EQUAL)
    put_in_force(bill, EQUAL, by=cast.manager, now=now)

    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)

    assert trial.allocation is not None
    assert [line.cents for line in trial.allocation.lines] == list(
        calculation.charges.values_list("amount_cents", flat=True)
    )


def test_a_trial_that_cannot_be_lists_every_problem(bill):
    units = bill.property.units
    units.filter(unit_number="101").update(occupied=None, raw_status="Notice?")

    trial = try_rule(bill, rule_by(Method.SUBMETER))

    assert trial.allocation is None
    found = {(problem.unit_label, problem.field) for problem in trial.problems}
    assert found == {("101", "occupied"), ("101", "usage"), ("102", "usage"), ("103", "usage")}


def test_problems_of_the_data_alone_stop_a_trial_as_well(bill):
    bill.property.units.filter(unit_number="101").update(occupied=None, raw_status="Notice?")

    trial = try_rule(bill, EQUAL)

    assert (trial.allocation, len(trial.problems)) == (None, 1)


def test_the_latest_bill_of_the_utility_is_tried(bill):
    enter_earlier(bill, 2)

    assert latest_bill(bill.property, Utility.WATER) == bill
    assert latest_bill(bill.property, Utility.GAS) is None


def test_it_tells_who_pays_more_and_by_how_much_over_all_bills(bill):
    enter_earlier(bill, 1)

    found = compare(bill, replace(EQUAL, common_area_percent=10))

    # Two bills of $345.61 less 10 %: by 1,250, 660 and 655 square feet before, in thirds after.
    before = {unit.unit_label: unit.before_cents for unit in found.units}
    assert before == {"101": 2 * 15_158, "102": 2 * 8_004, "103": 2 * 7_943}
    for unit in found.units:
        assert unit.after_cents in (2 * 10_368, 2 * 10_369)
        assert unit.difference_cents == unit.after_cents - unit.before_cents
    assert [unit.unit_label for unit in found.units] == ["101", "103", "102"]


def test_both_sides_make_the_bills_to_the_cent(bill):
    enter_earlier(bill, 2)

    found = compare(bill, EQUAL)

    total = sum(each.amount_cents for each in found.bills)
    assert sum(unit.before_cents for unit in found.units) + found.owner_before_cents == total
    assert sum(unit.after_cents for unit in found.units) + found.owner_after_cents == total


def test_fees_count_among_what_a_unit_pays(bill):
    with_fee = replace(EQUAL, admin_fee=AdminFee(flat_cents=300))

    plain, fees = compare(bill, EQUAL), compare(bill, with_fee)

    assert sum(unit.after_cents for unit in fees.units) == 900 + sum(
        unit.after_cents for unit in plain.units
    )


def test_the_last_twelve_bills_are_compared(bill):
    enter_earlier(bill, 14)

    found = compare(bill, EQUAL)

    assert len(found.bills) == BILLS == 12
    assert found.bills[0] == bill


def test_each_bill_is_compared_with_the_version_that_counted_for_it(bill, cast, now):
    (february,) = enter_earlier(bill, 1)
    first = bill.property.share_rules.get()
    newest = put_in_force(bill, EQUAL, by=cast.manager, now=now)
    type(newest).objects.filter(pk=newest.pk).update(effective_from=bill.period_start)

    found = compare(bill, EQUAL)

    assert found.bills == (bill, february)
    assert {unit.unit_label for unit in found.units if unit.difference_cents} == {
        "101",
        "102",
        "103",
    }
    assert first.version == 1


def test_a_bill_that_one_of_the_rules_cannot_share_is_left_out_with_the_reason(bill):
    (february,) = enter_earlier(bill, 1)
    # Somebody moved in in March: in February the unit was empty and nobody's number is known.
    Lease.objects.filter(unit__unit_number="101").update(start_date=date(2026, 3, 1))
    by_people = RuleInput(method="occupants", vacancy=Vacancy.OWNER_PAYS)

    found = compare(bill, by_people)

    assert found.bills == (bill,)
    (left_out,) = found.left_out
    assert left_out.bill == february
    assert [problem.field for problem in left_out.problems] == ["vacant_unit_occupants"]


def test_a_bill_without_a_rule_in_force_is_left_out(bill):
    bill.property.share_rules.update(effective_from=bill.period_start)
    (february,) = enter_earlier(bill, 1)

    found = compare(bill, EQUAL)

    assert [trial.bill for trial in found.left_out] == [february]


def test_units_of_two_buildings_with_one_number_are_told_apart(bill):
    bill.property.units.filter(unit_number="102").update(unit_number="101")

    assert len(compare(bill, EQUAL).units) == 3


def test_terms_of_units_count_in_a_trial(bill, cast, now):
    unit = bill.property.units.get(unit_number="101")
    entry = UnitTermsEntry(weight=Decimal(2))
    set_unit_terms(unit=unit, utility=Utility.WATER, entry=entry, by=cast.manager, now=now)

    trial = try_rule(bill, RuleInput(method="custom_weight", vacancy=Vacancy.OWNER_PAYS))

    assert {problem.unit_label for problem in trial.problems} == {"102", "103"}


def test_an_empty_unit_pays_nothing_on_either_side(bill):
    units = bill.property.units
    units.filter(unit_number="103").update(occupied=False)
    Lease.objects.filter(unit__unit_number="103").update(
        status=LeaseStatus.PAST, end_date=date(2026, 1, 1)
    )

    assert {unit.unit_label for unit in compare(bill, EQUAL).units} == {"101", "102"}
