from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.gateways import open_gateway
from integrations.models import ListedProperty, ReviewItem, ReviewKind, SyncRun, SyncState
from integrations.operations import syncs
from integrations.operations.imports import import_properties
from integrations.operations.property_lists import (
    PropertyNews,
    flag_new_property,
    read_property_news,
)
from integrations.operations.review_items import resolve_review_item
from integrations.operations.syncs import request_connection_sync
from integrations.pms import errors
from integrations.pms.records import MalformedRecord, PmsProperty
from integrations.sandbox.tests.client import Client, written
from integrations.sync.run import run_sync
from integrations.tests.fake_gateway import FakeGateway, make_connection, make_property, make_unit
from portfolios.models import AuditEvent, Property

HOUSES = [make_property(f"prop_{number}", name=f"House {number}") for number in range(3)]


@pytest.fixture
def read(linked, now):
    """Give a way to read a list of properties of the connection."""

    def reading(*properties: PmsProperty | MalformedRecord, at=now):
        gateway = FakeGateway(properties=properties)
        news = read_property_news(connection=linked, gateway=gateway, by=None, now=at)
        assert gateway.calls == [("properties", "conn_001")]
        return news.updated, news.new, news.gone

    return reading


def open_items(kind: ReviewKind) -> list[str]:
    items = ReviewItem.objects.filter(kind=kind, resolved_at=None)
    return sorted(items.values_list("remote_id", flat=True))


def test_what_the_pms_says_of_a_property_is_taken_over(read):
    assert read(*HOUSES) == (3, 0, 0)
    changed = make_property("prop_1", name="Quarry Lofts", zip_code="78705-1234", unit_count=7)
    assert read(HOUSES[0], changed, HOUSES[2]) == (1, 0, 0)
    place = Property.objects.get(propexo_property_id="prop_1")
    assert (place.name, place.zip_code, place.unit_count) == ("Quarry Lofts", "78705", 7)
    event = AuditEvent.objects.filter(verb="property.updated").latest("pk")
    assert (event.before["name"], event.after["name"]) == ("House 1", "Quarry Lofts")
    assert event.actor is None


def test_the_same_list_again_changes_nothing(read, django_assert_num_queries):
    read(*HOUSES)
    events = AuditEvent.objects.count()
    with django_assert_num_queries(3):
        assert read(*HOUSES) == (0, 0, 0)
    assert AuditEvent.objects.count() == events


def test_a_property_that_is_new_in_the_pms_waits_for_a_person(linked, read, now):
    read(*HOUSES)
    assert read(*HOUSES, make_property("prop_9", name="Elm Row", enabled=False)) == (0, 1, 0)
    item = ReviewItem.objects.get()
    assert (item.kind, item.remote_id, item.label) == ("new_property", "prop_9", "Elm Row")
    assert (item.portfolio, item.connection, item.property) == (linked.portfolio, linked, None)
    assert "It is switched off in Propexo" in item.message
    assert not Property.objects.filter(propexo_property_id="prop_9").exists()
    assert read(*HOUSES, make_property("prop_9")) == (0, 0, 0)
    assert ReviewItem.objects.count() == 1


def test_what_a_person_left_out_of_an_import_is_not_new(cast, linked, read, now):
    offered = [*HOUSES, make_property("prop_8")]
    import_properties(
        connection=linked,
        portfolio=cast.portfolio,
        propexo_property_ids=["prop_1"],
        gateway=FakeGateway(properties=offered),
        by=cast.manager,
        now=now,
    )
    read(*offered)
    assert not ReviewItem.objects.exists()
    read(*offered, make_property("prop_9"))
    assert open_items(ReviewKind.NEW_PROPERTY) == ["prop_9"]


def test_the_first_list_of_all_only_says_what_there_is(read):
    read(*HOUSES, make_property("prop_8"))
    assert not ReviewItem.objects.exists()
    assert ListedProperty.objects.count() == 4


def test_a_new_property_that_nobody_can_read_is_asked_about_too(read):
    read(*HOUSES)
    bad = MalformedRecord("property", "prop_9", ("unit_count is -1.",), "{}")
    assert read(*HOUSES, bad) == (0, 1, 0)
    assert ReviewItem.objects.get().label == "Property prop_9"


def test_a_property_that_an_event_told_of_is_asked_about_once(cast, linked, read, now):
    read(*HOUSES)
    assert flag_new_property(connection=linked, remote_id="prop_9", now=now)
    resolve_review_item(
        item=ReviewItem.objects.get(), note="Not ours to bill.", by=cast.manager, now=now
    )
    read(*HOUSES, make_property("prop_9"))
    assert ReviewItem.objects.count() == 1
    assert open_items(ReviewKind.NEW_PROPERTY) == []


