from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from integrations.sandbox.deliveries import MOST_RETRIES, Backoff
from integrations.sandbox.happenings import write_failed
from integrations.sandbox.listing import insert_row
from integrations.sandbox.server import running_sandbox
from integrations.sandbox.tests.client import CHARGE, Client, written
from integrations.sandbox.tests.receiver import SECRET, running_receiver

UNIT = "/_sandbox/units/unit_001_0028"
ALL_EVENTS = ["data.new", "data.update", "sync.complete", "resident.created", "lease.updated"]
ALL_TRIGGERS = [
    "DATA_NEW",
    "DATA_UPDATE",
    "SYNC_COMPLETE",
    "FIRST_SYNC_COMPLETE",
    "JOB_FAILURE",
    "WRITE_OPERATION_FAILURE",
]


@pytest.fixture
def sandbox(tmp_path):
    with running_sandbox(data_dir=tmp_path, properties=1, webhook_retry=0.01) as running:
        yield running


@pytest.fixture
def receiver():
    with running_receiver() as running:
        yield running


def register(client, receiver, events=ALL_EVENTS):
    body = {"url": receiver.url, "events": list(events), "secret": SECRET}
    answer = client.post("/v1/webhooks", body)
    assert answer.status == 201
    return answer.body["id"]


def register_v1(sandbox, receiver, *, triggers=ALL_TRIGGERS, model=None, headers=(), active=True):
    values = {
        "id": f"wh_v1_{model}",
        "contract": "v1",
        "url": receiver.url,
        "events": json.dumps(triggers),
        "secret": SECRET,
        "model": model,
        "headers": json.dumps([{"header": name, "value": value} for name, value in headers]),
        "active": int(active),
        "created_at": sandbox.sandbox.now(),
        "updated_at": sandbox.sandbox.now(),
    }
    with sandbox.sandbox.store.changing() as connection:
        insert_row(connection, "webhooks", values)
    return values["id"]


def change_unit(client, **fields):
    answer = client.call("PATCH", UNIT, written(fields or {"sqft": 777}))
    assert answer.status == 200


def settled(client, *, count, **equal):
    """Wait until so many deliveries have come to their end."""
    query = "&".join(f"{name}={value}" for name, value in equal.items())
    deadline = datetime.now(UTC) + timedelta(seconds=10)
    while datetime.now(UTC) < deadline:
        deliveries = client.get(f"/_sandbox/deliveries?{query}").body["deliveries"]
        if len([one for one in deliveries if one["state"] != "pending"]) >= count:
            return deliveries
    pytest.fail(f"deliveries have not settled: {deliveries}")


def test_a_unified_event_is_signed_and_names_the_record(client, receiver):
    register(client, receiver)
    change_unit(client)
    (event,) = receiver.wait_for(1)
    assert event.is_signed_by("X-Propexo-Signature")
    assert event.headers["content-type"] == "application/json"
    body = event.body
    assert body["id"].startswith("evt_")
    assert body["timestamp"]
    assert (body["event"], body["connection_id"]) == ("data.update", "conn_001")
    assert body["data"] == {
        "object": "unit",
        "id": "unit_001_0028",
        "property_id": "prop_001",
    }


def test_an_event_is_sent_only_to_who_registered_for_it(client, receiver):
    register(client, receiver, ["sync.complete"])
    change_unit(client)
    client.post("/_sandbox/syncs", {"connection_id": "conn_001"})
    (event,) = receiver.wait_for(1)
    assert event.body["event"] == "sync.complete"
    assert settled(client, count=1)[0]["event"] == "sync.complete"


def test_named_events_come_on_top_of_the_general_ones(client, receiver):
    register(client, receiver)
    lease = client.get("/v1/units/unit_001_0028").body["current_lease"]
    client.call("PATCH", f"/_sandbox/leases/{lease['id']}", written({"occupant_count": 3}))
    events = [event.body["event"] for event in receiver.wait_for(2)]
    assert events == ["data.update", "lease.updated"]


def test_an_ended_lease_is_told(client, receiver):
    register(client, receiver, ["data.update"])
    lease = client.get("/v1/units/unit_001_0028").body["current_lease"]
    client.call("POST", f"/_sandbox/leases/{lease['id']}/end")
    told = [event.body["data"]["object"] for event in receiver.wait_for(2)]
    assert told == ["lease", "unit"]


def test_a_v1_event_is_wrapped_unless_flat_is_chosen(sandbox, client, receiver):
    webhook_id = register_v1(sandbox, receiver, headers=[("X-Tenant", "acme")])
    change_unit(client, sqft=777)
    wrapped = receiver.wait_for(1)[0]
    assert wrapped.is_signed_by("propexo-signature")
    assert wrapped.headers["x-tenant"] == "acme"
    assert wrapped.body["trigger"] == "DATA_UPDATE"
    assert wrapped.body["meta"] == {"integration_id": "conn_001", "object": "units"}
    data = wrapped.body["data"]
    assert (data["event"], data["object"]) == ("DATA_UPDATE", "units")
    assert (data["record_id"], data["vendor"]) == ("unit_001_0028", "YARDI")
    assert data["diff"]["new"] == {"square_feet": 777}
    shape = written({"body_shape": "flat"})
    assert client.call("PATCH", f"/_sandbox/webhooks/{webhook_id}", shape).status == 200
    change_unit(client, sqft=778)
    flat = receiver.wait_for(2)[1]
    assert flat.is_signed_by("propexo-signature")
    assert flat.body.keys() == data.keys()
    assert flat.body["diff"]["previous"] == {"square_feet": 777}


