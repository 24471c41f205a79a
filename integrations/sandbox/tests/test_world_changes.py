from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from integrations.sandbox.tests.client import CHARGE, written

UNIT = "/_sandbox/units/unit_001_0028"


def now():
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def patch(client, path, body):
    answer = client.call("PATCH", path, written(body))
    assert answer.status == 200, answer.body
    return answer.body


def post(client, path, body):
    answer = client.post(path, body)
    assert answer.status == 201, answer.body
    return answer.body


def test_a_changed_unit_is_found_by_an_incremental_read_of_both_contracts(client):
    since = now()
    patch(client, UNIT, {"sqft": 0, "bathrooms": Decimal("1.5"), "unit_number": "304-A"})
    assert client.get(f"/v1/units?updated_since={since}").ids == ["unit_001_0028"]
    found = client.get(f"/v1/units/?updated_at_gte={since}").body["results"]
    assert [(unit["id"], unit["square_feet"]) for unit in found] == [("unit_001_0028", 0)]
    unit = client.get("/v1/units/unit_001_0028").body
    assert (unit["sqft"], unit["bathrooms"]) == (0, Decimal("1.5"))
    assert client.get("/v1/connections/conn_001").body["last_synced_at"] >= since


def test_a_field_can_be_made_unknown(client):
    patch(client, UNIT, {"sqft": None, "bedrooms": None})
    unit = client.get("/v1/units/unit_001_0028").body
    assert (unit["sqft"], unit["bedrooms"]) == (None, None)


def test_a_changed_lease_changes_its_units_record_too(client):
    lease = client.get("/v1/units/unit_001_0028").body["current_lease"]
    since = now()
    patch(client, f"/_sandbox/leases/{lease['id']}", {"occupant_count": 7, "monthly_rent": 0})
    assert client.get(f"/v1/units?updated_since={since}").ids == ["unit_001_0028"]
    assert client.get(f"/v1/leases/{lease['id']}").body["monthly_rent"] == 0
    assert client.get("/v1/units/unit_001_0028").body["current_lease"]["occupant_count"] == 7


def test_a_resident_changes_their_name(client):
    since = now()
    patch(client, "/_sandbox/residents/res_001_0001", {"last_name": "O’Neill-Żak"})
    resident = client.get("/v1/residents/res_001_0001").body
    assert resident["last_name"] == "O’Neill-Żak"
    assert resident["updated_at"] >= since