def test_an_imported_property_that_is_no_longer_listed_is_flagged_once(cast, read, clock):
    read(*HOUSES)
    clock.advance(days=1)
    assert read(*HOUSES[:2], at=clock()) == (0, 0, 1)
    item = ReviewItem.objects.get()
    gone = Property.objects.get(propexo_property_id="prop_2")
    assert (item.kind, item.record_kind, item.property) == ("vanished", "property", gone)
    assert "no longer in the PMS's list of properties" in item.message
    resolve_review_item(item=item, note="Sold in March.", by=cast.manager, now=clock())
    assert read(*HOUSES[:2]) == (0, 0, 0)
    assert ReviewItem.objects.count() == 1


def test_a_property_that_is_listed_again_is_no_longer_flagged(read, clock):
    read(*HOUSES)
    read(*HOUSES[:2])
    clock.advance(days=1)
    read(*HOUSES, at=clock())
    item = ReviewItem.objects.get()
    assert (item.resolved_at, item.resolved_by) == (clock(), None)
    read(*HOUSES[:2], at=clock())
    assert open_items(ReviewKind.VANISHED) == ["prop_2"]


def test_a_question_about_a_new_property_goes_when_the_property_does(read):
    read(*HOUSES)
    read(*HOUSES, make_property("prop_9"))
    read(*HOUSES)
    assert open_items(ReviewKind.NEW_PROPERTY) == []
    assert open_items(ReviewKind.VANISHED) == []


def test_an_archived_property_may_go_without_a_word(read, now):
    read(*HOUSES)
    Property.objects.filter(propexo_property_id="prop_2").update(archived_at=now, name="Old")
    read(*HOUSES[:2], make_property("prop_2", name="New"))
    assert Property.objects.get(propexo_property_id="prop_2").name == "Old"
    read(*HOUSES[:2])
    assert not ReviewItem.objects.exists()


def test_an_empty_list_takes_nothing_for_gone(read):
    read(*HOUSES)
    assert read() == (0, 0, 0)
    assert not ReviewItem.objects.exists()


def test_a_sync_of_everything_does_not_close_what_only_the_list_can_tell(read, now):
    read(*HOUSES)
    read(*HOUSES[:2])
    place = Property.objects.get(propexo_property_id="prop_2")
    run = SyncRun.objects.create(property=place, queued_at=now)
    gateway = FakeGateway(units=[make_unit(), make_unit("unit_2")])
    run_sync(run_id=run.pk, gateway=gateway, clock=lambda: now)
    run.refresh_from_db()
    assert run.state == SyncState.COMPLETED
    assert open_items(ReviewKind.VANISHED) == ["prop_2"]


def test_a_list_that_cannot_be_read_stops_no_property(linked, now, monkeypatch):
    gateway = FakeGateway(
        connection=make_connection(last_synced_at=now),
        properties=HOUSES,
        errors_after={"properties": errors.Unavailable("Propexo is not available.")},
    )
    monkeypatch.setattr(syncs, "open_gateway", lambda _connection: gateway)
    asked = request_connection_sync(connection=linked, by=None, now=now)
    assert (asked.queued, asked.trouble) == (3, "Propexo is not available.")
    assert set(Property.objects.values_list("name", flat=True)) == {house.name for house in HOUSES}
    assert not ListedProperty.objects.exists()


def test_a_connection_without_any_property_yet_hears_of_new_ones(linked, now, monkeypatch):
    gateway = FakeGateway(connection=make_connection(last_synced_at=now), properties=HOUSES)
    monkeypatch.setattr(syncs, "open_gateway", lambda _connection: gateway)
    Property.objects.update(archived_at=now)
    request_connection_sync(connection=linked, by=None, now=now)
    gateway.properties = [*HOUSES, make_property("prop_9")]
    asked = request_connection_sync(connection=linked, by=None, now=now + timedelta(hours=1))
    assert (asked.queued, asked.properties.new) == (0, 1)


@pytest.mark.parametrize("contract", ["unified", "v1"])
def test_what_changes_in_the_pms_arrives_over_both_contracts(
    cast, connection, sandbox, settings, contract
):
    settings.PROPEXO_CONTRACT = contract
    connection.contract = contract
    connection.save()
    import_properties(
        connection=connection,
        portfolio=cast.portfolio,
        propexo_property_ids=["prop_001"],
        gateway=open_gateway(connection),
        by=cast.manager,
        now=timezone.now(),
    )
    control = Client(sandbox.base_url)
    renamed = control.call(
        "PATCH", "/_sandbox/properties/prop_001", written({"name": "Maplewood Lofts"})
    )
    bought = {"connection_id": "conn_001", "units": 1, "name": "Quarry Lofts"}
    assert (renamed.status, control.post("/_sandbox/properties", bought).status) == (200, 201)

    asked = request_connection_sync(connection=connection, by=cast.manager, now=timezone.now())
    assert asked.properties == PropertyNews(updated=1, new=1)
    assert Property.objects.get().name == "Maplewood Lofts"
    assert ReviewItem.objects.get(kind=ReviewKind.NEW_PROPERTY).label == "Quarry Lofts"
