from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from integrations.sandbox.seed import LOCKED_PROPERTY_ID, build_world


@pytest.fixture(scope="module")
def world():
    return build_world(seed=1, properties=3, units=48)


def units_of(world, property_id):
    return [unit for unit in world.units if unit.property_id == property_id]


def test_the_same_seed_and_sizes_give_the_same_world(world):
    assert build_world(seed=1, properties=3, units=48) == world


def test_another_seed_gives_another_world(world):
    assert build_world(seed=2, properties=3, units=48).leases != world.leases


def test_a_property_stays_the_same_however_many_stand_beside_it(world):
    alone = build_world(seed=1, properties=1, units=48)
    assert units_of(alone, "prop_001") == units_of(world, "prop_001")


def test_the_first_property_has_four_floors_of_twelve_units(world):
    numbers = [unit.unit_number for unit in units_of(world, "prop_001")]
    assert numbers == [f"{floor}{place:02d}" for floor in range(1, 5) for place in range(1, 13)]


@pytest.mark.parametrize("seed", [1, 2, 77])
def test_the_first_property_has_45_complete_lived_in_units_whatever_the_seed(seed):
    world = build_world(seed=seed, properties=1, units=48)
    leases = {lease.id: lease for lease in world.leases}
    lived_in = [unit for unit in units_of(world, "prop_001") if unit.current_lease_id]
    assert len(lived_in) == 45
    assert Counter(unit.status for unit in lived_in) == {"occupied": 44, "notice": 1}
    for unit in lived_in:
        lease = leases[unit.current_lease_id]
        assert None not in {unit.sqft, unit.bedrooms, unit.bathrooms, lease.occupant_count}
        assert "2023-01-01" <= lease.start_date < "2026-01-01"
        assert lease.status == "month_to_month" or (lease.end_date or "") > "2026-12-31"
    assert "304" in {unit.unit_number for unit in lived_in}


@pytest.mark.parametrize("seed", [1, 2, 77])
def test_three_units_of_the_first_property_are_empty_for_all_of_2026(seed):
    world = build_world(seed=seed, properties=1, units=48)
    vacant = {unit.id for unit in units_of(world, "prop_001") if unit.status == "vacant"}
    assert len(vacant) == 3
    ends = [lease.end_date for lease in world.leases if lease.unit_id in vacant]
    assert all(end and end < "2026-01-01" for end in ends)


def test_leases_of_a_unit_do_not_overlap_in_the_first_property(world):
    for unit in units_of(world, "prop_001"):
        leases = sorted(
            (lease.start_date, lease.end_date or "9999")
            for lease in world.leases
            if lease.unit_id == unit.id
        )
        for earlier, later in pairwise(leases):
            assert earlier[1] <= later[0]


@pytest.mark.parametrize("property_id", ["prop_002", "prop_003"])
def test_the_other_properties_are_as_messy_as_real_ones(world, property_id):
    units = units_of(world, property_id)
    statuses = {unit.status for unit in units}
    assert statuses == {"occupied", "vacant", "notice", "down", "model", "renovation"}
    assert any(unit.sqft is None for unit in units)
    assert any(unit.bedrooms is None for unit in units)
    assert any(unit.bathrooms is None and unit.bedrooms is not None for unit in units)
    ids = {unit.id for unit in units}
    leases = [lease for lease in world.leases if lease.unit_id in ids]
    assert {lease.status for lease in leases} == {"active", "past", "future", "month_to_month"}
    assert any(lease.occupant_count is None for lease in leases if lease.status == "active")


def test_addresses_and_charts_of_accounts_are_uneven(world):
    first, second, third, locked = world.properties
    assert second.zip == "60614-3127"
    assert second.total_sqft is None
    assert first.total_sqft is not None
    assert third.state == "Massachusetts"
    assert third.zip == "02139"
    assert locked.id == LOCKED_PROPERTY_ID
    with_rubs = {entry.property_id for entry in world.charge_codes if entry.code == "RUBS"}
    assert with_rubs == {"prop_001", "prop_002", LOCKED_PROPERTY_ID}


def test_leases_have_one_primary_resident_and_often_another(world):
    people = Counter(resident.lease_id for resident in world.residents)
    primaries = Counter(r.lease_id for r in world.residents if r.is_primary)
    assert set(primaries.values()) == {1}
    assert set(people) == {lease.id for lease in world.leases}
    assert set(people.values()) == {1, 2}
    assert {lease.resident_id for lease in world.leases} == {
        resident.id for resident in world.residents if resident.is_primary
    }


def test_names_carry_apostrophes_and_accents(world):
    names = "".join(resident.last_name for resident in world.residents)
    assert "'" in names
    assert not names.isascii()


@pytest.mark.parametrize("units", [1, 7, 200])
def test_any_size_can_be_built(units):
    world = build_world(seed=5, properties=12, units=units)
    assert len(units_of(world, "prop_012")) == units
    for rows in (world.units, world.leases, world.residents, world.payments, world.properties):
        assert len({row.id for row in rows}) == len(rows)
