from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing.rubs import Vacancy
from billing.rubs.rules import (
    BillLine,
    CommonAreaKind,
    DeductionBase,
    Item,
    MethodPart,
    RuleProposal,
    VacantPart,
    WeightTable,
)
from billing.rubs.rules.checks import CHECKS
from billing.rubs.rules.tests.making import limits, water
from billing.rubs.rules.verdicts import Missed, ReviewsRule, Unknown, Verdict

TEXAS_RATIO = WeightTable((1, Decimal("1.6"), Decimal("2.2")), Decimal("0.4"))


def verdict(kind: str, proposal: RuleProposal, **members: object) -> Verdict:
    check = CHECKS[kind](limits(**members))
    assert isinstance(check, ReviewsRule)
    return check.review(proposal)


def mix(**percents: int) -> RuleProposal:
    parts = tuple(MethodPart(method, percent) for method, percent in percents.items())
    return RuleProposal(utility="water", method="mix", parts=parts)


def test_what_is_allowed_is_never_found_and_what_is_not_always_is() -> None:
    assert verdict("utility_allowed", water(), allowed=True) is None
    assert verdict("utility_allowed", water(), allowed=False) == Missed()
    assert verdict("note", water()) == Missed()


@pytest.mark.parametrize(
    ("proposal", "expected"),
    [
        (water("occupants"), None),
        (mix(occupants=60, ratio_occupancy=40), None),
        (water("equal"), Missed("This rule shares by equal parts.")),
        (
            mix(occupants=40, bedrooms=30, bed_bath=20, equal=10),
            Missed("This rule shares by bedrooms, bedrooms and bathrooms and equal parts."),
        ),
        (mix(occupants=100, equal=0), None),
        (water(), Unknown("by which method the bill is shared")),
        (water("mix"), Unknown("by which method the bill is shared")),
    ],
)
def test_it_names_the_methods_that_are_not_allowed(
    proposal: RuleProposal, expected: Verdict
) -> None:
    methods = ["occupants", "ratio_occupancy"]
    assert verdict("allowed_methods", proposal, methods=methods) == expected


@pytest.mark.parametrize(
    ("proposal", "expected"),
    [
        (mix(occupants=50, square_feet=50), None),
        (mix(occupants=49, square_feet=51), Missed("This rule shares 51 % by square footage.")),
        (water("square_feet"), Missed("This rule shares 100 % by square footage.")),
        (water("occupants"), None),
        (water(), Unknown("by which method the bill is shared")),
    ],
)
def test_it_limits_the_part_of_size_in_a_mix(proposal: RuleProposal, expected: Verdict) -> None:
    cap = {"method": ["square_feet"], "maximum_percent": 50}
    assert verdict("share_cap", proposal, **cap) == expected


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (TEXAS_RATIO, None),
        (WeightTable((1, 2, 3, 4), 1), None),
        (WeightTable((1, Decimal("1.6")), Decimal("0.6")), None),
        (
            WeightTable((1, Decimal("1.5"), Decimal("2.2")), 1),
            "counts 1.5 for 2 people; the least is 1.6",
        ),
        (
            WeightTable((1, 2, 3), Decimal("0.3")),
            "adds 0.3 for each of the further people; the least is 0.4",
        ),
        (
            WeightTable((1, Decimal("1.6")), Decimal("0.5")),
            "counts 2.1 for 3 people; the least is 2.2",
        ),
    ],
)
def test_a_table_of_people_may_not_count_less(table: WeightTable, found: str | None) -> None:
    proposal = replace(water("ratio_occupancy"), ratio_table=table)
    floor = {
        "method": ["ratio_occupancy"],
        "weights": [1, Decimal("1.6"), Decimal("2.2")],
        "each_further": Decimal("0.4"),
    }
    answer = verdict("weight_floor", proposal, **floor)
    if found is None:
        assert answer is None
    else:
        assert isinstance(answer, Missed)
        assert found in answer.found


