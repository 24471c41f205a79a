from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing.rubs.rules import RuleProposal
from billing.rubs.rules.checks.common_area import CommonAreaDeduction
from billing.rubs.rules.checks.fees import ActualCostFee, FeeLimit
from billing.rubs.rules.checks.late_fees import LateFeeLimit
from billing.rubs.rules.tests.making import limits, outcome, water
from billing.rubs.rules.verdicts import Missed, Unknown

COLORADO = FeeLimit.read(
    limits(maximum_percent=2, maximum_dollars=10, per="month", together="one_of_them")
)
CALIFORNIA = FeeLimit.read(
    limits(maximum_percent=25, maximum_dollars=Decimal("4.75"), together="lesser")
)
EIGHT_DOLLARS = FeeLimit.read(limits(maximum_dollars=8))
NINE_PERCENT = FeeLimit.read(limits(maximum_percent=9))
NO_FEE = FeeLimit.read(limits(maximum_percent=0))


def fee(percent: str, cents: int) -> RuleProposal:
    return replace(water("equal"), admin_fee_percent=Decimal(percent), admin_fee_cents=cents)


@pytest.mark.parametrize(
    ("check", "percent", "cents"),
    [
        (COLORADO, "0", 0),
        (COLORADO, "2", 0),
        (COLORADO, "0", 1000),
        (EIGHT_DOLLARS, "0", 800),
        (NINE_PERCENT, "9", 0),
        (NO_FEE, "0", 0),
    ],
)
def test_a_fee_within_its_limit_is_not_found(check: FeeLimit, percent: str, cents: int) -> None:
    assert check.review(fee(percent, cents)) is None


@pytest.mark.parametrize(
    ("check", "percent", "cents", "found"),
    [
        (COLORADO, "2.01", 0, "This rule charges 2.01 %."),
        (COLORADO, "0", 1001, "This rule charges $10.01."),
        (COLORADO, "1", 100, "This rule charges 1 % and $1.00."),
        (CALIFORNIA, "26", 0, "This rule charges 26 %."),
        (CALIFORNIA, "0", 476, "This rule charges $4.76."),
        (EIGHT_DOLLARS, "0", 801, "This rule charges $8.01."),
        (NINE_PERCENT, "10", 0, "This rule charges 10 %."),
        (NO_FEE, "0", 1, "This rule charges $0.01."),
        (NO_FEE, "0.5", 0, "This rule charges 0.5 %."),
        (NO_FEE, "1", 1, "This rule charges 1 % and $0.01."),
    ],
)
def test_a_fee_over_its_limit_is_found(
    check: FeeLimit, percent: str, cents: int, found: str
) -> None:
    assert check.review(fee(percent, cents)) == Missed(found)


@pytest.mark.parametrize(
    ("check", "percent", "cents"),
    [
        (EIGHT_DOLLARS, "5", 0),
        (NINE_PERCENT, "0", 100),
        (CALIFORNIA, "25", 0),
        (CALIFORNIA, "0", 475),
    ],
)
def test_what_only_amounts_can_tell_is_left_to_the_calculation(
    check: FeeLimit, percent: str, cents: int
) -> None:
    answer = check.review(fee(percent, cents))
    assert isinstance(answer, Unknown)
    assert answer.what.endswith("the calculation will tell")


def test_an_unknown_fee_is_asked_for() -> None:
    assert COLORADO.review(water()) == Unknown("how high the administrative fee is")
    half_known = replace(water(), admin_fee_percent=0)
    assert ActualCostFee().review(half_known) == Unknown("how high the administrative fee is")


@pytest.mark.parametrize(
    ("check", "share", "allowed"),
    [
        (COLORADO, 8320, 1000),
        (COLORADO, 100_000, 2000),
        (CALIFORNIA, 1200, 300),
        (CALIFORNIA, 4000, 475),
        (EIGHT_DOLLARS, 1, 800),
        (NINE_PERCENT, 4327, 389),
        (NO_FEE, 5000, 0),
    ],
)
def test_the_fee_of_each_tenant_is_held_against_its_charge(
    check: FeeLimit, share: int, allowed: int
) -> None:
    assert check.audit(outcome(water("equal"), share, (share, allowed))) is None
    answer = check.audit(outcome(water("equal"), share, (share, allowed + 1)))
    assert isinstance(answer, Missed)
    assert answer.found.startswith("Higher is the fee of 1 ($")


def test_it_names_five_units_and_counts_the_others() -> None:
    answer = NO_FEE.audit(outcome(water("equal"), 700, *[(100, 5)] * 7))
    assert answer == Missed(
        "Higher is the fee of 1 ($0.05), 2 ($0.05), 3 ($0.05), 4 ($0.05), 5 ($0.05) and 2 more."
    )