def test_a_v1_registration_hears_of_one_model_only(sandbox, client, receiver):
    register_v1(sandbox, receiver, model="leases")
    change_unit(client)
    client.post("/_sandbox/syncs", {"connection_id": "conn_001"})
    assert receiver.wait_for(1)[0].body["trigger"] == "SYNC_COMPLETE"


def test_an_inactive_registration_hears_nothing(sandbox, client, receiver):
    register_v1(sandbox, receiver, active=False)
    change_unit(client)
    assert client.get("/_sandbox/deliveries").body["count"] == 0


def test_two_syncs_are_told_in_v1_byte_for_byte_alike(sandbox, client, receiver):
    register_v1(sandbox, receiver)
    for _ in range(2):
        client.post("/_sandbox/syncs", {"connection_id": "conn_001"})
    first, second = receiver.wait_for(2)
    assert first.raw == second.raw
    assert first.headers["propexo-signature"] == second.headers["propexo-signature"]


def test_the_first_sync_is_told_in_the_words_of_each_contract(sandbox, client, receiver):
    register(client, receiver)
    register_v1(sandbox, receiver)
    client.post("/_sandbox/properties", {"connection_id": "conn_syncing", "units": 1})
    client.post("/_sandbox/syncs", {"connection_id": "conn_syncing"})
    bodies = [event.body for event in receiver.wait_for(3)]
    # Contract v1 says nothing of a property that comes before the first sync has ended.
    told = [body.get("event") or body["trigger"] for body in bodies]
    assert sorted(told) == ["FIRST_SYNC_COMPLETE", "data.new", "sync.complete"]


def test_a_failed_job_and_a_failed_write_are_told_in_v1(sandbox, client, receiver):
    register_v1(sandbox, receiver)
    client.post("/_sandbox/syncs", {"connection_id": "conn_001", "failed_jobs": 1})
    sandbox.sandbox.outbox.announce(
        write_failed("conn_001", job_id="j1", root_job_id="j0", errors=("Period is closed",))
    )
    bodies = [event.body for event in receiver.wait_for(3)]
    assert [body["trigger"] for body in bodies] == [
        "JOB_FAILURE",
        "SYNC_COMPLETE",
        "WRITE_OPERATION_FAILURE",
    ]
    failed = bodies[2]["data"]
    assert (failed["root_job_id"], failed["write_status"]) == ("j0", "FAILURE")
    assert failed["errors"] == ["Period is closed"]


def test_a_charge_is_told_after_the_sync_that_reads_it_back(client, receiver):
    register(client, receiver)
    charge = client.post("/v1/charges", CHARGE).body
    client.post("/_sandbox/syncs", {"connection_id": "conn_001"})
    data = receiver.wait_for(1)[0].body["data"]
    assert (data["object"], data["id"]) == ("charge", charge["id"])


def test_a_ping_reaches_everybody(sandbox, client, receiver):
    register(client, receiver, ["data.new"])
    register_v1(sandbox, receiver)
    assert client.call("POST", "/_sandbox/ping").body == {"queued": 2}
    first, second = receiver.wait_for(2)
    assert first.body["event"] == "test.ping"
    assert second.body["trigger"] == "test.ping"


def test_a_ping_can_be_an_event_that_nobody_knows(client, receiver):
    register(client, receiver)
    client.post("/_sandbox/ping", {"event": "tea.ready"})
    assert receiver.wait_for(1)[0].body["event"] == "tea.ready"


def test_what_is_not_taken_is_sent_again_unchanged(client, receiver):
    register(client, receiver)
    receiver.answers += [500, 302]
    change_unit(client)
    first, *others = receiver.wait_for(3)
    assert all(other == first for other in others)
    (delivery,) = settled(client, count=1)
    assert (delivery["state"], delivery["tries"], delivery["last_status"]) == ("delivered", 3, 200)


def test_who_never_answers_well_is_given_up(tmp_path, receiver):
    with running_sandbox(data_dir=tmp_path, properties=1, units=1, webhook_retry=0) as running:
        client = Client(running.base_url)
        register(client, receiver)
        receiver.answers += [500] * (MOST_RETRIES + 1)
        client.call("POST", "/_sandbox/ping")
        (given_up,) = settled(client, count=1)
        assert (given_up["state"], given_up["tries"]) == ("failed", MOST_RETRIES + 1)
        assert given_up["last_status"] == 500
    assert len(receiver.received) == MOST_RETRIES + 1


def test_the_time_between_tries_doubles_in_unified_only():
    backoff = Backoff(first=1)
    unified = [backoff.after(contract="unified", tries=tries) for tries in (1, 2, 10)]
    assert unified == [timedelta(seconds=seconds) for seconds in (1, 2, 512)]
    assert backoff.after(contract="v1", tries=10) == timedelta(seconds=1)