def test_a_table_of_bedrooms_begins_with_none() -> None:
    floor = {"method": ["estimated_occupancy"], "weights": [1, 2], "each_further": 1}
    proposal = replace(water("estimated_occupancy"), bedroom_table=WeightTable((1, 1), 2))
    answer = verdict("weight_floor", proposal, **floor)
    assert answer == Missed("This rule counts 1 for 1 bedrooms; the least is 2.")


def test_a_table_matters_only_where_its_method_is_used() -> None:
    floor = {"method": ["ratio_occupancy"], "weights": [1], "each_further": 1}
    assert verdict("weight_floor", water("occupants"), **floor) is None
    assert verdict("weight_floor", water("ratio_occupancy"), **floor) == Unknown(
        "which weights the rule gives for ratio occupancy"
    )
    assert isinstance(verdict("weight_floor", water(), **floor), Unknown)


@pytest.mark.parametrize(
    ("kind", "percent", "expected"),
    [
        (None, Decimal(25), None),
        (CommonAreaKind.PERCENT, Decimal("24.99"), Missed("This rule takes off 24.99 %.")),
        (None, Decimal(0), Missed("This rule takes off 0 %.")),
        (None, None, Unknown("what is taken off for common areas")),
        (
            CommonAreaKind.PERCENT,
            None,
            Unknown("which percentage is taken off for common areas"),
        ),
        (
            CommonAreaKind.FIXED,
            None,
            Unknown("whether a fixed amount for common areas comes to 25 % of each bill"),
        ),
        (
            CommonAreaKind.METERED,
            Decimal(0),
            Unknown("whether metered use for common areas comes to 25 % of each bill"),
        ),
    ],
)
def test_it_compares_the_common_area_deduction(
    kind: CommonAreaKind | None, percent: Decimal | None, expected: Verdict
) -> None:
    proposal = replace(water("occupants"), common_area_kind=kind, common_area_percent=percent)
    assert verdict("common_area_deduction", proposal, minimum_percent=25) == expected


def test_a_deduction_without_a_least_percentage_must_be_more_than_nothing() -> None:
    proposal = replace(water("occupants"), common_area_percent=Decimal("0.01"))
    assert verdict("common_area_deduction", proposal) is None
    fixed = replace(proposal, common_area_kind=CommonAreaKind.FIXED)
    assert verdict("common_area_deduction", fixed) is None
    nothing = replace(proposal, common_area_percent=0)
    assert verdict("common_area_deduction", nothing) == Missed("This rule takes off 0 %.")


def test_a_deduction_that_must_be_metered_is() -> None:
    metered = replace(water("occupants"), common_area_kind=CommonAreaKind.METERED)
    assert verdict("common_area_deduction", metered, metered=True) is None
    percent = replace(water("occupants"), common_area_percent=50)
    assert isinstance(verdict("common_area_deduction", percent, metered=True), Missed)


def test_it_compares_what_the_common_area_percentage_is_taken_of() -> None:
    proposal = replace(water("occupants"), common_area_percent=5)
    whole = replace(proposal, common_area_base=DeductionBase.BILL)
    less = replace(proposal, common_area_base=DeductionBase.AFTER_FIXED_CHARGES)
    assert verdict("common_area_base", whole, base="bill") is None
    assert verdict("common_area_base", less, base="bill") == Missed(
        "This rule takes it of what is left of the bill after fixed charges."
    )
    assert isinstance(verdict("common_area_base", proposal, base="bill"), Unknown)
    assert verdict("common_area_base", replace(less, common_area_percent=0), base="bill") is None


@pytest.mark.parametrize(
    ("vacancy", "expected"),
    [
        (Vacancy.OWNER_PAYS, None),
        (
            Vacancy.OCCUPIED_ONLY,
            Missed("Under this rule the tenants of the other units pay it."),
        ),
        (None, Unknown("who pays for vacant units")),
    ],
)
def test_it_sees_who_pays_for_vacant_units(vacancy: Vacancy | None, expected: Verdict) -> None:
    assert verdict("vacant_use", replace(water("equal"), vacancy=vacancy)) == expected