def test_a_credit_bears_no_percentage() -> None:
    assert isinstance(NINE_PERCENT.audit(outcome(water("equal"), -500, (-500, 1))), Missed)


@pytest.mark.parametrize("days", [None, 32, 61])
def test_a_limit_for_a_month_asks_how_many_months_a_long_bill_has(days: int | None) -> None:
    long = outcome(water("equal"), 8320, (8320, 2000), period_days=days)
    assert isinstance(COLORADO.audit(long), Unknown)


def test_a_limit_on_one_sort_can_leave_the_other_free() -> None:
    check = FeeLimit.read(limits(maximum_percent=9, other_sort_is_free=True))
    assert check.review(fee("9", 2000)) is None
    assert check.review(fee("9.1", 0)) == Missed("This rule charges 9.1 %.")
    assert check.audit(outcome(water("equal"), 100, (100, 500))) is None


def test_a_fee_for_actual_cost_must_be_that() -> None:
    known = fee("0", 300)
    assert ActualCostFee().review(replace(known, admin_fee_is_actual_cost=True)) is None
    assert ActualCostFee().review(fee("0", 0)) is None
    assert isinstance(
        ActualCostFee().review(replace(known, admin_fee_is_actual_cost=False)), Missed
    )
    assert ActualCostFee().review(known) == Unknown("whether the fee is what billing really costs")


TEXAS_LATE = LateFeeLimit.read(limits(maximum_percent=5, once=True))
MINNESOTA_LATE = LateFeeLimit.read(limits(maximum_dollars=5, compounding=False))
NO_LATE_FEE = LateFeeLimit.read(limits(maximum_percent=0))


def late(
    percent: int, cents: int, *, repeats: bool | None = None, compounds: bool | None = None
) -> RuleProposal:
    return replace(
        water(),
        late_fee_percent=percent,
        late_fee_cents=cents,
        late_fee_repeats=repeats,
        late_fee_compounds=compounds,
    )


@pytest.mark.parametrize(
    ("check", "proposal", "expected"),
    [
        (TEXAS_LATE, late(0, 0), None),
        (TEXAS_LATE, late(5, 0, repeats=False), None),
        (TEXAS_LATE, late(6, 0, repeats=False), Missed("This rule charges 6 %.")),
        (TEXAS_LATE, late(5, 0, repeats=True), Missed("This rule charges it more than once.")),
        (TEXAS_LATE, late(5, 0), Unknown("whether the late fee is charged more than once")),
        (
            TEXAS_LATE,
            late(0, 200, repeats=False),
            Unknown("whether a late fee of $2.00 stays within the limit for each amount"),
        ),
        (TEXAS_LATE, water(), Unknown("how high the late fee is")),
        (MINNESOTA_LATE, late(0, 500, compounds=False), None),
        (MINNESOTA_LATE, late(0, 501, compounds=False), Missed("This rule charges $5.01.")),
        (
            MINNESOTA_LATE,
            late(0, 500, compounds=True),
            Missed("This rule charges late fees on late fees."),
        ),
        (
            MINNESOTA_LATE,
            late(0, 500),
            Unknown("whether late fees are charged on late fees"),
        ),
        (
            MINNESOTA_LATE,
            late(3, 0, compounds=False),
            Unknown("whether a late fee of 3 % stays within the limit for each amount"),
        ),
        (NO_LATE_FEE, late(0, 0), None),
        (NO_LATE_FEE, late(1, 0), Missed("This rule charges 1 %.")),
        (NO_LATE_FEE, late(0, 1), Missed("This rule charges $0.01.")),
    ],
)
def test_it_limits_late_fees(
    check: LateFeeLimit, proposal: RuleProposal, expected: Missed | Unknown | None
) -> None:
    assert check.review(proposal) == expected


@pytest.mark.parametrize(
    ("bill", "taken_off", "found"),
    [
        (10_000, 2500, None),
        (10_001, 2500, None),
        (-10_000, -2500, None),
        (10_000, None, None),
        (
            10_000,
            2499,
            "This calculation takes off $24.99 of $100.00; the least is $25.00.",
        ),
    ],
)
def test_the_deduction_is_held_against_the_bill_to_the_cent(
    bill: int, taken_off: int | None, found: str | None
) -> None:
    check = CommonAreaDeduction.read(limits(minimum_percent=25))
    made = outcome(water("equal"), bill, (0, 0), common_area_cents=taken_off)
    assert check.audit(made) == (None if found is None else Missed(found))
