from __future__ import annotations

import pytest

from integrations.sandbox import v1_collections
from integrations.sandbox.filling import Making
from integrations.sandbox.listing import Selection
from integrations.sandbox.pms_behaviour import BY_SLUG
from integrations.sandbox.seed import build_parts, build_world
from integrations.sandbox.store import FILE_NAME, open_store
from integrations.sandbox.unified_listings import LEASES, PAYMENTS, RESIDENTS, UNITS
from integrations.sandbox.v1_filters import Collection

LONG = {"units", "leases", "residents", "payments", "financial_accounts"}
PLACES = {"property_id": "prop_001", "integration_id": "conn_001"}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = open_store(
        directory=tmp_path_factory.mktemp("large"), making=Making(seed=1, properties=20, units=50)
    )
    yield opened
    opened.close()


def plan_of(store, listing, condition, values, order):
    """Ask the database how it would find a page."""
    sql = f"SELECT seq FROM {listing.table} WHERE {condition} ORDER BY {order} LIMIT 250"  # noqa: S608  own names only
    with store.reading() as connection:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
    # What is not indented belongs to the list itself, and not to a part that is read once.
    return [row["detail"] for row in rows if row["parent"] == 0]


def v1_lists():
    return [
        pytest.param(found, filtered, id=f"{found.listing.table}-{filtered}")
        for found in vars(v1_collections).values()
        if isinstance(found, Collection) and found.listing.table in LONG
        for filtered in sorted(PLACES.keys() & found.filters.keys())
    ]


@pytest.mark.parametrize(("collection", "filtered"), v1_lists())
def test_a_page_of_v1_comes_out_of_an_index_in_its_order(store, collection, filtered):
    selection = collection.select({filtered: PLACES[filtered]})
    plan = plan_of(store, selection.listing, selection.where(), selection.values, "created_at, id")
    assert any("USING" in line and "INDEX" in line for line in plan)
    assert not any("TEMP B-TREE" in line or line.startswith("SCAN") for line in plan), plan


@pytest.mark.parametrize("listing", [UNITS, LEASES, RESIDENTS, PAYMENTS], ids=lambda one: one.table)
def test_a_page_of_unified_comes_out_of_an_index_in_its_order(store, listing):
    selection = Selection(listing)
    selection.add("property_id = ?", "prop_001")
    plan = plan_of(store, listing, selection.where(), selection.values, "seq")
    assert f"INDEX {listing.table}_of_property " in plan[0]
    assert not any("TEMP B-TREE" in line for line in plan), plan


def test_a_large_world_is_built_one_property_at_a_time():
    parts = build_parts(seed=1, properties=2000, units=2000)
    connections, first = next(parts), next(parts)
    assert len(connections.connections) == 4
    assert (len(first.properties), len(first.units)) == (1, 2000)


def test_ids_stay_apart_beyond_nine_hundred_properties():
    world = build_world(seed=1, properties=1000, units=1, pms=tuple(BY_SLUG))
    for rows in (world.properties, world.units, world.leases, world.charge_codes):
        assert len({row.id for row in rows}) == len(rows)
    people = [*world.residents, *world.occupants]
    assert len({row.id for row in people}) == len(people)
    assert len({row.configuration_id for row in world.properties}) == len(world.properties)


def test_a_fill_that_was_interrupted_leaves_nothing_that_is_taken_for_a_store(tmp_path):
    unfinished = (tmp_path / FILE_NAME).with_suffix(".unfinished")
    unfinished.write_bytes(b"half a file")
    store = open_store(directory=tmp_path, making=Making(seed=1, properties=1, units=2))
    assert store.making().properties == 1
    assert not unfinished.exists()
    store.close()


def test_the_pms_that_a_world_was_made_for_are_remembered(tmp_path):
    making = Making(seed=1, properties=1, units=2, pms="entrata,mri")
    open_store(directory=tmp_path, making=making).close()
    store = open_store(directory=tmp_path, making=Making(seed=1, properties=1, units=2))
    assert store.making() == making
    assert "entrata,mri" in str(making)
    store.close()


def test_readers_do_not_wait_for_a_change_that_is_under_way(store):
    count = "SELECT count(*) FROM charges"
    with store.changing(), store.reading() as one, store.reading() as other:
        assert one is not other
        assert one.execute(count).fetchone()[0] == other.execute(count).fetchone()[0] == 0