def test_a_property_changes_its_zip_code(client):
    patch(client, "/_sandbox/properties/prop_001", {"zip": "2139", "total_sqft": None})
    place = client.get("/v1/properties/prop_001").body
    assert (place["address"]["zip"], place["total_sqft"]) == ("2139", None)


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        (UNIT, {"sqft": -1}, "sqft"),
        (UNIT, {"bathrooms": "two"}, "bathrooms"),
        (UNIT, {"colour": "red"}, "colour"),
        (UNIT, {"unit_number": None}, "unit_number"),
        (UNIT, {}, "body"),
        ("/_sandbox/leases/lease_001_0001", {"start_date": "soon"}, "start_date"),
        ("/_sandbox/residents/res_001_0001", {"role": "boss"}, "role"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(client, path, body, named):
    answer = client.call("PATCH", path, written(body))
    assert (answer.status, list(answer.details)) == (422, [named])


@pytest.mark.parametrize("kind", ["properties", "units", "leases", "residents"])
def test_what_is_not_there_cannot_change(client, kind):
    field = {"properties": "name", "units": "status", "leases": "status"}.get(kind, "last_name")
    answer = client.call("PATCH", f"/_sandbox/{kind}/nobody", f'{{"{field}":"x"}}'.encode())
    assert answer.status == 404


def test_a_new_unit_is_vacant_until_somebody_moves_in(client):
    since = now()
    made = post(client, "/_sandbox/units", {"property_id": "prop_001", "unit_number": "501"})
    assert client.get(f"/v1/units?updated_since={since}").ids == [made["id"]]
    today = datetime.now(UTC).date()
    tenant = {"unit_id": made["id"], "first_name": "Ada", "last_name": "Byron"}
    lease = post(client, "/_sandbox/leases", {**tenant, "start_date": today.isoformat()})
    unit = client.get(f"/v1/units/{made['id']}").body
    assert (unit["status"], unit["current_lease"]["id"]) == ("occupied", lease["id"])
    again = client.post("/_sandbox/leases", {**tenant, "start_date": today.isoformat()})
    assert list(again.details) == ["unit_id"]
    later = (today + timedelta(days=90)).isoformat()
    future = post(client, "/_sandbox/leases", {**tenant, "start_date": later})
    assert client.get(f"/v1/leases/{future['id']}").body["status"] == "future"


def test_a_new_property_brings_units_people_and_a_chart_of_accounts(client):
    since = now()
    made = post(
        client,
        "/_sandbox/properties",
        {"connection_id": "conn_001", "units": 5, "name": "New House", "zip": "02139-4301"},
    )
    assert client.get(f"/v1/properties?updated_since={since}").ids == [made["id"]]
    place = client.get(f"/v1/properties/{made['id']}").body
    assert (place["name"], place["address"]["zip"]) == ("New House", "02139-4301")
    assert len(client.get(f"/v1/units?property_id={made['id']}").ids) == 5
    assert client.get(f"/v1/residents?property_id={made['id']}").ids
    codes = client.get(f"/v1/charge-codes?property_id={made['id']}").body["data"]
    assert "UTIL" in [code["code"] for code in codes]


def test_a_property_needs_a_connection(client):
    assert client.post("/_sandbox/properties", {"connection_id": "conn_404"}).status == 404


def test_a_unit_that_vanished_is_gone_from_unified_and_grows_old_in_v1(client):
    before = client.get("/v1/units/?property_id=prop_001").body["results"][0]["last_seen"]
    answer = client.call("DELETE", UNIT)
    assert answer.body == {"id": "unit_001_0028", "vanished": True}
    assert client.get("/v1/units/unit_001_0028").status == 404
    assert "unit_001_0028" not in client.get("/v1/units?property_id=prop_001").ids
    assert client.post("/v1/charges", CHARGE).code == "LEASE_NOT_FOUND"
    post(client, "/_sandbox/syncs", {"connection_id": "conn_001"})
    found = client.get("/v1/units/?property_id=prop_001&limit=250").body["results"]
    seen = {unit["id"]: unit["last_seen"] for unit in found}
    assert before <= seen["unit_001_0028"] < seen["unit_001_0001"]


def test_a_lease_that_vanished_leaves_a_unit_without_one(client):
    lease = client.get("/v1/units/unit_001_0028").body["current_lease"]
    client.call("DELETE", f"/_sandbox/leases/{lease['id']}")
    assert client.get(f"/v1/leases/{lease['id']}").status == 404
    assert client.get("/v1/units/unit_001_0028").body["current_lease"] is None
    assert client.get(f"/v1/residents/{lease['resident_id']}").status == 404
    assert client.post("/v1/charges", CHARGE).code == "LEASE_NOT_FOUND"


def test_a_charge_code_is_renamed_and_keeps_its_id(client):
    where = "/_sandbox/charge-codes?property_id=prop_001&code=UTIL"
    codes = "/v1/charge-codes/?property_id=prop_001"
    before = {code["name"]: code["id"] for code in client.get(codes).body["results"]}
    patch(client, where, {"code": "UTILITY", "name": "Utilities, new"})
    after = {code["name"]: code["id"] for code in client.get(codes).body["results"]}
    assert set(before.values()) == set(after.values())
    assert client.post("/v1/charges", CHARGE).code == "INVALID_CHARGE_CODE"
    assert client.post("/v1/charges", {**CHARGE, "charge_code": "UTILITY"}).status == 201


def test_a_charge_code_is_removed_and_added(client):
    removed = client.call("DELETE", "/_sandbox/charge-codes?property_id=prop_001&code=UTIL")
    assert removed.body == {"property_id": "prop_001", "code": "UTIL", "removed": True}
    assert client.post("/v1/charges", CHARGE).code == "INVALID_CHARGE_CODE"
    gone = client.call("DELETE", "/_sandbox/charge-codes?property_id=prop_001&code=UTIL")
    assert gone.status == 404
    post(client, "/_sandbox/charge-codes?property_id=prop_001", {"code": "UTIL"})
    assert client.post("/v1/charges", CHARGE).status == 201
    taken = client.post("/_sandbox/charge-codes?property_id=prop_001", {"code": "UTIL"})
    assert taken.status == 409


def test_changes_are_kept_as_data_diffs_for_who_missed_the_webhooks(client):
    patch(client, UNIT, {"sqft": 777})
    post(client, "/_sandbox/units", {"property_id": "prop_001", "unit_number": "501"})
    diffs = client.get("/v1/admin/data-diffs/?integration_id=conn_001").body["results"]
    told = {diff["event_type"]: diff for diff in diffs}
    assert told["UPDATE"]["model_record_id"] == "unit_001_0028"
    assert told["UPDATE"]["data_diff"]["new"] == {"square_feet": 777}
    assert told["NEW"]["model"] == "units"
