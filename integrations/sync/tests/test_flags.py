from __future__ import annotations

from datetime import timedelta

from integrations.models import (
    ReviewItem,
    SyncState,
)
from integrations.operations.review_items import resolve_review_item
from integrations.pms.records import MalformedRecord, PmsUnit
from integrations.sync.tests.running import add_house, counts, malformed, sync
from integrations.tests.fake_gateway import FakeGateway, make_lease, make_resident, make_unit


def test_a_record_that_cannot_be_read_is_flagged_and_the_good_ones_are_stored(house, now):
    gateway = FakeGateway(
        units=[make_unit(), malformed(), make_unit("unit_2")],
        leases=[make_lease()],
        residents=[make_resident()],
    )
    run = sync(house, gateway, now)
    assert run.state == SyncState.COMPLETED
    assert counts(run) == (3, 0, 0, 1)
    assert set(house.units.values_list("propexo_unit_id", flat=True)) == {"unit_1", "unit_2"}
    item = ReviewItem.objects.get()
    assert (item.kind, item.record_kind, item.remote_id) == ("unreadable", "unit", "unit_9")
    assert (item.portfolio, item.property) == (house.portfolio, house)
    assert item.raw == '{"id": "unit_9"}'
    assert "unit_number is null." in item.message


def test_the_same_flag_stays_one_item_and_goes_when_its_cause_is_gone(house, now):
    later = now + timedelta(hours=1)
    sync(house, FakeGateway(units=[malformed()]), now)
    sync(house, FakeGateway(units=[malformed()]), later)
    item = ReviewItem.objects.get()
    assert (item.found_at, item.last_found_at, item.resolved_at) == (now, later, None)
    sync(house, FakeGateway(units=[make_unit("unit_9")]), later)
    item.refresh_from_db()
    assert (item.resolved_at, item.resolved_by) == (later, None)
    assert item.note


def test_what_a_person_decided_does_not_come_back_while_it_looks_the_same(cast, house, now):
    tiny = make_unit(square_feet=5)
    assert sync(house, FakeGateway(units=[tiny]), now).flagged == 1
    item = ReviewItem.objects.get()
    resolve_review_item(item=item, note="It is a cupboard.", by=cast.manager, now=now)
    assert sync(house, FakeGateway(units=[tiny]), now).flagged == 0
    assert ReviewItem.objects.count() == 1
    assert sync(house, FakeGateway(units=[make_unit(square_feet=6)]), now).flagged == 1
    assert ReviewItem.objects.filter(resolved_at=None).count() == 1


def test_what_a_sync_closed_itself_comes_back(house, now):
    for units in ([make_unit(square_feet=5)], [make_unit()], [make_unit(square_feet=5)]):
        sync(house, FakeGateway(units=units), now)
    assert ReviewItem.objects.filter(resolved_at=None).count() == 1
    assert ReviewItem.objects.count() == 2


def test_an_item_says_what_is_seen_now(house, now):
    for area in (5, 6):
        sync(house, FakeGateway(units=[make_unit(square_feet=area)]), now)
    assert "6 square feet" in ReviewItem.objects.get().message


def test_several_records_without_an_id_are_flagged_each(house, now):
    rows = [malformed("", '{"sqft": 1}'), malformed("", '{"sqft": 2}'), malformed("", '"x"')]
    run = sync(house, FakeGateway(units=rows), now)
    assert (run.state, run.flagged) == (SyncState.COMPLETED, 3)
    assert set(ReviewItem.objects.values_list("raw", flat=True)) == {row.raw for row in rows}
    again = sync(house, FakeGateway(units=rows), now)
    assert again.state == SyncState.COMPLETED
    assert ReviewItem.objects.count() == 3


def test_a_record_that_comes_twice_is_flagged_once(house, now):
    twice: list[PmsUnit | MalformedRecord] = [
        make_unit(square_feet=5),
        make_unit(square_feet=5),
        malformed(),
        malformed(),
    ]
    run = sync(house, FakeGateway(units=twice), now)
    assert (run.state, run.flagged) == (SyncState.COMPLETED, 2)
    assert ReviewItem.objects.count() == 2


def test_an_id_and_a_label_of_any_length_are_flagged(house, now):
    run = sync(
        house, FakeGateway(units=[malformed("u" * 300, "{1}"), malformed("v" * 300, "{2}")]), now
    )
    assert run.state == SyncState.COMPLETED
    for item in ReviewItem.objects.all():
        item.full_clean(exclude=["property", "resolved_by"])
    assert ReviewItem.objects.count() == 2


def test_two_properties_of_a_connection_may_have_the_same_flaw(cast, house, now):
    other = add_house(house.link.connection, "prop_y", cast, now)
    for place in (house, other, house):
        run = sync(place, FakeGateway(units=[malformed("", "[]"), malformed()]), now)
        assert run.state == SyncState.COMPLETED
    assert ReviewItem.objects.filter(resolved_at=None).count() == 2
