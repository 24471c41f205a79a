from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.sandbox.happenings import Happening
from integrations.sandbox.server import running_sandbox
from integrations.sandbox.syncs import SyncOrder, finish_syncs, start_sync
from integrations.sandbox.tests.client import CHARGE, Client

# So far ahead that the outbox, which lives by the real clock, leaves these syncs alone.
NOON = datetime(2100, 4, 1, 12, tzinfo=UTC)


def sync(client, **fields):
    return client.post("/_sandbox/syncs", {"connection_id": "conn_001", **fields})


def integration(client):
    return client.get("/v1/admin/integrations/conn_001/").body["results"]


def test_a_sync_that_takes_no_time_has_ended_with_the_answer(client):
    before = client.get("/v1/connections/conn_001").body["last_synced_at"]
    ended = sync(client)
    assert ended.status == 201
    assert ended.body["completed_at"] >= ended.body["started_at"]
    after = client.get("/v1/connections/conn_001").body
    assert after["last_synced_at"] == ended.body["completed_at"] > before
    assert after["status"] == "active"
    assert client.get(f"/_sandbox/syncs/{ended.body['id']}").body == ended.body


def test_a_sync_is_running_until_its_time_has_come(client):
    before = integration(client)["last_completed_sync"]
    started = sync(client, seconds=300).body
    assert started["completed_at"] is None
    assert client.get("/v1/connections/conn_001").body["status"] == "syncing"
    assert integration(client)["is_running_sync"] is True
    assert integration(client)["last_completed_sync"] == before
    again = sync(client)
    assert (again.status, again.code) == (409, "SYNC_RUNNING")


def test_a_sync_ends_by_itself(sandbox):
    store = sandbox.sandbox.store
    start_sync(store, SyncOrder("conn_001", seconds=60), now=NOON)
    assert finish_syncs(store, now=NOON + timedelta(seconds=59)) == ()
    told = finish_syncs(store, now=NOON + timedelta(seconds=60))
    assert [happening.kind for happening in told] == ["SYNC_COMPLETE"]
    assert finish_syncs(store, now=NOON + timedelta(hours=1)) == ()


def test_a_running_sync_goes_on_after_a_restart(tmp_path):
    with running_sandbox(data_dir=tmp_path, properties=1, units=1) as running:
        started = sync(Client(running.base_url), seconds=300).body
        store = running.sandbox.store
        with store.changing() as connection:
            connection.execute("UPDATE pms_syncs SET ends_at = started_at")
    with running_sandbox(data_dir=tmp_path, properties=1, units=1) as running:
        running.sandbox.outbox.ping(event="test.ping", connection_id="conn_001")
        client = Client(running.base_url)
        deadline = datetime.now(UTC) + timedelta(seconds=10)
        ended = None
        while ended is None and datetime.now(UTC) < deadline:
            ended = client.get(f"/_sandbox/syncs/{started['id']}").body["completed_at"]
        assert ended is not None


def test_the_first_sync_is_told_apart(sandbox):
    store = sandbox.sandbox.store
    started = start_sync(store, SyncOrder("conn_syncing"), now=NOON)
    assert started["is_first"] is True
    told = finish_syncs(store, now=NOON)
    assert [happening.kind for happening in told] == ["FIRST_SYNC_COMPLETE"]
    assert start_sync(store, SyncOrder("conn_syncing"), now=NOON)["is_first"] is False


def test_jobs_of_a_sync_can_fail(sandbox):
    store = sandbox.sandbox.store
    start_sync(store, SyncOrder("conn_001", failed_jobs=2), now=NOON)
    *failures, finished = finish_syncs(store, now=NOON)
    assert [failure.kind for failure in failures] == ["JOB_FAILURE", "JOB_FAILURE"]
    assert finished.facts["failed_job_count"] == 2
    assert finished.facts["successful_job_count"] == 47


def test_two_equal_syncs_are_told_in_equal_words(sandbox):
    store = sandbox.sandbox.store
    told: list[Happening] = []
    for minute in (1, 2):
        now = NOON + timedelta(minutes=minute)
        start_sync(store, SyncOrder("conn_001"), now=now)
        told += finish_syncs(store, now=now)
    assert told[0] == told[1]


def test_a_sync_tells_of_the_charges_that_it_reads_back_once(sandbox, client):
    charge = client.post("/v1/charges", CHARGE).body
    store = sandbox.sandbox.store
    start_sync(store, SyncOrder("conn_001"), now=NOON)
    first, *_ = finish_syncs(store, now=NOON)
    assert (first.kind, first.model, first.record_id) == (
        "DATA_NEW",
        "resident_charges",
        charge["id"],
    )
    later = NOON + timedelta(seconds=1)
    start_sync(store, SyncOrder("conn_001"), now=later)
    assert [happening.kind for happening in finish_syncs(store, now=later)] == ["SYNC_COMPLETE"]


def test_a_sync_fails_when_the_login_expires_under_it(sandbox, client):
    before = client.get("/v1/connections/conn_001").body["last_synced_at"]
    store = sandbox.sandbox.store
    start_sync(store, SyncOrder("conn_001", seconds=1), now=NOON)
    client.post("/_sandbox/faults", {"kind": "expired_credentials", "connection_id": "conn_001"})
    told = finish_syncs(store, now=NOON + timedelta(seconds=1))
    assert [happening.kind for happening in told] == ["JOB_FAILURE"]
    assert client.get("/v1/connections/conn_001").body["last_synced_at"] == before
    client.call("DELETE", "/_sandbox/faults")
    assert client.get("/v1/connections/conn_001").body["status"] == "active"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"connection_id": "conn_404"}, 404),
        ({"connection_id": "conn_auth_failed"}, 403),
        ({"seconds": -1}, 422),
        ({"failed_jobs": 50}, 422),
    ],
)
def test_a_sync_that_cannot_be_is_refused(client, fields, status):
    assert sync(client, **fields).status == status
