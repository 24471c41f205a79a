from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from conftest import NOW
from portfolios.models import Lease, LeaseStatus, Property, Unit, UnitField
from portfolios.operations.units import set_unit_values
from portfolios.queries import lacking_fields, read_unit, read_units


@pytest.fixture
def house(cast, now) -> Property:
    return Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="prop_a", name="Maplewood", created_at=now
    )


def add_unit(house: Property, number: str, **values: object) -> Unit:
    return Unit.objects.create(
        property=house,
        propexo_unit_id=f"unit_{number}_{values.get('building', '')}",
        unit_number=number,
        first_seen_at=house.created_at,
        **values,
    )


@pytest.mark.django_db
def test_units_come_in_the_order_in_which_people_count(house):
    for number in ("A-10", "10", "2", "A-2", "1B", "1A", "B-1"):
        add_unit(house, number)
    labels = [facts.label for facts in read_units(house)]
    assert labels == ["A-2", "A-10", "B-1", "1A", "1B", "2", "10"]


@pytest.mark.django_db
def test_buildings_keep_their_units_together(house):
    add_unit(house, "1", building="West")
    add_unit(house, "11", building="East")
    add_unit(house, "2", building="East")
    assert [facts.label for facts in read_units(house)] == ["East 2", "East 11", "West 1"]


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        (UnitField.SQFT, "900", 900),
        (UnitField.BEDROOMS, "1.5", Decimal("1.5")),
        (UnitField.BATHROOMS, "2.25", Decimal("2.25")),
        (UnitField.OCCUPANT_COUNT, "0", 0),
        (UnitField.OCCUPIED, "false", False),
        (UnitField.BILLABLE, "false", False),
    ],
)
def test_a_typed_value_wins_and_the_pms_value_stays_beside_it(
    cast, house, now, field, text, expected
):
    unit = add_unit(
        house,
        "101",
        sqft=850,
        bedrooms=Decimal(2),
        bathrooms=Decimal(1),
        occupant_count=3,
        occupied=True,
    )
    set_unit_values(unit=unit, values={field: text}, by=cast.manager, now=now)
    facts = read_unit(Unit.objects.get())
    assert getattr(facts, field.value) == expected
    typed = facts.value_typed(field)
    assert typed is not None
    assert typed.pms_value == getattr(unit, field.value)
    assert (typed.entered_by, typed.entered_at) == ("Manager", now)
    assert [value.field for value in facts.typed] == [field]


def test_what_the_pms_does_not_say_stays_unknown(house):
    facts = read_unit(add_unit(house, "101"))
    assert (facts.sqft, facts.bedrooms, facts.bathrooms) == (None, None, None)
    assert (facts.occupant_count, facts.occupied) == (None, None)
    assert facts.billable
    assert facts.value_typed(UnitField.SQFT) is None


def test_a_unit_that_the_pms_no_longer_shows_is_marked(house, now):
    add_unit(house, "101", missing_since=now)
    add_unit(house, "102")
    assert [facts.missing for facts in read_units(house)] == [True, False]


def test_a_unit_brings_its_leases(house, now):
    unit = add_unit(house, "101")
    Lease.objects.create(
        unit=unit,
        propexo_lease_id="lease_1",
        propexo_resident_id="res_1",
        resident_name="Zoë Kim",
        start_date=date(2026, 1, 1),
        end_date=date(2027, 1, 1),
        occupant_count=2,
        status=LeaseStatus.ACTIVE,
        first_seen_at=now,
    )
    (lease,) = read_unit(unit).leases
    assert (lease.propexo_lease_id, lease.resident_name) == ("lease_1", "Zoë Kim")
    assert (lease.start, lease.end) == (date(2026, 1, 1), date(2027, 1, 1))
    assert (lease.occupants, lease.status) == (2, LeaseStatus.ACTIVE)


def let(unit: Unit, **values: object) -> None:
    """Let a unit to two people, but for the changes."""
    usual = {"status": LeaseStatus.ACTIVE, "occupant_count": 2, "propexo_lease_id": "lease_1"}
    Lease.objects.create(unit=unit, first_seen_at=unit.first_seen_at, **(usual | values))


def lacks(unit: Unit) -> set[UnitField]:
    found = lacking_fields(read_unit(unit))
    return set(found) - {UnitField.SQFT, UnitField.BEDROOMS, UnitField.BATHROOMS}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, set()),
        ({"occupant_count": None}, {UnitField.OCCUPANT_COUNT}),
        ({"status": LeaseStatus.PAST}, {UnitField.OCCUPIED}),
        ({"missing_since": NOW}, {UnitField.OCCUPIED}),
    ],
)
def test_a_current_lease_tells_what_a_silent_pms_does_not(house, values, expected):
    unit = add_unit(house, "101")
    let(unit, **values)
    assert lacks(unit) == expected


def test_a_status_that_nobody_knows_is_not_told_by_a_lease(house):
    unit = add_unit(house, "101", raw_status="renovation")
    let(unit)
    assert lacks(unit) == {UnitField.OCCUPIED}


def test_the_people_of_an_occupied_unit_may_stand_on_its_lease(house):
    unit = add_unit(house, "101", occupied=True)
    assert lacks(unit) == {UnitField.OCCUPANT_COUNT}
    let(unit)
    assert lacks(unit) == set()


def test_a_unit_knows_whether_a_sync_has_read_it(house, now):
    units = [add_unit(house, "101"), add_unit(house, "102", last_seen_at=now)]
    assert [read_unit(unit).in_pms for unit in units] == [False, True]


def test_reading_takes_the_same_queries_however_many_units_there_are(
    cast, house, now, django_assert_num_queries
):
    for number in range(12):
        unit = add_unit(house, str(number), sqft=700)
        Lease.objects.create(
            unit=unit,
            propexo_lease_id=f"lease_{number}",
            status=LeaseStatus.PAST,
            start_date=now.date() - timedelta(days=400),
            first_seen_at=now,
        )
        set_unit_values(unit=unit, values={UnitField.SQFT: "650"}, by=cast.manager, now=now)
    with django_assert_num_queries(3):
        assert len(read_units(house)) == 12
