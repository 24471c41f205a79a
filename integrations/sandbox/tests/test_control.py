from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from integrations.sandbox.tests.client import CHARGE, Client


@pytest.fixture
def control(sandbox):
    """A client without a key, which is all that the control endpoints need."""
    return Client(sandbox.base_url, key="")


def lease_of_304(control):
    found = control.get("/_sandbox/leases?unit_number=304&property_id=prop_001").body["leases"]
    return next(lease for lease in found if lease["status"] == "active")


def test_health_tells_what_the_world_is_made_of(control):
    assert control.get("/_sandbox/health").body == {
        "status": "ok",
        "seed": 1,
        "properties": 1,
        "units": 48,
        "charges": 0,
    }


def test_the_ledger_lists_charges_in_order_with_their_total(sandbox, client, control):
    amounts = [Decimal("142.50"), Decimal("-0.05"), Decimal("7.10")]
    ids = [client.post("/v1/charges", {**CHARGE, "amount": a}).body["id"] for a in amounts]
    answer = control.get("/_sandbox/ledger")
    assert [charge["id"] for charge in answer.body["charges"]] == ids
    assert (answer.body["count"], answer.body["total"]) == (3, "149.55")
    assert b'"amount":-0.05' in answer.raw
    first = answer.body["charges"][0]
    assert first["unit_number"] == "304"
    assert first["property_id"] == "prop_001"
    assert [entry.id for entry in sandbox.ledger()] == ids


def test_an_empty_ledger_sums_to_nothing(control):
    assert control.get("/_sandbox/ledger").body == {"charges": [], "count": 0, "total": "0.00"}


def test_an_ended_lease_leaves_a_vacant_unit_that_is_not_charged(client, control):
    lease = lease_of_304(control)
    before = client.get("/v1/units/unit_001_0028").body["updated_at"]
    ended = control.post(f"/_sandbox/leases/{lease['id']}/end", {"end_date": "2026-03-15"})
    assert (ended.body["status"], ended.body["end_date"]) == ("past", "2026-03-15")
    unit = client.get("/v1/units/unit_001_0028").body
    assert (unit["status"], unit["current_lease"]) == ("vacant", None)
    assert unit["updated_at"] > before
    answer = client.post("/v1/charges", CHARGE)
    assert answer.code == "LEASE_NOT_FOUND"
    assert answer.body["error"]["message"] == (
        "Resident lease expired. No active lease found for unit 304."
    )


def test_what_an_ended_lease_changed_is_found_by_an_incremental_read(client, control):
    lease = lease_of_304(control)
    since = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    control.call("POST", f"/_sandbox/leases/{lease['id']}/end")
    assert client.get(f"/v1/units?updated_since={since}").ids == ["unit_001_0028"]
    assert client.get(f"/v1/leases?updated_since={since}").ids == [lease["id"]]
    assert lease["resident_id"] in client.get(f"/v1/residents?updated_since={since}").ids
    assert client.get("/v1/connections/conn_001").body["last_synced_at"] >= since


def test_a_lease_ends_today_unless_told_otherwise(control):
    lease = lease_of_304(control)
    before = datetime.now(UTC).date().isoformat()
    ended = control.call("POST", f"/_sandbox/leases/{lease['id']}/end").body["end_date"]
    assert before <= ended <= datetime.now(UTC).date().isoformat()


def test_a_lease_cannot_end_before_it_starts(control):
    lease = lease_of_304(control)
    answer = control.post(f"/_sandbox/leases/{lease['id']}/end", {"end_date": "2020-01-01"})
    assert answer.details.keys() == {"end_date"}
    assert lease_of_304(control) == lease


def test_an_unknown_lease_cannot_end(control):
    assert control.call("POST", "/_sandbox/leases/lease_404/end").status == 404


def test_leases_are_looked_up_by_property_and_unit_number(control):
    answer = control.get("/_sandbox/leases")
    assert answer.details.keys() == {"property_id", "unit_number"}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"kind": "explode"}, "kind"),
        ({"path": "/_sandbox/ledger"}, "path"),
        ({"count": 0}, "count"),
        ({"count": Decimal("1.5")}, "count"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": True}, "seconds"),
        ({"method": None}, "method"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(control, fields, named):
    fault = {"path": "/v1/charges", "method": "POST", "kind": "drop_after", **fields}
    answer = control.post("/_sandbox/faults", fault)
    assert answer.status == 422
    assert list(answer.details) == [named]
