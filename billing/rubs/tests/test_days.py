from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from billing.rubs import (
    Bucket,
    CannotAllocate,
    MixPart,
    Proration,
    RuleInput,
    Stay,
    UnitInput,
    Vacancy,
    allocate,
    explain,
)
from billing.rubs.tests.making import (
    OCCUPANTS,
    SQUARE_FEET,
    april,
    charges,
    lived_in,
    vacant,
    with_stays,
)
from billing.rubs.tests.recompute import final_cents

BY_DAY = replace(OCCUPANTS, proration=Proration.BY_DAY)
AT_START = replace(OCCUPANTS, proration=Proration.START_OF_PERIOD)
MIDDLE = date(2025, 4, 16)


def moved_in(key: str, occupants: int) -> UnitInput:
    stay = Stay(lease_key=f"L{key}", start=MIDDLE, occupants=occupants)
    return with_stays(lived_in(key), stay)


def test_a_lease_whose_people_change_gets_one_line() -> None:
    unit = with_stays(
        lived_in("1"),
        Stay(lease_key="L1", end=MIDDLE, occupants=4),
        Stay(lease_key="L1", start=MIDDLE, occupants=1),
    )
    allocation = allocate(april(8_00, OCCUPANTS, unit, lived_in("2", occupants=1)))
    assert charges(allocation) == {"1": 571, "2": 229}
    line = allocation.lines[0]
    assert (line.days, line.weight) == (30, Fraction(5, 2))
    assert [step.expression for step in explain(line)][1:3] == [
        "(4 people × 15/30 days + 1 person × 15/30 days) ÷ 3.5 ≈ 71.4286 %",
        "$8.00 × (4 × 15/30 days + 1 × 15/30 days) ÷ 3.5 = $5.7142…",
    ]


def test_a_bill_cut_into_days_is_shared_by_who_is_there_on_each_day() -> None:
    allocation = allocate(april(60_00, BY_DAY, lived_in("1", occupants=1), moved_in("2", 2)))
    assert charges(allocation) == {"1": 30_00 + 10_00, "2": 20_00}
    assert [step.expression for step in explain(allocation.lines[0])][1:] == [
        "$60.00 × 15/30 days × 1 person ÷ 1 = $30.00",
        "$60.00 × 15/30 days × 1 person ÷ 3 = $10.00",
        "$30.00 + $10.00 = $40.00",
        "$40.00 comes out in whole cents",
    ]


def test_a_day_without_anybody_is_the_owners_when_the_bill_is_cut_into_days() -> None:
    allocation = allocate(april(60_00, BY_DAY, moved_in("1", 2), vacant("2")))
    assert charges(allocation) == {"1": 30_00}
    assert [(line.bucket, line.unit_key, line.cents) for line in allocation.owner] == [
        (Bucket.VACANCY, None, 30_00)
    ]


def test_the_owner_pays_for_gaps_when_the_bill_is_cut_into_days() -> None:
    rule = replace(SQUARE_FEET, proration=Proration.BY_DAY)
    unit = with_stays(
        lived_in("1", sqft=1),
        Stay(lease_key="A", start=date(2025, 4, 6), end=date(2025, 4, 11)),
        Stay(lease_key="B", start=date(2025, 4, 21), end=date(2025, 4, 26)),
    )
    allocation = allocate(april(60_00, rule, unit, lived_in("2", sqft=1)))
    assert [line.cents for line in allocation.lines] == [5_00, 5_00, 30_00]
    (gap,) = allocation.owner
    assert (gap.days, gap.cents) == (20, 20_00)


def test_against_the_first_day_a_later_move_in_does_not_change_the_divisor() -> None:
    units = lived_in("1", occupants=2, days=15), lived_in("2", occupants=2), moved_in("3", 1)
    allocation = allocate(april(60_00, AT_START, *units))
    assert charges(allocation) == {"1": 15_00, "2": 30_00, "3": 7_50}
    assert allocation.owner_cents_in(Bucket.VACANCY) == 7_50
    assert explain(allocation.lines[0])[1].expression == (
        "The rule divides by what stands on the first day: 4"
    )


def test_against_the_first_day_the_tenants_never_pay_more_than_the_bill() -> None:
    people = [lived_in(key, occupants=1) for key in "ABC"]
    allocation = allocate(april(300_00, AT_START, *people, moved_in("D", 1)))
    assert charges(allocation) == {"A": 85_72, "B": 85_71, "C": 85_71, "D": 42_86}
    assert explain(allocation.lines[0])[1].expression == (
        "All days together weigh 3.5, more than the 3 of the first day, which would bill more than"
        " the bill"
    )


def test_a_transfer_is_a_line_for_each_unit() -> None:
    units = (
        with_stays(lived_in("1", sqft=100), Stay(lease_key="L", end=MIDDLE)),
        with_stays(lived_in("2", sqft=300), Stay(lease_key="L", start=MIDDLE)),
    )
    rule = replace(SQUARE_FEET, vacancy=Vacancy.OCCUPIED_ONLY)
    allocation = allocate(april(40_00, rule, *units))
    assert [(line.unit_key, line.lease_key, line.cents) for line in allocation.lines] == [
        ("1", "L", 10_00),
        ("2", "L", 30_00),
    ]


