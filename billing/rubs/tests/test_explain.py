from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from billing.rubs import (
    Allocation,
    BillInput,
    BillPeriod,
    Bucket,
    Stay,
    StepUnit,
    UnitInput,
    allocate,
    explain,
)
from billing.rubs.tests.making import (
    BED_BATH,
    OCCUPANTS,
    SQUARE_FEET,
    START,
    april,
    lived_in,
    vacant,
)
from billing.rubs.tests.recompute import final_cents


def printed(allocation: Allocation, position: int = 0) -> list[str]:
    return [step.expression for step in explain(allocation.lines[position])]


def test_it_prints_the_way_from_the_bill_to_the_cent() -> None:
    stay = Stay(lease_key="L")
    allocation = allocate(
        BillInput(
            amount_cents=566_161,
            period=BillPeriod(START.replace(month=3), START),
            rule=replace(SQUARE_FEET, common_area_percent=10),
            units=(
                UnitInput(key="1", label="101", sqft=850, stays=(stay,)),
                UnitInput(key="2", label="102", sqft=38_570, stays=(stay,)),
            ),
        )
    )
    assert [(step.label, step.expression) for step in explain(allocation.lines[0])] == [
        (
            "Amount to share",
            "Bill $5,661.61 \N{MINUS SIGN} common area 10 % $566.161 = $5,095.449 to share",
        ),
        ("Share", "850 sq ft \N{MULTIPLICATION SIGN} 31/31 days ÷ 39,420 ≈ 2.1563 %"),
        (
            "Amount",
            "$5,095.449 × 850 × 31/31 days ÷ 39,420 = $109.8714…".replace(
                "×", "\N{MULTIPLICATION SIGN}"
            ),
        ),
        ("Rounding", "$109.8714… rounded to the nearest cent is $109.87"),
    ]


def test_the_values_are_exact_and_say_what_they_count() -> None:
    allocation = allocate(april(1000, SQUARE_FEET, lived_in("1", sqft=1), lived_in("2", sqft=2)))
    assert [(step.value, step.unit) for step in explain(allocation.lines[0])] == [
        (1000, StepUnit.CENTS),
        (Fraction(1, 3), StepUnit.SHARE),
        (Fraction(1000, 3), StepUnit.CENTS),
        (333, StepUnit.CENTS),
    ]


def test_a_weight_of_several_terms_has_a_step_of_its_own() -> None:
    units = (
        lived_in("1", bedrooms=2, bathrooms=Decimal("1.5")),
        lived_in("2", bedrooms=0, bathrooms=1),
    )
    allocation = allocate(april(4250, BED_BATH, *units))
    assert printed(allocation)[1:3] == [
        "2 bedrooms + 0.5 × 1.5 bathrooms = 2.75".replace("×", "\N{MULTIPLICATION SIGN}"),
        "2.75 × 30/30 days ÷ 4.25 ≈ 64.7059 %".replace("×", "\N{MULTIPLICATION SIGN}"),
    ]
    assert printed(allocation, 1)[1].startswith("1 bedroom for a studio + ")


def test_a_cent_that_rounding_added_or_took_off_is_said() -> None:
    added, _, _ = allocate(april(100, SQUARE_FEET, *(lived_in(key, sqft=1) for key in "abc"))).lines
    assert explain(added)[-1].expression == (
        "$0.3333… rounded to the nearest cent is $0.33;"
        " one cent was added to the charge, so that all shares add up to the bill: $0.34"
    )
    _, taken = allocate(april(-5, SQUARE_FEET, lived_in("a", sqft=3), lived_in("b", sqft=7))).lines
    assert explain(taken)[-1].expression == (
        "−$0.035 rounded to the nearest cent is −$0.04;"
        " one cent was taken off the credit, so that all shares add up to the bill: −$0.03"
    ).replace("−", "\N{MINUS SIGN}")


def test_a_strict_floor_is_said() -> None:
    rule = replace(SQUARE_FEET, strict_floor=True)
    allocation = allocate(april(200, rule, *(lived_in(key, sqft=1) for key in "abc")))
    assert printed(allocation)[-1] == "$0.6666… cut to the cent is $0.66; the owner pays the rest"
    assert explain(allocation.owner[0])[0].expression == (
        "$0.02 was left over when every share was cut to the cent"
    )


def test_the_owners_lines_are_explained_too() -> None:
    rule = replace(
        OCCUPANTS,
        vacancy=SQUARE_FEET.vacancy,
        common_area_percent=10,
        vacant_unit_occupants=Decimal("1.5"),
    )
    allocation = allocate(april(1000, rule, lived_in("1", occupants=1), vacant("2")))
    by_bucket = {line.bucket: explain(line) for line in allocation.owner}
    assert [step.expression for step in by_bucket[Bucket.COMMON_AREA]] == [
        "Bill $10.00 \N{MULTIPLICATION SIGN} common area 10 % = $1.00",
        "$1.00 comes out in whole cents",
    ]
    assert by_bucket[Bucket.VACANCY][1].expression == (
        "1.5 assumed people \N{MULTIPLICATION SIGN} 30/30 days ÷ 2.5 = 60 %"
    )
    assert final_cents(by_bucket[Bucket.VACANCY]) == 540


def test_numbers_that_never_end_are_printed_as_fractions() -> None:
    bill = april(1000, SQUARE_FEET, lived_in("1", sqft=100, days=7), lived_in("2", sqft=51))
    rule = replace(SQUARE_FEET, vacancy=OCCUPANTS.vacancy, common_area_percent=Fraction(100, 3))
    line = allocate(replace(bill, rule=rule)).lines[0]
    assert explain(line)[1].expression.endswith("÷ (223/3) ≈ 31.3901 %")
    assert explain(line)[0].expression.endswith("= $20/3 to share")
    assert final_cents(explain(line)) == line.cents
