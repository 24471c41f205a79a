"""From tables to the arithmetic: who lives where on which days, and what is not known."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from billing.inputs import Gathered, gather_inputs
from billing.models import UnitTerms, UtilityBill
from billing.rubs import BillLine, Limits, RuleInput, UnitInput, Vacancy
from billing.rubs import LineKind as RubsLineKind
from billing.rubs import Spread as RubsSpread
from billing.tests.small_place import small_bill
from portfolios.models import Lease, LeaseStatus, Unit, UnitField
from portfolios.operations.units import set_unit_values

pytestmark = pytest.mark.django_db

MARCH = (date(2026, 3, 1), date(2026, 4, 1))


@pytest.fixture
def bill(cast, now) -> UtilityBill:
    """Enter a bill for three units."""
    return small_bill(cast, now)


@pytest.fixture
def unit(bill: UtilityBill) -> Unit:
    """Take a unit with one active lease that began long ago."""
    return bill.property.units.get(unit_number="101")


@pytest.fixture
def lease(unit: Unit) -> Lease:
    """Take its lease."""
    return unit.leases.get(status=LeaseStatus.ACTIVE)


def gathered(bill: UtilityBill) -> Gathered:
    """Gather a bill's inputs."""
    return gather_inputs(bill=bill, rule=bill.property.share_rules.get(is_active=True))


def input_of(bill: UtilityBill, unit: Unit) -> UnitInput:
    """Find a unit in a bill's inputs."""
    units = {found.key: found for found in gathered(bill).bill_input.units}
    return units[unit.propexo_unit_id]


def days_of(bill: UtilityBill, unit: Unit) -> list[tuple[date | None, date | None]]:
    """List the days on which a unit is lived in."""
    return [(stay.start, stay.end) for stay in input_of(bill, unit).stays]


def change(row, **changes) -> None:
    """Change a row behind everybody's back, as a sync would."""
    type(row).objects.filter(pk=row.pk).update(**changes)


def problems_of(bill: UtilityBill, unit: Unit) -> list[str]:
    """List what keeps a unit from being calculated."""
    found = gathered(bill).problems
    return [problem.message for problem in found if problem.unit_key == unit.propexo_unit_id]


def test_an_active_lease_counts_for_the_whole_period(bill, unit, lease):
    assert days_of(bill, unit) == [MARCH]
    assert input_of(bill, unit).stays[0].lease_key == lease.propexo_lease_id


@pytest.mark.parametrize("status", [LeaseStatus.MONTH_TO_MONTH, LeaseStatus.ACTIVE])
def test_a_current_lease_goes_on_after_its_end_date(bill, unit, lease, status):
    change(lease, status=status, end_date=date(2026, 1, 1))

    assert days_of(bill, unit) == [MARCH]


def test_a_past_lease_counts_up_to_its_end(bill, unit, lease):
    change(lease, status=LeaseStatus.PAST, end_date=date(2026, 3, 11))

    assert days_of(bill, unit) == [(date(2026, 3, 1), date(2026, 3, 11))]


def test_a_lease_counts_from_its_start(bill, unit, lease):
    change(lease, start_date=date(2026, 3, 20))

    assert days_of(bill, unit) == [(date(2026, 3, 20), date(2026, 4, 1))]


def test_a_unit_that_turned_over_has_both_leases(bill, unit, lease, now):
    change(lease, status=LeaseStatus.PAST, end_date=date(2026, 3, 11))
    Lease.objects.create(
        unit=unit,
        propexo_lease_id="lease_next",
        start_date=date(2026, 3, 15),
        status=LeaseStatus.ACTIVE,
        first_seen_at=now,
    )

    assert sorted(days_of(bill, unit), key=str) == [
        (date(2026, 3, 1), date(2026, 3, 11)),
        (date(2026, 3, 15), date(2026, 4, 1)),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": LeaseStatus.FUTURE},
        {"status": LeaseStatus.PAST, "end_date": date(2026, 3, 1)},
        {"status": LeaseStatus.PAST},
        {"start_date": date(2026, 4, 1)},
        {"start_date": None},
    ],
)
def test_a_lease_outside_the_period_does_not_count(bill, unit, lease, changes):
    change(lease, end_date=None)
    change(lease, **changes)

    assert days_of(bill, unit) == []


def test_a_unit_whose_occupancy_is_unknown_is_named(bill, unit):
    change(unit, occupied=None, raw_status="Notice?")

    (problem,) = problems_of(bill, unit)
    assert problem.startswith("Unit 101 has the PMS status “Notice?”")


def test_an_occupied_unit_without_a_current_lease_is_named(bill, unit, lease):
    change(lease, status=LeaseStatus.PAST, end_date=date(2026, 3, 11))

    (problem,) = problems_of(bill, unit)
    assert "no current lease" in problem


def test_a_unit_that_the_pms_lost_is_named(bill, unit, now):
    change(unit, missing_since=now)

    (problem,) = problems_of(bill, unit)
    assert "was not in the PMS at the last sync" in problem


def test_a_lease_of_unknown_status_is_named(bill, unit, lease, now):
    Lease.objects.create(
        unit=unit,
        propexo_lease_id="lease_odd",
        start_date=date(2026, 3, 15),
        status=LeaseStatus.UNKNOWN,
        first_seen_at=now,
    )

    (problem,) = problems_of(bill, unit)
    assert "lease_odd" in problem


