from __future__ import annotations

import json
from datetime import timedelta

import pytest

from integrations.models import (
    Connection,
    Delivery,
    EventState,
    OutgoingKind,
    PropertyLink,
    ReviewItem,
    ReviewKind,
    WebhookEndpoint,
)
from integrations.operations import syncs
from integrations.webhooks.events import read_event
from integrations.webhooks.handlers import Outcome, Report, act_on
from integrations.webhooks.listeners import PmsEvent
from integrations.webhooks.tests.deliveries import encode, flat, sync_complete, unified, wrapped
from portfolios.models import Lease, LeaseStatus, Property, Unit

heard: list[PmsEvent] = []


def listen(event: PmsEvent) -> None:
    """Stand in for what billing registers."""
    heard.append(event)


@pytest.fixture
def asked(monkeypatch) -> list[object]:
    """List what was to be synced, instead of syncing."""
    found: list[object] = []
    monkeypatch.setattr(syncs, "request_sync", lambda *, place, **_rest: found.append(place))
    monkeypatch.setattr(
        syncs, "request_connection_sync", lambda *, connection, **_rest: found.append(connection)
    )
    return found


@pytest.fixture(autouse=True)
def _quiet(settings) -> None:
    heard.clear()
    settings.PMS_EVENT_LISTENERS = (f"{__name__}.listen",)


def add_house(wire: Connection, number: int) -> Property:
    house = Property.objects.create(
        portfolio=wire.portfolio,
        propexo_property_id=f"prop_{number}",
        name=f"House {number}",
        created_at=wire.created_at,
    )
    PropertyLink.objects.create(
        property=house, connection=wire, imported_by=wire.created_by, imported_at=wire.created_at
    )
    unit = Unit.objects.create(
        property=house,
        propexo_unit_id=f"unit_{number}",
        unit_number="1",
        first_seen_at=wire.created_at,
    )
    Lease.objects.create(
        unit=unit,
        propexo_lease_id=f"lease_{number}",
        propexo_resident_id=f"res_{number}",
        status=LeaseStatus.ACTIVE,
        first_seen_at=wire.created_at,
    )
    return house


@pytest.fixture
def house(wire) -> Property:
    add_house(wire, 2)
    return add_house(wire, 1)


def act(body: object, connection: Connection | None, now) -> Outcome:
    return act_on(Report(read_event(encode(body)), connection, now), now=now)


@pytest.mark.parametrize(
    "body",
    [
        unified("data.new", object="unit", id="unit_new", property_id="prop_1"),
        unified("data.new", object="lease", id="lease_new", property_id="prop_1"),
        unified("data.new", object="property", id="prop_1"),
        unified("data.update", object="unit", id="unit_1"),
        unified("data.update", object="property", id="prop_1"),
        unified("lease.updated", id="lease_1"),
        unified("resident.created", id="res_new", property_id="prop_1"),
        unified("resident.updated", id="res_1"),
        wrapped("DATA_NEW", object="units", record_id="u", context={"property_id": "prop_1"}),
        wrapped("DATA_UPDATE", object="leases", record_id="lease_1", diff={"new": {}}),
        flat("DATA_UPDATE", object="residents", record_id="res_1"),
        flat("DATA_UPDATE", object="properties", record_id="prop_1"),
    ],
)
def test_a_record_of_an_imported_property_is_read_again(house, wire, asked, now, body):
    outcome = act(body, wire, now)
    assert asked == [house]
    assert outcome == Outcome(EventState.HANDLED, "A sync of House 1 was asked for.")


@pytest.mark.parametrize(
    "body",
    [
        sync_complete(),
        flat("FIRST_SYNC_COMPLETE"),
        wrapped("SYNC_COMPLETE", models_synced=["units"], is_backsync=False),
        unified("sync.complete"),
        unified("data.update", object="unit", id="unit_unknown"),
        unified("data.new", object="resident", id="res_unknown"),
        wrapped("DATA_NEW", object="residents-to-leases", record_id="link_1"),
    ],
)
def test_what_names_no_property_reads_the_connection(house, wire, asked, now, body):
    assert act(body, wire, now).state == EventState.HANDLED
    assert asked == [wire]


def test_a_record_that_two_properties_show_reads_both(house, wire, asked, now):
    Unit.objects.update(propexo_unit_id="unit_shared")
    act(unified("data.update", object="unit", id="unit_shared"), wire, now)
    assert sorted(map(str, asked)) == ["House 1", "House 2"]


def test_an_archived_property_is_left_alone(house, wire, asked, now):
    Property.objects.update(archived_at=now)
    for body in (
        unified("data.update", object="unit", id="unit_1"),
        unified("data.new", object="property", id="prop_1"),
    ):
        assert act(body, wire, now) == Outcome(EventState.IGNORED, "House 1 is archived.")
    assert asked == []


def test_a_record_of_a_property_that_was_not_imported_is_left_alone(house, wire, asked, now):
    body = unified("data.new", object="unit", id="u", property_id="prop_9")
    assert act(body, wire, now) == Outcome(
        EventState.IGNORED, "The property prop_9 was not imported."
    )
    body = unified("data.update", object="property", id="prop_9")
    assert act(body, wire, now).state == EventState.IGNORED
    assert asked == []
    assert ReviewItem.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [
        unified("data.new", object="property", id="prop_9", property_id="prop_9"),
        unified("property.created", id="prop_9"),
        wrapped("DATA_NEW", object="properties", record_id="prop_9", payload={"name": "Maple"}),
    ],
)
def test_a_new_property_waits_for_a_person(house, wire, asked, now, body):
    assert act(body, wire, now).state == EventState.HANDLED
    item = ReviewItem.objects.get()
    assert (item.kind, item.remote_id) == (ReviewKind.NEW_PROPERTY, "prop_9")
    assert (item.portfolio, item.connection, item.property) == (wire.portfolio, wire, None)
    assert asked == []