def test_the_contracts_have_retry_times_of_their_own():
    backoff = Backoff()
    assert backoff.after(contract="unified", tries=3) == timedelta(seconds=20)
    assert backoff.after(contract="v1", tries=1) == timedelta(minutes=15)
    assert backoff.after(contract="v1", tries=10) == timedelta(minutes=15)
    assert backoff.after(contract="v1", tries=11) is None


def test_an_address_where_nobody_listens_is_kept_as_an_error(client, receiver):
    body = {"url": "http://127.0.0.1:1/", "events": ["data.update"], "secret": SECRET}
    client.post("/v1/webhooks", body)
    change_unit(client)
    register(client, receiver)
    client.call("POST", "/_sandbox/ping")
    receiver.wait_for(1)
    first = client.get("/_sandbox/deliveries?event=data.update").body["deliveries"][0]
    assert first["state"] in {"pending", "failed"}
    assert "refused" in first["last_error"]


def fault(client, kind, **fields):
    assert client.post("/_sandbox/faults", {"kind": kind, **fields}).status == 201


def test_an_event_can_come_twice(client, receiver):
    register(client, receiver)
    fault(client, "webhook_duplicate")
    change_unit(client)
    first, second = receiver.wait_for(2)
    assert first == second


def test_an_event_can_come_late_so_that_others_overtake_it(client, receiver):
    register(client, receiver)
    fault(client, "webhook_late", seconds=1, event="data.*")
    change_unit(client)
    client.post("/_sandbox/syncs", {"connection_id": "conn_001"})
    events = [event.body["event"] for event in receiver.wait_for(2)]
    assert events == ["sync.complete", "data.update"]


def test_an_event_can_get_lost(client, receiver):
    register(client, receiver)
    fault(client, "webhook_lost", event="data.update")
    change_unit(client)
    client.call("POST", "/_sandbox/ping")
    assert receiver.wait_for(1)[0].body["event"] == "test.ping"
    (lost,) = client.get("/_sandbox/deliveries?state=lost").body["deliveries"]
    assert (lost["event"], lost["tries"], lost["trouble"]) == ("data.update", 0, "webhook_lost")


def test_an_event_can_be_signed_by_a_stranger(client, receiver):
    register(client, receiver)
    fault(client, "webhook_wrong_signature")
    change_unit(client)
    (event,) = receiver.wait_for(1)
    assert len(event.headers["x-propexo-signature"]) == 64
    assert not event.is_signed_by("X-Propexo-Signature")


def test_faults_of_webhooks_do_not_hit_requests(client):
    fault(client, "webhook_lost")
    assert client.get("/v1/units").status == 200
    assert len(client.get("/_sandbox/faults").body["faults"]) == 1


def test_a_delivery_can_be_repeated_byte_for_byte(client, receiver):
    register(client, receiver)
    change_unit(client)
    receiver.wait_for(1)
    (delivery,) = settled(client, count=1)
    repeated = client.call("POST", f"/_sandbox/deliveries/{delivery['id']}/repeat")
    assert repeated.status == 202
    first, second = receiver.wait_for(2)
    assert first == second
    assert client.call("POST", "/_sandbox/deliveries/dlv_404/repeat").status == 404


def test_a_slow_receiver_keeps_nobody_waiting(client, receiver):
    register(client, receiver)
    receiver.hold.clear()
    change_unit(client)
    receiver.wait_for(1)
    for sqft in range(100, 105):
        change_unit(client, sqft=sqft)
    assert client.get("/v1/units/unit_001_0028").body["sqft"] == 104
    receiver.hold.set()
    receiver.wait_for(6)


def test_the_sandbox_stops_though_a_receiver_does_not_answer(tmp_path, receiver):
    with running_sandbox(data_dir=tmp_path, properties=1, units=1) as running:
        client = Client(running.base_url)
        register(client, receiver)
        receiver.hold.clear()
        client.call("POST", "/_sandbox/ping")
        receiver.wait_for(1)
        began = datetime.now(UTC)
    assert datetime.now(UTC) - began < timedelta(seconds=4)
    receiver.hold.set()
    with running_sandbox(data_dir=tmp_path, properties=1, units=1):
        receiver.wait_for(2)


def test_registrations_are_listed_without_their_secrets_and_forgotten(client, receiver):
    webhook_id = register(client, receiver, ["data.new"])
    listed = client.get("/_sandbox/webhooks")
    assert SECRET.encode() not in listed.raw
    assert [(one["id"], one["events"]) for one in listed.body["webhooks"]] == [
        (webhook_id, ["data.new"])
    ]
    assert client.call("DELETE", f"/_sandbox/webhooks/{webhook_id}").status == 200
    assert client.get("/_sandbox/webhooks").body == {"webhooks": []}
    assert client.call("DELETE", f"/_sandbox/webhooks/{webhook_id}").status == 404


def test_deliveries_are_filtered_by_what_they_are(client):
    answer = client.get("/_sandbox/deliveries?colour=red")
    assert (answer.status, list(answer.details)) == (422, ["colour"])