def test_a_unit_that_is_not_billed_has_no_problems_and_nobody_in_it(bill, unit):
    change(unit, occupied=None, billable=False)

    assert problems_of(bill, unit) == []
    assert (input_of(bill, unit).billable, days_of(bill, unit)) == (False, [])


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        (UnitField.SQFT, "777", 777),
        (UnitField.BEDROOMS, "2.5", 2.5),
        (UnitField.BATHROOMS, "1.5", 1.5),
        (UnitField.BILLABLE, "false", False),
    ],
)
def test_a_hand_typed_value_wins_until_it_is_cleared(
    bill, unit, cast, now, field: UnitField, text: str, expected
):
    before = getattr(input_of(bill, unit), field)
    assert before != expected
    set_unit_values(unit=unit, values={field: text}, by=cast.manager, now=now)

    assert getattr(input_of(bill, unit), field) == expected

    set_unit_values(unit=unit, values={field: None}, by=cast.manager, now=now)
    assert getattr(input_of(bill, unit), field) == before


def test_a_hand_typed_number_of_people_wins_over_the_lease(bill, unit, lease, cast, now):
    change(lease, occupant_count=2)
    set_unit_values(unit=unit, values={UnitField.OCCUPANT_COUNT: "4"}, by=cast.manager, now=now)

    assert [stay.occupants for stay in input_of(bill, unit).stays] == [4]


def test_a_unit_said_to_be_vacant_against_a_current_lease_is_named(bill, unit, cast, now):
    set_unit_values(unit=unit, values={UnitField.OCCUPIED: "false"}, by=cast.manager, now=now)

    (problem,) = problems_of(bill, unit)
    assert "said to be vacant by hand" in str(problem)


def test_a_typed_number_of_people_is_not_about_former_residents(bill, unit, cast, now):
    unit.leases.update(status="past", end_date="2026-03-20", occupant_count=1)
    set_unit_values(unit=unit, values={UnitField.OCCUPANT_COUNT: "6"}, by=cast.manager, now=now)

    assert [stay.occupants for stay in input_of(bill, unit).stays] == [1]


def test_saying_so_settles_an_unknown_occupancy(bill, unit, cast, now):
    change(unit, occupied=None, raw_status="Notice?")
    assert len(problems_of(bill, unit)) == 1

    set_unit_values(unit=unit, values={UnitField.OCCUPIED: "true"}, by=cast.manager, now=now)

    assert problems_of(bill, unit) == []
    assert days_of(bill, unit) == [MARCH]


def terms_of(unit: Unit, bill: UtilityBill, **terms) -> None:
    UnitTerms.objects.create(
        unit=unit, set_by=bill.entered_by, set_at=bill.entered_at, **{"utility": "water"} | terms
    )


def test_a_unit_brings_its_terms_and_its_reading(bill, unit):
    terms_of(unit, bill, weight=2, percent=Decimal("12.5"), excluded_because="A well.")
    bill.readings.create(
        unit=unit, usage=Decimal("7.25"), entered_by=bill.entered_by, entered_at=bill.entered_at
    )

    found = input_of(bill, unit)

    assert (found.weight, found.percent, found.usage) == (2, Decimal("12.5"), Decimal("7.25"))
    assert found.excluded_because == "A well."
    assert found.limits is None


def test_limits_of_a_unit_are_read_as_a_whole(bill, unit):
    terms_of(unit, bill, minimum_cents=100, cap_cents=900)

    assert input_of(bill, unit).limits == Limits(minimum_cents=100, cap_cents=900)


def test_a_cap_of_nothing_is_a_cap(bill, unit):
    terms_of(unit, bill, cap_cents=0)

    assert input_of(bill, unit).limits == Limits(cap_cents=0)


def test_terms_of_another_utility_and_readings_of_another_bill_are_not_read(bill, unit):
    terms_of(unit, bill, utility="gas", weight=2)
    other = UtilityBill.objects.get(pk=bill.pk)
    other.pk, other.account_number = None, "2"
    other.save()
    other.readings.create(
        unit=unit, usage=1, entered_by=bill.entered_by, entered_at=bill.entered_at
    )

    found = input_of(bill, unit)

    assert (found.weight, found.usage, found.excluded_because) == (None, None, None)


def test_lines_come_in_their_order_with_the_way_that_somebody_chose(bill):
    bill.lines.create(position=2, kind="tax", name="City tax", amount_cents=-5, spread="owner")
    bill.lines.create(position=1, kind="usage", amount_cents=34_566)

    assert gathered(bill).bill_input.lines == (
        BillLine(kind=RubsLineKind.USAGE, amount_cents=34_566),
        BillLine(
            kind=RubsLineKind.TAX,
            amount_cents=-5,
            name="City tax",
            spread=RubsSpread.OWNER,
        ),
    )


def test_a_proposal_takes_the_place_of_the_stored_rule(bill):
    proposal = RuleInput(method="equal", vacancy=Vacancy.OCCUPIED_ONLY)

    found = gather_inputs(bill=bill, proposal=proposal).bill_input

    assert found.rule == proposal
    assert found.units == gathered(bill).bill_input.units


def test_inputs_without_any_rule_are_a_mistake_of_the_caller(bill):
    with pytest.raises(ValueError, match="stored rule or a proposed one"):
        gather_inputs(bill=bill)
