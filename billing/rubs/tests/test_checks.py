from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.rubs import (
    BillInput,
    BillPeriod,
    CannotAllocate,
    Problem,
    RuleInput,
    Stay,
    UnitInput,
    Vacancy,
    allocate,
)
from billing.rubs.tests.making import (
    BED_BATH,
    OCCUPANTS,
    SQUARE_FEET,
    april,
    charges,
    lived_in,
    vacant,
    with_stays,
)


def problems(bill: BillInput) -> tuple[Problem, ...]:
    with pytest.raises(CannotAllocate) as refusal:
        allocate(bill)
    return refusal.value.problems


def messages(bill: BillInput) -> list[str]:
    return [problem.message for problem in problems(bill)]


def test_it_says_which_unit_lacks_what_and_where_to_enter_it() -> None:
    assert problems(april(100, SQUARE_FEET, lived_in("204"))) == (
        Problem(
            "204",
            "204",
            "sqft",
            "Unit 204 has no square footage; enter it on the unit or sync it from the PMS.",
        ),
    )


@pytest.mark.parametrize("sqft", [0, -850])
def test_it_refuses_a_square_footage_that_cannot_be(sqft: int) -> None:
    (message,) = messages(april(100, SQUARE_FEET, lived_in("204", sqft=sqft)))
    assert message.startswith(f"Unit 204 has {sqft} as its square footage, which must be more than")


def test_it_asks_for_the_square_footage_of_a_vacant_unit_that_the_owner_pays_for() -> None:
    units = lived_in("1", sqft=1), vacant("2")
    assert [problem.unit_key for problem in problems(april(100, SQUARE_FEET, *units))] == ["2"]


def test_it_says_a_thing_once_even_when_a_unit_has_stays_and_vacant_days() -> None:
    assert len(problems(april(100, SQUARE_FEET, lived_in("1", days=10)))) == 1


@pytest.mark.parametrize(
    ("occupants", "words"),
    [(None, "has no number of occupants for lease L1"), (0, "has 0 as its number of occupants")],
)
def test_unknown_people_are_not_nobody(occupants: int | None, words: str) -> None:
    (problem,) = problems(april(100, OCCUPANTS, lived_in("1", occupants=occupants)))
    assert words in problem.message
    assert problem.field == "occupants"


def test_it_refuses_unknown_and_negative_rooms_but_reads_zero_as_none() -> None:
    units = (
        lived_in("1", bedrooms=None, bathrooms=-1),
        lived_in("2", bedrooms=0, bathrooms=0),
    )
    found = problems(april(100, BED_BATH, *units))
    assert [(problem.unit_key, problem.field) for problem in found] == [
        ("1", "bedrooms"),
        ("1", "bathrooms"),
    ]
    assert "0 or more" in found[1].message


def test_a_headcount_needs_an_assumption_for_vacant_days_that_the_owner_pays_for() -> None:
    rule = replace(OCCUPANTS, vacancy=Vacancy.OWNER_PAYS)
    rooms = [vacant(f"{n}") for n in range(7)]
    (problem,) = problems(april(100, rule, lived_in("9", occupants=1), *rooms))
    assert (problem.unit_key, problem.field) == (None, "vacant_unit_occupants")
    assert problem.message.endswith(
        "Vacant in this period: Unit 0, Unit 1, Unit 2, Unit 3, Unit 4 and 2 more."
    )


def test_a_headcount_needs_no_assumption_where_no_day_is_vacant() -> None:
    rule = replace(OCCUPANTS, vacancy=Vacancy.OWNER_PAYS)
    assert charges(allocate(april(100, rule, lived_in("1", occupants=1)))) == {"1": 100}


def test_an_assumption_of_nobody_is_refused() -> None:
    rule = replace(OCCUPANTS, vacancy=Vacancy.OWNER_PAYS, vacant_unit_occupants=0)
    (message,) = messages(april(100, rule, lived_in("1", occupants=1), vacant("2")))
    assert message.startswith("The rule assumes 0 people in a vacant unit; enter more than 0")


def test_it_names_the_unit_and_both_leases_of_an_overlap() -> None:
    unit = with_stays(
        lived_in("204", sqft=1),
        Stay(lease_key="A", end=date(2025, 4, 12)),
        Stay(lease_key="B", start=date(2025, 4, 2), end=date(2025, 4, 3)),
        Stay(lease_key="C", start=date(2025, 4, 11)),
    )
    both = "Unit 204 is held under lease A and lease {} on the same days, from {};"
    remedy = " end one before the other starts."
    assert messages(april(100, SQUARE_FEET, unit)) == [
        both.format("B", "2025-04-02") + remedy,
        both.format("C", "2025-04-11") + remedy,
    ]


def test_an_overlap_outside_the_period_does_not_matter() -> None:
    unit = with_stays(
        lived_in("204", sqft=1),
        Stay(lease_key="A"),
        Stay(lease_key="B", start=date(2025, 3, 1), end=date(2025, 4, 1)),
    )
    assert charges(allocate(april(100, SQUARE_FEET, unit))) == {"204": 100}