def test_a_new_property_is_flagged_once_even_after_a_decision(house, wire, asked, cast, now):
    body = unified("property.created", id="prop_9")
    act(body, wire, now)
    act(body, wire, now)
    ReviewItem.objects.update(resolved_at=now, resolved_by=cast.manager, note="Not ours.")
    assert "before" in act(body, wire, now + timedelta(days=1)).said
    assert ReviewItem.objects.count() == 1


def test_a_failed_write_is_told_to_the_listeners(wire, asked, now):
    body = wrapped(
        "WRITE_OPERATION_FAILURE", root_job_id="job_7", write_status="FAILURE", errors=["403"]
    )
    assert act(body, wire, now).state == EventState.HANDLED
    assert heard == [
        PmsEvent(
            name="WRITE_OPERATION_FAILURE",
            connection_id=wire.pk,
            received_at=now,
            root_job_id="job_7",
            write_status="FAILURE",
            errors=("403",),
        )
    ]


@pytest.mark.parametrize(
    "body",
    [
        flat("JOB_FAILURE", job_id="j1", root_job_id="j0", job_type="WRITE"),
        flat("JOB_SUCCESS", job_id="j1", root_job_id="j0", job_type="WRITE"),
        wrapped("DATA_NEW", object="resident-charges", record_id="ch_1"),
        wrapped("DATA_UPDATE", object="charge_codes", record_id="cc_1"),
        unified("charge.created", id="ch_1", property_id="prop_1"),
    ],
)
def test_charges_codes_and_jobs_are_told_to_the_listeners(wire, asked, now, body):
    assert act(body, wire, now).state == EventState.HANDLED
    assert [event.connection_id for event in heard] == [wire.pk]
    assert asked == []


def test_without_listeners_there_is_nothing_to_do(wire, now, settings):
    settings.PMS_EVENT_LISTENERS = ()
    assert act(flat("JOB_FAILURE", job_id="j1"), wire, now).state == EventState.IGNORED


def test_a_payment_is_told_to_whoever_wants_to_hear_of_it_once(house, wire, asked, now):
    WebhookEndpoint.objects.create(
        portfolio=house.portfolio,
        url="https://93.184.216.34/hooks",
        events=[OutgoingKind.PAYMENT_RECEIVED],
        created_by=wire.created_by,
        created_at=now,
    )
    place = house.propexo_property_id
    for body in (
        unified("payment.received", id="pay_1", property_id=place),
        unified("data.new", object="payment", id="pay_1", property_id=place),
        wrapped(
            "DATA_NEW",
            object="resident_payments",
            record_id="pay_1",
            context={"property_id": place},
        ),
    ):
        assert act(body, wire, now).state == EventState.HANDLED
    [delivery] = Delivery.objects.select_related("event")
    said = json.loads(delivery.event.body)
    assert said["event"] == "payment.received"
    assert said["data"] == {
        "propexo_payment_id": "pay_1",
        "property_id": house.pk,
        "propexo_property_id": place,
        "property": house.name,
    }
    assert (asked, heard) == ([], [])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (unified("moon.landed", object="moon", id="1"), "does not know the event MOON_LANDED"),
        (unified("payment.received", id="pay_1"), "of no property that was imported"),
        (
            unified("payment.received", id="pay_1", property_id="prop_9"),
            "of no property that was imported",
        ),
        (
            wrapped("DATA_UPDATE", object="payments", record_id="pay_1", property_id="prop_1"),
            "no records of this kind: payment",
        ),
        (wrapped("DATA_NEW", object="vendors", record_id="v"), "no records of this kind: vendors"),
        (wrapped("DATA_NEW", record_id="v"), "none is named"),
    ],
)
def test_what_is_none_of_ours_is_acknowledged_and_left_alone(house, wire, asked, now, body, said):
    outcome = act(body, wire, now)
    assert outcome.state == EventState.IGNORED
    assert said in outcome.said
    assert (asked, heard) == ([], [])


@pytest.mark.parametrize(
    "body",
    [
        unified("sync.complete", connection="conn_999"),
        unified("data.new", connection="conn_999", object="property", id="prop_9"),
        unified("data.update", connection="conn_999", object="unit", id="unit_9"),
        flat("JOB_FAILURE", connection="conn_999", job_id="j1"),
    ],
)
def test_a_connection_that_nobody_has_here_is_said_so(db, asked, now, body):
    assert act(body, None, now) == Outcome(
        EventState.IGNORED, "MeterBase has no connection conn_999."
    )


def test_a_record_is_found_though_the_event_names_no_connection(house, asked, now):
    body = unified("data.update", object="lease", id="lease_1", connection="")
    assert act(body, None, now).state == EventState.HANDLED
    assert asked == [house]


def test_a_record_of_another_connection_is_not_read(house, wire, cast, asked, now):
    other = Connection.objects.create(
        portfolio=cast.portfolio,
        propexo_connection_id="conn_002",
        pms="entrata",
        status=wire.status,
        validated_at=now,
        created_by=cast.manager,
        created_at=now,
    )
    body = unified("data.update", object="unit", id="unit_1", property_id="prop_1")
    assert act(body, other, now).state == EventState.IGNORED
    assert asked == []


def test_a_test_event_shows_that_the_address_works(db, now):
    assert act(unified("test.ping"), None, now).state == EventState.HANDLED