def test_who_moves_in_and_out_on_one_day_is_not_charged() -> None:
    unit = with_stays(
        lived_in("1", sqft=1),
        Stay(lease_key="A", end=MIDDLE),
        Stay(lease_key="B", start=MIDDLE, end=MIDDLE),
        Stay(lease_key="C", start=MIDDLE),
    )
    allocation = allocate(april(100, SQUARE_FEET, unit))
    assert [(line.lease_key, line.cents) for line in allocation.lines] == [("A", 50), ("C", 50)]


PARTIAL = replace(SQUARE_FEET, vacancy=Vacancy.PARTIAL, vacancy_owner_percent=50)


@pytest.mark.parametrize("proration", [Proration.DAYS, Proration.BY_DAY])
def test_the_owner_can_pay_a_part_of_a_vacant_units_normal_share(proration: Proration) -> None:
    units = lived_in("1", sqft=100), lived_in("2", sqft=200), vacant("3", sqft=100)
    allocation = allocate(april(400_00, replace(PARTIAL, proration=proration), *units))
    assert allocation.owner_cents_in(Bucket.VACANCY) == 50_00
    assert charges(allocation) == {"1": 116_67, "2": 233_33}
    assert all(final_cents(explain(line)) == line.cents for line in allocation.lines)
    assert all(final_cents(explain(line)) == line.cents for line in allocation.owner)


def test_an_empty_building_is_the_owners_whatever_its_part() -> None:
    allocation = allocate(april(400_00, PARTIAL, vacant("1", sqft=1), vacant("2", sqft=1)))
    assert allocation.owner_cents == 400_00


def metered(key: str, *readings: int, usage: int | None = None) -> UnitInput:
    stays = tuple(
        Stay(
            lease_key=f"L{number}",
            start=MIDDLE if number else None,
            end=None if number else MIDDLE,
            usage=reading,
        )
        for number, reading in enumerate(readings)
    )
    return UnitInput(key=key, label=key, usage=usage, stays=stays)


SUBMETER = RuleInput(method="submeter", vacancy=Vacancy.OWNER_PAYS)


@pytest.mark.parametrize("proration", Proration)
def test_a_reading_of_a_stay_counts_whatever_its_days(proration: Proration) -> None:
    rule = replace(SUBMETER, proration=proration)
    units = metered("1", 30, 50), replace(lived_in("2"), usage=20)
    allocation = allocate(april(100_00, rule, *units))
    assert [line.cents for line in allocation.lines] == [30_00, 50_00, 20_00]
    assert explain(allocation.lines[0])[1].expression == "30 metered ÷ 100 = 30 %"


def test_what_was_used_while_vacant_is_the_owners() -> None:
    allocation = allocate(april(100_00, SUBMETER, metered("1", 30, usage=40), metered("2", 30, 30)))
    assert [line.cents for line in allocation.lines] == [30_00, 30_00, 30_00]
    assert allocation.owner_cents_in(Bucket.VACANCY) == 10_00


def test_it_asks_for_the_reading_of_the_vacant_days() -> None:
    with pytest.raises(CannotAllocate, match="Unit 1 has no submeter reading"):
        allocate(april(100, SUBMETER, metered("1", 30)))


def test_what_the_units_do_not_make_up_of_the_building_is_the_owners() -> None:
    rule = replace(SQUARE_FEET, denominator_at_least=1000)
    allocation = allocate(april(100_00, rule, lived_in("1", sqft=600), vacant("2", sqft=100)))
    assert charges(allocation) == {"1": 60_00}
    assert allocation.owner_cents_in(Bucket.VACANCY) == 10_00
    assert allocation.owner_cents_in(Bucket.NOT_GIVEN) == 30_00
    small = replace(rule, denominator_at_least=10)
    assert allocate(april(70_00, small, lived_in("1", sqft=600))).owner_cents == 0


def test_each_part_of_a_mix_is_explained() -> None:
    rule = RuleInput(
        method="mix",
        vacancy=Vacancy.OCCUPIED_ONLY,
        mix=(MixPart(method="equal", percent=40), MixPart(method="occupants", percent=60)),
    )
    units = lived_in("1", occupants=1), lived_in("2", occupants=3)
    line = allocate(april(100_00, rule, *units)).lines[0]
    assert (line.cents, line.share, line.weight) == (35_00, Fraction(7, 20), Fraction(7, 20))
    assert [term.field.name for term in line.terms] == ["unit", "occupants"]
    assert [step.label for step in explain(line)] == [
        "Amount to share",
        "Part by equal shares",
        "Share by equal shares",
        "Amount by equal shares",
        "Part by occupants",
        "Share by occupants",
        "Amount by occupants",
        "Together",
        "Rounding",
    ]
