from __future__ import annotations

from dataclasses import replace

import pytest

from billing.rubs import (
    Allocation,
    BillInput,
    BillLine,
    Bucket,
    CannotAllocate,
    LineKind,
    RuleInput,
    Spread,
    UnitInput,
    Vacancy,
    allocate,
    explain,
)
from billing.rubs.tests.making import SQUARE_FEET, april, charges, lived_in, vacant

OCCUPIED_ONLY = replace(SQUARE_FEET, vacancy=Vacancy.OCCUPIED_ONLY)


def usage(cents: int) -> BillLine:
    return BillLine(kind=LineKind.USAGE, amount_cents=cents)


def with_lines(rule: RuleInput, units: tuple[UnitInput, ...], *lines: BillLine) -> BillInput:
    total = sum(line.amount_cents for line in lines)
    return replace(april(total, rule, *units), lines=lines)


def messages(bill: BillInput) -> list[str]:
    with pytest.raises(CannotAllocate) as refusal:
        allocate(bill)
    return [problem.message for problem in refusal.value.problems]


def owner_cents(allocation: Allocation) -> dict[str, int]:
    return {line.reason or line.bucket.value: line.cents for line in allocation.owner}


THREE = (lived_in("1", sqft=100), lived_in("2", sqft=100, days=15), vacant("3", sqft=100))


def test_a_service_charge_goes_over_all_units_and_the_vacant_ones_are_the_owners() -> None:
    service = BillLine(kind=LineKind.SERVICE_CHARGE, amount_cents=900)
    allocation = allocate(with_lines(OCCUPIED_ONLY, THREE, usage(3000), service))
    assert charges(allocation) == {"1": 2000 + 300, "2": 1000 + 150}
    assert owner_cents(allocation) == {"Service charge": 450}


def test_each_unit_bears_its_own_base_charge_and_none_of_a_vacant_unit() -> None:
    base = BillLine(kind=LineKind.BASE_CHARGE, amount_cents=3600, cents_per_unit=1200)
    allocation = allocate(with_lines(OCCUPIED_ONLY, THREE, usage(3000), base))
    assert charges(allocation) == {"1": 2000 + 1200, "2": 1000 + 600}
    assert owner_cents(allocation) == {"Base charge": 1800}


def test_a_line_can_go_over_the_occupied_units_only() -> None:
    line = BillLine(
        kind=LineKind.BASE_CHARGE, amount_cents=900, spread=Spread.OCCUPIED_UNITS, name="Base"
    )
    allocation = allocate(with_lines(OCCUPIED_ONLY, THREE, usage(3000), line))
    assert charges(allocation) == {"1": 2000 + 600, "2": 1000 + 300}
    assert allocation.owner == ()


def test_the_utility_may_charge_more_dwellings_than_can_be_billed() -> None:
    service = BillLine(kind=LineKind.SERVICE_CHARGE, amount_cents=900, unit_count=9)
    allocation = allocate(with_lines(OCCUPIED_ONLY, THREE, usage(3000), service))
    assert charges(allocation) == {"1": 2000 + 100, "2": 1000 + 50}


@pytest.mark.parametrize(
    "kind", [LineKind.LATE_FEE, LineKind.DEPOSIT, LineKind.PRIOR_BALANCE, LineKind.RECONNECTION]
)
def test_what_is_between_owner_and_utility_stays_with_the_owner(kind: LineKind) -> None:
    line = BillLine(kind=kind, amount_cents=5000)
    allocation = allocate(with_lines(OCCUPIED_ONLY, THREE, usage(3000), line))
    assert charges(allocation) == {"1": 2000, "2": 1000}
    assert allocation.owner_cents_in(Bucket.NOT_PASSED_ON) == 5000
    shared = replace(line, spread=Spread.SHARED)
    (message,) = messages(with_lines(OCCUPIED_ONLY, THREE, usage(3000), shared))
    assert message.endswith("may never be passed on to tenants; leave it with the owner.")