def test_it_refuses_a_lease_given_twice_on_the_same_days() -> None:
    unit = with_stays(
        lived_in("204", sqft=1),
        Stay(lease_key="A", end=date(2025, 4, 12)),
        Stay(lease_key="A", start=date(2025, 4, 11)),
    )
    (message,) = messages(april(100, SQUARE_FEET, unit))
    assert message.startswith(
        "Unit 204 has two stays for lease A on the same days, from 2025-04-11"
    )


def test_it_refuses_a_lease_that_ends_before_it_starts() -> None:
    stay = Stay(lease_key="A", start=date(2025, 4, 9), end=date(2025, 4, 8))
    (message,) = messages(april(100, SQUARE_FEET, with_stays(lived_in("204", sqft=1), stay)))
    assert "lease A that ends on 2025-04-08, before it starts on 2025-04-09" in message


def test_it_refuses_a_lease_without_a_key() -> None:
    unit = with_stays(lived_in("204", sqft=1), Stay(lease_key=""))
    assert messages(april(100, SQUARE_FEET, unit)) == [
        "Unit 204 has a lease without a key; give the lease its key."
    ]


def test_it_refuses_two_units_with_one_key() -> None:
    units = replace(lived_in("1", sqft=1), label="Unit B"), lived_in("1", sqft=1)
    assert messages(april(100, SQUARE_FEET, *units)) == [
        "Unit 1 has the same key, 1, as Unit B; give each unit a key of its own."
    ]


def test_it_refuses_an_exclusion_without_a_reason() -> None:
    unit = replace(lived_in("1", sqft=1), excluded_because=" ")
    assert messages(april(100, SQUARE_FEET, unit)) == [
        "Unit 1 is excluded without a reason; enter the reason."
    ]


def test_a_unit_that_is_not_billable_may_lack_everything() -> None:
    office = UnitInput(key="0", label="Office", billable=False, excluded_because="")
    assert charges(allocate(april(9, SQUARE_FEET, office, lived_in("1", sqft=1)))) == {"1": 9}


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (replace(SQUARE_FEET, method="by_mood"), "method"),
        (replace(SQUARE_FEET, common_area_percent=Decimal("50.01")), "common_area_percent"),
        (replace(SQUARE_FEET, common_area_percent=-1), "common_area_percent"),
        (replace(SQUARE_FEET, bedroom_factor=-1), "bedroom_factor"),
        (replace(SQUARE_FEET, bathroom_factor=-1), "bathroom_factor"),
        (replace(SQUARE_FEET, studio_bedrooms=-1), "studio_bedrooms"),
    ],
)
def test_it_refuses_a_rule_that_cannot_be(rule: RuleInput, field: str) -> None:
    (problem,) = problems(april(100, rule, lived_in("1", sqft=1)))
    assert (problem.unit_key, problem.field) == (None, field)


@pytest.mark.parametrize("end", [date(2025, 4, 1), date(2025, 3, 1)])
def test_it_refuses_a_period_without_days(end: date) -> None:
    bill = april(100, SQUARE_FEET, lived_in("1", sqft=1))
    empty = replace(bill, period=BillPeriod(date(2025, 4, 1), end))
    assert [problem.field for problem in problems(empty)] == ["period"]


@pytest.mark.parametrize(
    ("rule", "units", "words"),
    [
        (replace(OCCUPANTS), (vacant("1"),), "Nobody lives in a billable unit"),
        (SQUARE_FEET, (), "The building has no billable unit"),
        (
            replace(BED_BATH, bedroom_factor=0),
            (lived_in("1", bathrooms=0),),
            "Every unit weighs nothing",
        ),
        (
            replace(BED_BATH, bedroom_factor=0, bathroom_factor=0),
            (lived_in("1"),),
            "Every unit weighs nothing",
        ),
    ],
)
def test_it_refuses_when_there_is_nothing_to_divide_by(
    rule: RuleInput, units: tuple[UnitInput, ...], words: str
) -> None:
    (message,) = messages(april(100, rule, *units))
    assert message.startswith(words)


def test_it_tells_all_problems_at_once() -> None:
    rule = replace(SQUARE_FEET, common_area_percent=60)
    two_leases = with_stays(lived_in("3", sqft=0), Stay(lease_key="A"), Stay(lease_key="B"))
    found = problems(april(100, rule, two_leases, lived_in("1"), vacant("2")))
    assert [(problem.unit_key, problem.field) for problem in found] == [
        (None, "common_area_percent"),
        ("3", "stays"),
        ("1", "sqft"),
        ("2", "sqft"),
        ("3", "sqft"),
    ]


def test_the_refusal_reads_as_all_its_sentences() -> None:
    with pytest.raises(CannotAllocate, match=r"Unit 1 has no .* PMS\. Unit 2 has no .* PMS\."):
        allocate(april(100, SQUARE_FEET, lived_in("1"), lived_in("2")))
