from __future__ import annotations

import json

import pytest

from integrations.webhooks.events import Event, Shape, read_event
from integrations.webhooks.tests.deliveries import encode, flat, sync_complete, unified, wrapped


def read(body: object) -> Event:
    return read_event(encode(body))


@pytest.mark.parametrize(
    ("sent", "name", "kind"),
    [
        ("data.new", "DATA_NEW", "unit"),
        ("data.update", "DATA_UPDATE", "unit"),
        ("sync.complete", "SYNC_COMPLETE", "unit"),
        ("resident.created", "DATA_NEW", "resident"),
        ("lease.updated", "DATA_UPDATE", "lease"),
        ("unit.created", "DATA_NEW", "unit"),
        ("property.updated", "DATA_UPDATE", "property"),
        ("resident-charges.created", "DATA_NEW", "charge"),
        ("payment.received", "DATA_NEW", "payment"),
        ("test.ping", "TEST_PING", "unit"),
        ("moon.landed", "MOON_LANDED", "unit"),
    ],
)
def test_the_unified_events_get_one_spelling(sent, name, kind):
    event = read(unified(sent, object="unit", id="x_1", property_id="prop_001"))
    assert event == Event(
        shape=Shape.UNIFIED,
        name=name,
        record_kind=kind,
        record_id="x_1",
        property_id="prop_001",
        connection_id="conn_001",
        event_id="evt_1",
    )


@pytest.mark.parametrize("make", [wrapped, flat])
@pytest.mark.parametrize(
    "trigger",
    [
        "DATA_NEW",
        "DATA_UPDATE",
        "SYNC_COMPLETE",
        "FIRST_SYNC_COMPLETE",
        "JOB_FAILURE",
        "JOB_SUCCESS",
        "WRITE_OPERATION_FAILURE",
    ],
)
def test_the_v1_events_are_read_in_both_shapes(make, trigger):
    event = read(make(trigger, object="leases", record_id="cl_1", job_id="j1", root_job_id="j0"))
    assert (event.name, event.record_kind, event.record_id) == (trigger, "lease", "cl_1")
    assert (event.connection_id, event.job_id, event.root_job_id) == ("conn_001", "j1", "j0")
    assert event.shape is (Shape.V1_WRAPPED if make is wrapped else Shape.V1_FLAT)
    assert event.event_id == ""


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ("properties", "property"),
        ("resident-charges", "charge"),
        ("resident_charges", "charge"),
        ("financial-accounts", "charge_code"),
        ("residents_to_leases", "resident"),
        ("applicants-to-events", "applicants_to_events"),
    ],
)
def test_objects_are_hyphenated_or_not(sent, kind):
    assert read(wrapped("DATA_UPDATE", object=sent, record_id="x")).record_kind == kind


def test_the_object_may_stand_in_the_meta_only():
    body = {"trigger": "DATA_NEW", "data": {"record_id": "x"}, "meta": {"object": "units"}}
    assert read(body).record_kind == "unit"


@pytest.mark.parametrize(
    "data",
    [
        {"property_id": "p1"},
        {"context": {"property_id": "p1"}},
        {"payload": {"property_id": "p1", "name": "x"}},
        {"diff": {"new": {"property_id": "p1"}, "previous": {"property_id": "p0"}}},
    ],
)
@pytest.mark.parametrize("make", [wrapped, flat])
def test_the_property_is_found_wherever_it_is_named(make, data):
    assert read(make("DATA_NEW", object="units", record_id="u", **data)).property_id == "p1"


def test_a_failed_write_names_its_job_and_the_errors_of_the_pms():
    body = wrapped(
        "WRITE_OPERATION_FAILURE",
        root_job_id="job_7",
        write_status="FAILURE",
        errors=["403: no", "x" * 2_000],
    )
    event = read(body)
    assert (event.root_job_id, event.write_status) == ("job_7", "FAILURE")
    assert event.errors == ("403: no", "x" * 500)


def test_a_sync_without_ids_is_read():
    event = read(sync_complete())
    assert (event.name, event.connection_id, event.job_id) == ("SYNC_COMPLETE", "conn_001", "")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[1, 2]",
        b"null",
        b'"DATA_NEW"',
        b"{}",
        b'{"event": null}',
        b'{"event": {"a": 1}, "data": 7}',
        b'{"trigger": "\\u0000"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"event": NaN}',
    ],
)
def test_what_makes_no_sense_is_told_by_its_shape(body):
    assert read_event(body) == Event(Shape.UNREADABLE)


def test_texts_that_no_database_stores_are_cleaned():
    body = {"event": "data.new", "id": "e\0vt\ud800", "data": {"id": "u" * 500, "object": 7}}
    event = read_event(json.dumps(body).encode())
    assert (event.event_id, event.record_id, event.record_kind) == ("evt", "u" * 100, "7")
