from __future__ import annotations

from dataclasses import replace

import pytest

from billing.rubs import (
    AdminFee,
    BillInput,
    Bucket,
    CannotAllocate,
    Limits,
    RuleInput,
    allocate,
    explain,
)
from billing.rubs.tests.making import SQUARE_FEET, april, charges, lived_in, vacant
from billing.rubs.tests.recompute import final_cents


def limited(cents: int, limits: Limits) -> BillInput:
    units = (
        lived_in("1", sqft=600),
        lived_in("2", sqft=300, days=15),
        lived_in("3", sqft=100),
    )
    return april(cents, replace(SQUARE_FEET, limits=limits), *units)


def test_what_a_cap_cuts_is_the_owners_and_never_a_neighbours() -> None:
    allocation = allocate(limited(100_00, Limits(cap_cents=40_00)))
    assert charges(allocation) == {"1": 40_00, "2": 15_00, "3": 10_00}
    cuts = [line for line in allocation.owner if line.bucket is Bucket.CAP]
    assert [(line.unit_key, line.lease_key, line.cents) for line in cuts] == [("1", "L1", 20_00)]


def test_a_cap_counts_for_the_days_lived_in_unless_the_rule_says_otherwise() -> None:
    by_days = limited(100_00, Limits(cap_cents=20_00))
    assert charges(allocate(by_days))["2"] == 10_00
    for_all = replace(by_days, rule=replace(by_days.rule, limits_by_days=False))
    assert charges(allocate(for_all))["2"] == 15_00


def test_what_a_minimum_adds_is_not_the_owners() -> None:
    allocation = allocate(limited(100_00, Limits(minimum_cents=14_00)))
    assert charges(allocation) == {"1": 60_00, "2": 15_00, "3": 14_00}
    assert allocation.owner_cents_in(Bucket.MINIMUM) == -4_00
    assert allocation.owner_cents == 11_00


def test_minimums_give_way_before_the_tenants_pay_more_than_the_bill() -> None:
    allocation = allocate(limited(100_00, Limits(minimum_cents=80_00)))
    assert allocation.tenants_cents == 100_00
    assert allocation.owner_cents == 0
    step = next(step for step in explain(allocation.lines[0]) if step.label == "Within the bill")
    assert step.expression.endswith("as all minimums together would bill more than the bill")
    assert all(final_cents(explain(line)) == line.cents for line in allocation.lines)


def test_a_flat_amount_takes_the_place_of_the_share() -> None:
    bill = limited(100_00, Limits())
    first, *others = bill.units
    flat = replace(first, limits=Limits(flat_cents=25_00))
    allocation = allocate(replace(bill, units=(flat, *others)))
    assert charges(allocation) == {"1": 25_00, "2": 15_00, "3": 10_00}
    assert allocation.owner_cents_in(Bucket.FLAT) == 35_00


def test_flat_amounts_that_come_to_more_than_the_bill_are_refused() -> None:
    with pytest.raises(CannotAllocate, match=r"would pay \$150\.00, more than the \$100\.00"):
        allocate(limited(100_00, Limits(flat_cents=60_00)))


def test_the_limits_of_a_unit_take_the_place_of_the_rules() -> None:
    bill = limited(100_00, Limits(cap_cents=1_00))
    first, *others = bill.units
    free = replace(first, limits=Limits(minimum_cents=0))
    assert charges(allocate(replace(bill, units=(free, *others))))["1"] == 60_00


def test_limits_of_a_credit_mirror_those_of_a_charge() -> None:
    for limits in (Limits(cap_cents=40_00), Limits(minimum_cents=14_00)):
        charge, credit = (allocate(limited(cents, limits)) for cents in (100_00, -100_00))
        assert [line.cents for line in credit.lines] == [-line.cents for line in charge.lines]
        assert [line.cents for line in credit.owner] == [-line.cents for line in charge.owner]


def test_a_limit_is_explained() -> None:
    line = allocate(limited(100_00, Limits(cap_cents=20_00))).lines[1]
    assert [step.expression for step in explain(line)][-2:] == [
        "Cap $20.00 × 15/30 days = $10.00",
        "$10.00 comes out in whole cents",
    ]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(cap_cents=-1), "has a cap below 0"),
        (Limits(minimum_cents=2, cap_cents=1), "has a minimum above its cap"),
        (Limits(flat_cents=1, cap_cents=1), "has a flat amount beside a minimum or a cap"),
    ],
)
def test_it_refuses_limits_that_cannot_be(limits: Limits, words: str) -> None:
    with pytest.raises(CannotAllocate, match=f"The rule {words}"):
        allocate(limited(100, limits))
    unit = replace(lived_in("1", sqft=1), limits=limits)
    with pytest.raises(CannotAllocate, match=f"Unit 1 {words}"):
        allocate(april(100, SQUARE_FEET, unit))


def fees(fee: AdminFee, cents: int = 83_20) -> list[int]:
    rule: RuleInput = replace(SQUARE_FEET, admin_fee=fee)
    allocation = allocate(april(cents, rule, lived_in("1", sqft=1), vacant("2", sqft=1)))
    assert allocation.tenants_cents + allocation.owner_cents == cents
    assert allocation.fees_cents == sum(fee.cents for fee in allocation.fees)
    return [fee.cents for fee in allocation.fees]


def test_a_fee_is_a_line_of_its_own_and_never_rounded_up() -> None:
    assert fees(AdminFee(percent=2), 166_40) == [1_66]
    assert fees(AdminFee(flat_cents=3_00)) == [3_00]


def test_a_fee_is_held_down_by_its_limits() -> None:
    assert fees(AdminFee(percent=25, at_most_cents=4_75), 24_00) == [3_00]
    assert fees(AdminFee(percent=25, at_most_cents=4_75), 80_00) == [4_75]
    assert fees(AdminFee(flat_cents=120_00, at_most_percent=9), 2000_00) == [90_00]


def test_the_fee_on_a_credit_is_a_credit() -> None:
    assert fees(AdminFee(percent=2), -166_40) == [-1_66]


@pytest.mark.parametrize(
    "fee",
    [
        AdminFee(),
        AdminFee(percent=1, flat_cents=1),
        AdminFee(percent=-1),
        AdminFee(percent=16),
    ],
)
def test_it_refuses_a_fee_that_cannot_be(fee: AdminFee) -> None:
    with pytest.raises(CannotAllocate) as refusal:
        fees(fee)
    assert {problem.field for problem in refusal.value.problems} == {"admin_fee"}