@pytest.mark.parametrize("charge", ["base_charge", "service_charge"])
def test_it_sees_who_pays_the_fixed_charges_of_vacant_units(charge: str) -> None:
    def told(payer: VacantPart | None) -> Verdict:
        proposal = (
            replace(water(), base_charge_vacant=payer)
            if charge == "base_charge"
            else replace(water(), service_charge_vacant=payer)
        )
        return verdict("vacant_fixed_charge", proposal, charge=[charge])

    assert told(VacantPart.OWNER) is None
    assert told(VacantPart.NO_SUCH_CHARGE) is None
    assert isinstance(told(VacantPart.TENANTS), Missed)
    assert told(None) == Unknown(f"who pays the {charge.replace('_', ' ')} of vacant units")


def test_it_names_the_lines_that_may_not_be_passed_on() -> None:
    lines = ["late_fee", "deposit"]
    usage = frozenset({BillLine.USAGE, BillLine.TAX})
    wrong = usage | {BillLine.LATE_FEE, BillLine.DEPOSIT}
    assert verdict("excluded_lines", replace(water(), passed_on_lines=usage), lines=lines) is None
    assert verdict(
        "excluded_lines", replace(water(), passed_on_lines=wrong), lines=lines
    ) == Missed("This rule passes on: late fee and deposit.")
    assert isinstance(verdict("excluded_lines", water(), lines=lines), Unknown)


@pytest.mark.parametrize("shown_in", ["statement", "lease", "notice"])
def test_it_names_what_residents_are_not_told(shown_in: str) -> None:
    items = ["method", "due_date"]

    def told(shown: frozenset[Item] | None) -> Verdict:
        proposal = replace(
            water(),
            statement_items=shown if shown_in == "statement" else None,
            lease_items=shown if shown_in == "lease" else None,
            notice_items=shown if shown_in == "notice" else None,
        )
        return verdict("disclosure", proposal, shown_in=shown_in, items=items)

    assert told(frozenset(Item)) is None
    assert told(frozenset({Item.METHOD})) == Missed(f"The {shown_in} does not tell: the due date.")
    assert told(None) == Unknown(f"whether the {shown_in} tells all that it must")


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (16, None),
        (15, Missed("This rule gives 15 days.")),
        (1, Missed("This rule gives 1 day.")),
        (None, Unknown("how many days tenants have to pay")),
    ],
)
def test_it_counts_the_days_to_pay(days: int | None, expected: Verdict) -> None:
    proposal = replace(water(), due_days=days)
    assert verdict("due_days", proposal, minimum_days=16) == expected


@pytest.mark.parametrize(
    ("days", "signs", "expected"),
    [
        (35, True, None),
        (34, True, Missed("Tenants are told 34 days before.")),
        (35, False, Missed("The tenants do not sign.")),
        (35, None, Unknown("whether the tenants sign")),
        (None, True, Unknown("how many days before it takes effect tenants are told")),
    ],
)
def test_it_counts_the_days_of_notice_and_asks_for_the_signature(
    *, days: int | None, signs: bool | None, expected: Verdict
) -> None:
    proposal = replace(water(), notice_days=days, tenants_sign=signs)
    assert verdict("notice_days", proposal, minimum_days=35, signature=True) == expected


def test_a_notice_needs_no_signature_unless_the_place_says_so() -> None:
    assert verdict("notice_days", replace(water(), notice_days=30), minimum_days=30) is None


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        (24, None),
        (23, Missed("They are kept for 23 months.")),
        (None, Unknown("how long bills and calculations are kept")),
    ],
)
def test_it_counts_the_months_of_records(months: int | None, expected: Verdict) -> None:
    proposal = replace(water(), records_months=months)
    assert verdict("records", proposal, minimum_months=24) == expected
