from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from billing.rubs import (
    ENGINE_VERSION,
    BillPeriod,
    Bucket,
    RuleInput,
    Stay,
    UnbalancedAllocation,
    UnitInput,
    Vacancy,
    allocate,
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

OCCUPIED_ONLY = replace(SQUARE_FEET, vacancy=Vacancy.OCCUPIED_ONLY)


def test_the_common_area_is_the_owners_first() -> None:
    rule = replace(SQUARE_FEET, common_area_percent=Decimal("12.5"))
    allocation = allocate(april(1000, rule, lived_in("1", sqft=10), lived_in("2", sqft=30)))
    assert allocation.owner_cents_in(Bucket.COMMON_AREA) == 125
    assert charges(allocation) == {"1": 219, "2": 656}
    assert allocation.basis.pool_cents == 875


def test_the_owner_pays_for_vacant_units_line_by_line() -> None:
    units = lived_in("1", sqft=100), vacant("2", sqft=200), lived_in("3", sqft=100, days=15)
    allocation = allocate(april(4000, SQUARE_FEET, *units))
    assert charges(allocation) == {"1": 1000, "3": 500}
    assert [(line.bucket, line.unit_key, line.days, line.cents) for line in allocation.owner] == [
        (Bucket.VACANCY, "2", 30, 2000),
        (Bucket.VACANCY, "3", 15, 500),
    ]


def test_neighbours_absorb_vacant_days_where_only_occupied_units_share() -> None:
    units = lived_in("1", sqft=100), vacant("2"), lived_in("3", sqft=100, days=15)
    allocation = allocate(april(3000, OCCUPIED_ONLY, *units))
    assert charges(allocation) == {"1": 2000, "3": 1000}
    assert allocation.owner == ()


def test_an_assumed_headcount_makes_the_owner_pay_for_vacant_days() -> None:
    rule = replace(OCCUPANTS, vacancy=Vacancy.OWNER_PAYS, vacant_unit_occupants=Decimal("1.5"))
    units = lived_in("1", occupants=3), vacant("2"), lived_in("3", occupants=3, days=15)
    allocation = allocate(april(6750, rule, *units))
    assert charges(allocation) == {"1": 3000, "3": 1500}
    assert [line.cents for line in allocation.owner] == [1500, 750]


def test_the_move_in_day_counts_and_the_move_out_day_does_not() -> None:
    unit = with_stays(
        lived_in("1", sqft=100),
        Stay(lease_key="old", start=date(2020, 1, 1), end=date(2025, 4, 11)),
        Stay(lease_key="new", start=date(2025, 4, 11), end=date(2026, 4, 1)),
    )
    allocation = allocate(april(3000, SQUARE_FEET, unit))
    assert [(line.lease_key, line.days, line.cents) for line in allocation.lines] == [
        ("new", 20, 2000),
        ("old", 10, 1000),
    ]
    assert allocation.owner == ()


def test_a_stay_outside_the_period_is_no_stay() -> None:
    unit = with_stays(
        lived_in("1", sqft=100),
        Stay(lease_key="before", end=date(2025, 4, 1)),
        Stay(lease_key="after", start=date(2025, 5, 1)),
        Stay(lease_key="never", start=date(2025, 4, 9), end=date(2025, 4, 9)),
    )
    allocation = allocate(april(3000, SQUARE_FEET, unit))
    assert allocation.lines == ()
    assert allocation.owner_cents_in(Bucket.VACANCY) == 3000


def test_the_days_of_the_period_are_counted_as_they_are() -> None:
    bill = april(2900, SQUARE_FEET, lived_in("1", sqft=1))
    leap = replace(bill, period=BillPeriod(date(2024, 2, 1), date(2024, 3, 1)))
    line = allocate(leap).lines[0]
    assert (line.days, line.period_days) == (29, 29)


def test_a_unit_that_is_not_billable_is_out_of_the_denominator() -> None:
    office = UnitInput(key="0", label="Office", billable=False)
    allocation = allocate(april(3000, SQUARE_FEET, office, lived_in("1", sqft=100)))
    assert charges(allocation) == {"1": 3000}
    assert allocation.owner == ()


def test_the_share_of_an_excluded_unit_stays_with_the_owner() -> None:
    excluded = replace(lived_in("2", sqft=100, days=10), excluded_because="utilities in the rent")
    allocation = allocate(april(3000, SQUARE_FEET, lived_in("1", sqft=200), excluded))
    assert charges(allocation) == {"1": 2000}
    assert [(line.bucket, line.lease_key, line.reason, line.days) for line in allocation.owner] == [
        (Bucket.EXCLUDED, None, "utilities in the rent", 20),
        (Bucket.EXCLUDED, "L2", "utilities in the rent", 10),
    ]
    assert allocation.owner_cents_in(Bucket.EXCLUDED) == 1000


def test_an_excluded_unit_is_left_out_where_only_occupied_units_share() -> None:
    excluded = replace(lived_in("2"), excluded_because="utilities in the rent")
    allocation = allocate(april(3000, OCCUPIED_ONLY, lived_in("1", sqft=200), excluded))
    assert charges(allocation) == {"1": 3000}


def test_ties_go_by_unit_and_lease_and_never_by_row() -> None:
    units = [lived_in(key, sqft=1) for key in ("b", "c", "a")]
    one = allocate(april(100, SQUARE_FEET, *units))
    other = allocate(april(100, SQUARE_FEET, *reversed(units)))
    assert one == other
    assert charges(one) == {"a": 34, "b": 33, "c": 33}


def test_a_strict_floor_leaves_every_odd_cent_to_the_owner() -> None:
    units = [lived_in(f"{n:02}", sqft=1) for n in range(12)]
    allocation = allocate(april(100_000, replace(SQUARE_FEET, strict_floor=True), *units))
    assert set(charges(allocation).values()) == {8333}
    assert allocation.owner_cents_in(Bucket.ROUNDING) == 4


def test_a_strict_floor_of_whole_cents_leaves_nothing_over() -> None:
    rule = replace(SQUARE_FEET, strict_floor=True)
    assert allocate(april(100, rule, lived_in("1", sqft=1))).owner == ()


def test_a_credit_is_shared_like_a_charge() -> None:
    units = lived_in("1", sqft=1), lived_in("2", sqft=2)
    assert charges(allocate(april(-100, SQUARE_FEET, *units))) == {"1": -33, "2": -67}


def test_every_number_that_was_used_is_on_the_line() -> None:
    rule = replace(SQUARE_FEET, common_area_percent=10)
    units = lived_in("1", sqft=850, days=15), lived_in("2", sqft=150)
    allocation = allocate(april(100_01, rule, *units))
    line = allocation.lines[0]
    assert allocation.engine_version == ENGINE_VERSION == "2"
    assert [term.quantity for term in line.terms] == [850]
    assert (line.days, line.period_days) == (15, 30)
    assert line.weight == 425
    assert allocation.basis.total_weight == 1000
    assert line.share == Fraction(425, 1000)
    assert line.exact_cents == Fraction(10_001 * 9 * 425, 10_000)
    assert line.rounding_cents == line.cents - line.exact_cents


def test_an_allocation_that_does_not_add_up_cannot_be_made() -> None:
    allocation = allocate(april(100, SQUARE_FEET, lived_in("1", sqft=1)))
    with pytest.raises(UnbalancedAllocation, match="do not add up to 101 cents"):
        replace(allocation, bill_cents=101)
    with pytest.raises(UnbalancedAllocation, match="totals"):
        replace(allocation, tenants_cents=99, owner_cents=1)


def test_binary_floats_are_kept_out() -> None:
    half = float("0.5")
    with pytest.raises(TypeError, match="binary float"):
        UnitInput(key="1", label="1", sqft=half)  # type: ignore[arg-type]  # refused on purpose
    with pytest.raises(TypeError, match="binary float"):
        RuleInput(
            method="square_feet",
            vacancy=Vacancy.OWNER_PAYS,
            common_area_percent=half,  # type: ignore[arg-type]  # refused on purpose
        )
