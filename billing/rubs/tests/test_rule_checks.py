from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing.rubs import (
    BillInput,
    CannotAllocate,
    MixPart,
    RatioTable,
    RuleInput,
    UnitInput,
    Vacancy,
    allocate,
)
from billing.rubs.tests.making import OCCUPANTS, SQUARE_FEET, april, lived_in, vacant

RATIO = replace(OCCUPANTS, method="ratio_occupancy")
MIXED = RuleInput(
    method="mix", vacancy=Vacancy.OCCUPIED_ONLY, mix=(MixPart(method="equal", percent=100),)
)


def fields(bill: BillInput) -> list[str]:
    with pytest.raises(CannotAllocate) as refusal:
        allocate(bill)
    return [problem.field for problem in refusal.value.problems]


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (replace(SQUARE_FEET, common_area_cents=-1), "common_area_cents"),
        (replace(SQUARE_FEET, common_area_usage=1), "total_usage"),
        (replace(SQUARE_FEET, common_area_usage=3, total_usage=2), "common_area_usage"),
        (replace(SQUARE_FEET, total_usage=0), "total_usage"),
        (replace(SQUARE_FEET, vacancy=Vacancy.PARTIAL), "vacancy_owner_percent"),
        (
            replace(SQUARE_FEET, vacancy=Vacancy.PARTIAL, vacancy_owner_percent=100),
            "vacancy_owner_percent",
        ),
        (replace(SQUARE_FEET, vacancy_owner_percent=50), "vacancy_owner_percent"),
        (replace(RATIO, vacant_unit_occupants=Decimal("1.5")), "vacant_unit_occupants"),
        (replace(SQUARE_FEET, occupancy_ratios=RatioTable(1, (), 1)), "occupancy_ratios"),
        (replace(SQUARE_FEET, bedroom_ratios=RatioTable(0, (1,), -1)), "bedroom_ratios"),
        (replace(SQUARE_FEET, denominator_at_least=0), "denominator_at_least"),
        (replace(SQUARE_FEET, mix=MIXED.mix), "mix"),
        (replace(MIXED, mix=(MixPart(method="equal", percent=99),)), "mix"),
        (replace(MIXED, denominator_at_least=5), "denominator_at_least"),
        (
            replace(MIXED, mix=(MixPart(method="equal", percent=50),) * 2),
            "mix",
        ),
        (
            replace(MIXED, mix=(*MIXED.mix, MixPart(method="mix", percent=0))),
            "mix",
        ),
    ],
)
def test_it_refuses_a_rule_that_cannot_be(rule: RuleInput, field: str) -> None:
    unit = lived_in("1", sqft=1, occupants=1)
    assert set(fields(april(100, rule, unit))) == {field}


def test_a_mix_of_nothing_is_refused() -> None:
    assert fields(april(100, replace(MIXED, mix=()), lived_in("1"))) == ["mix"]


def test_percentages_of_more_than_all_are_refused() -> None:
    rule = RuleInput(method="percentage", vacancy=Vacancy.OWNER_PAYS)
    units = (replace(lived_in(key), percent=Decimal("50.5")) for key in "ab")
    with pytest.raises(CannotAllocate, match="add up to 101 %"):
        allocate(april(100, rule, *units))


@pytest.mark.parametrize("method", ["bedrooms", "estimated_occupancy", "custom_weight", "submeter"])
def test_unknown_is_never_read_as_nothing(method: str) -> None:
    rule = RuleInput(method=method, vacancy=Vacancy.OWNER_PAYS)
    with pytest.raises(CannotAllocate, match="Unit 7 has no "):
        allocate(april(100, rule, lived_in("7")))


def test_a_count_that_the_table_does_not_know_is_refused() -> None:
    rule = RuleInput(method="estimated_occupancy", vacancy=Vacancy.OWNER_PAYS)
    with pytest.raises(CannotAllocate, match="the rule's table of ratios does not know"):
        allocate(april(100, rule, lived_in("7", bedrooms=Decimal("1.5"))))


def test_nobody_in_an_occupied_unit_is_refused_under_ratios_too() -> None:
    with pytest.raises(CannotAllocate, match="has 0 as its number of occupants for lease L7"):
        allocate(april(100, RATIO, lived_in("7", occupants=0)))


def test_the_owner_paying_for_vacant_days_needs_an_assumption_under_ratios_too() -> None:
    rule = replace(RATIO, vacancy=Vacancy.OWNER_PAYS)
    units: tuple[UnitInput, ...] = lived_in("1", occupants=2), vacant("2")
    assert fields(april(100, rule, *units)) == ["vacant_unit_occupants"]
    assumed = replace(rule, vacant_unit_occupants=1)
    assert allocate(april(260, assumed, *units)).tenants_cents == 160


def test_a_metered_common_area_and_an_amount_add_up() -> None:
    rule = replace(
        SQUARE_FEET,
        common_area_percent=10,
        common_area_cents=5_00,
        common_area_usage=25,
        total_usage=100,
    )
    assert allocate(april(100_00, rule, lived_in("1", sqft=1))).tenants_cents == 60_00


def test_the_owner_keeps_no_more_for_common_areas_than_there_is_to_share() -> None:
    rule = replace(SQUARE_FEET, common_area_cents=500_00)
    allocation = allocate(april(100_00, rule, lived_in("1", sqft=1)))
    assert (allocation.tenants_cents, allocation.owner_cents) == (0, 100_00)