def test_irrigation_is_the_owners_unless_the_line_says_otherwise() -> None:
    line = BillLine(kind=LineKind.IRRIGATION, amount_cents=600)
    bill = with_lines(OCCUPIED_ONLY, THREE, usage(3000), line)
    assert allocate(bill).owner_cents == 600
    shared = replace(bill, lines=(usage(3000), replace(line, spread=Spread.SHARED)))
    assert allocate(shared).owner_cents == 0


def test_a_share_of_common_areas_is_of_the_whole_bill_or_of_the_shared_lines() -> None:
    service = BillLine(kind=LineKind.SERVICE_CHARGE, amount_cents=1000)
    rule = replace(OCCUPIED_ONLY, common_area_percent=25)
    bill = with_lines(rule, THREE, usage(3000), service)
    assert allocate(bill).owner_cents_in(Bucket.COMMON_AREA) == 1000
    shared = replace(rule, common_area_base=type(rule.common_area_base).SHARED_LINES)
    assert allocate(replace(bill, rule=shared)).owner_cents_in(Bucket.COMMON_AREA) == 750


def test_the_lines_are_explained() -> None:
    lines = usage(3000), BillLine(kind=LineKind.SERVICE_CHARGE, amount_cents=900)
    line = allocate(with_lines(OCCUPIED_ONLY, THREE, *lines)).lines[1]
    assert [step.expression for step in explain(line)] == [
        "Bill $39.00 − service charge $9.00 = $30.00 to share",
        "100 sq ft × 15/30 days ÷ 150 ≈ 33.3333 %",
        "$30.00 × 100 × 15/30 days ÷ 150 = $10.00",
        "$9.00 × 15/30 days ÷ 3 units = $1.50",
        "$10.00 + $1.50 = $11.50",
        "$11.50 comes out in whole cents",
    ]


def test_the_lines_must_make_the_bill() -> None:
    bill = replace(april(3000, OCCUPIED_ONLY, *THREE), lines=(usage(2999),))
    (message,) = messages(bill)
    assert message.startswith("The lines add up to $29.99, but the bill is $30.00; enter every")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (BillLine(kind=LineKind.OTHER, amount_cents=1), "does not say how it is passed on"),
        (BillLine(kind=LineKind.TAX, amount_cents=1, unit_count=3), "is not spread over units"),
        (
            BillLine(kind=LineKind.BASE_CHARGE, amount_cents=1, unit_count=3, cents_per_unit=1),
            "give one of them",
        ),
        (
            BillLine(kind=LineKind.BASE_CHARGE, amount_cents=1, unit_count=2),
            "is for 2 units, but the building has 3 that can be billed",
        ),
        (
            BillLine(
                kind=LineKind.BASE_CHARGE,
                amount_cents=1,
                unit_count=3,
                spread=Spread.OCCUPIED_UNITS,
            ),
            "which are counted by days",
        ),
        (
            BillLine(kind=LineKind.BASE_CHARGE, amount_cents=100, cents_per_unit=100),
            "comes to $1.50 for the units lived in at $1.00 each, more than the $1.00",
        ),
    ],
)
def test_it_refuses_a_line_that_cannot_be(line: BillLine, words: str) -> None:
    (message,) = messages(with_lines(OCCUPIED_ONLY, THREE, usage(3000), line))
    assert words in message


def test_it_refuses_to_charge_more_than_the_bill_when_the_owner_shares_in_a_credit() -> None:
    service = BillLine(kind=LineKind.SERVICE_CHARGE, amount_cents=3000, unit_count=3)
    credit = BillLine(kind=LineKind.CREDIT, amount_cents=-3000)
    units = lived_in("1", sqft=10), lived_in("2", sqft=10), vacant("3", sqft=1000)
    (message,) = messages(with_lines(SQUARE_FEET, units, service, credit))
    assert message.startswith("As the owner takes a part of a credit among the lines, the")
