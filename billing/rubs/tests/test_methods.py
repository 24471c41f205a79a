from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from billing.rubs import METHODS, RuleInput, allocate
from billing.rubs.fields import OCCUPANTS as PEOPLE
from billing.rubs.fields import Term
from billing.rubs.tests.making import (
    BED_BATH,
    OCCUPANTS,
    SQUARE_FEET,
    april,
    charges,
    lived_in,
)


def weight(rule: RuleInput, bedrooms: int, bathrooms: Decimal | int) -> Fraction:
    unit = lived_in("1", bedrooms=bedrooms, bathrooms=bathrooms)
    return allocate(april(100, rule, unit)).lines[0].weight


def test_the_registry_names_every_method() -> None:
    assert set(METHODS) == {
        "square_feet",
        "occupants",
        "ratio_occupancy",
        "bedrooms",
        "bed_bath",
        "estimated_occupancy",
        "equal",
        "custom_weight",
        "percentage",
        "submeter",
    }


def test_square_feet_may_have_decimals() -> None:
    units = lived_in("1", sqft=Decimal("850.5")), lived_in("2", sqft=Fraction(1701, 2))
    assert charges(allocate(april(1000, SQUARE_FEET, *units))) == {"1": 500, "2": 500}


def test_occupants_weigh_by_the_people_of_the_stay() -> None:
    units = lived_in("1", occupants=2), lived_in("2", occupants=3)
    assert charges(allocate(april(1000, OCCUPANTS, *units))) == {"1": 400, "2": 600}


def test_a_bathroom_counts_half_a_bedroom_unless_set() -> None:
    assert weight(BED_BATH, 2, Decimal("1.5")) == Fraction(11, 4)
    assert weight(replace(BED_BATH, bathroom_factor=1), 2, Decimal("1.5")) == Fraction(7, 2)
    assert weight(replace(BED_BATH, bedroom_factor=2), 2, 1) == Fraction(9, 2)


def test_a_studio_counts_as_one_bedroom_unless_set() -> None:
    assert weight(BED_BATH, 0, 1) == Fraction(3, 2)
    assert weight(replace(BED_BATH, studio_bedrooms=Decimal("0.5")), 0, 1) == 1


def test_no_bathroom_is_an_answer() -> None:
    assert weight(BED_BATH, 3, 0) == 3


def test_a_factor_of_zero_asks_for_no_number() -> None:
    by_bedrooms = replace(BED_BATH, bathroom_factor=0)
    units = lived_in("1", bedrooms=1), lived_in("2", bedrooms=3)
    assert charges(allocate(april(1000, by_bedrooms, *units))) == {"1": 250, "2": 750}


def test_an_unknown_quantity_has_no_weight() -> None:
    with pytest.raises(ValueError, match="unknown number of occupants"):
        _ = Term(PEOPLE, None).weight
