from __future__ import annotations

import pytest

from integrations.sandbox.server import running_sandbox
from integrations.sandbox.tests.client import Client, written

ONE = "/v1/admin/integrations/conn_appfolio"


@pytest.fixture
def admin(tmp_path):
    pms = ("appfolio", "mri", "realpage", "resman")
    with running_sandbox(data_dir=tmp_path, properties=1, units=4, pms=pms) as running:
        yield Client(running.base_url)


def test_integrations_are_listed_by_vendor(admin):
    everything = admin.get("/v1/admin/integrations/").body
    assert everything["meta"]["total"] == 8
    found = admin.get("/v1/admin/integrations/?integration_vendor=MRI").body["results"]
    assert [row["id"] for row in found] == ["conn_mri"]
    assert admin.get("/v1/admin/integrations/?is_archived=true").body["results"] == []


@pytest.mark.parametrize(
    ("integration_id", "active", "can_authenticate", "running", "synced"),
    [
        ("conn_001", True, True, False, True),
        ("conn_auth_failed", True, False, False, True),
        ("conn_syncing", True, True, True, False),
        ("conn_inactive", False, True, False, True),
    ],
)
def test_an_integration_tells_how_it_is(
    admin, integration_id, active, can_authenticate, running, synced
):
    found = admin.get(f"/v1/admin/integrations/{integration_id}/").body["results"]
    assert found["active"] is active
    assert found["can_authenticate"] is can_authenticate
    assert found["is_running_sync"] is running
    assert (found["last_completed_sync"] is not None) is synced


def test_an_unknown_integration_is_null_and_no_error(admin):
    answer = admin.get("/v1/admin/integrations/nobody/")
    assert (answer.status, answer.body["results"]) == (200, None)
    assert answer.body["meta"]["orderBy"]


@pytest.mark.parametrize(
    ("integration_id", "posts"),
    [
        ("conn_001", True),
        ("conn_appfolio", True),
        ("conn_resman", True),
        ("conn_mri", False),
        ("conn_realpage", False),
    ],
)
def test_data_access_tells_who_can_post_charges(admin, integration_id, posts):
    path = f"/v1/admin/integrations/{integration_id}/data-access"
    access = admin.get(path).body["result"]["models"]["resident_charges"]
    expected = {"status": "SUCCESS", "error_message": None} if posts else {"unsupported": True}
    assert access["create"] == expected
    assert access["read"] == {"status": "SUCCESS", "error_message": None}


def test_data_access_of_an_expired_login_has_failed(admin):
    path = "/v1/admin/integrations/conn_auth_failed/data-access"
    access = admin.get(path).body["result"]["models"]["units"]["read"]
    assert access["status"] == "FAILED"
    assert "403" in access["error_message"]


def test_a_check_of_data_access_can_be_started(admin):
    answer = admin.post(f"{ONE}/data-access", {})
    assert answer.body == {"result": {"began_data_access": True}}
    assert admin.post(f"{ONE}/data-access", {"loud": True}).status == 400


def test_a_manual_sync_begins_once(admin):
    assert admin.post("/v1/admin/integrations/nobody/manual-sync", {}).status == 404
    assert admin.post(f"{ONE}/manual-sync", {}).body == {"result": {"success": True}}


def test_a_property_that_is_not_enabled_has_no_units_in_either_contract(admin):
    configurations = admin.get(f"{ONE}/properties").body["results"]
    assert {row["property_id"]: row["enabled"] for row in configurations} == {
        "prop_appfolio": True,
        "prop_appfolio_off": False,
    }
    listed = admin.get("/v1/properties/?integration_id=conn_appfolio").body["results"]
    assert {row["id"]: row["number_of_units"] for row in listed}["prop_appfolio_off"] == 6
    for model in ("units", "leases", "residents"):
        assert admin.get(f"/v1/{model}/?property_id=prop_appfolio_off").body["results"] == []
        assert admin.get(f"/v1/{model}?property_id=prop_appfolio_off").body["data"] == []


def test_a_property_that_is_switched_on_brings_its_units_as_new(admin):
    rows = admin.get(f"{ONE}/properties").body["results"]
    off = next(row for row in rows if not row["enabled"])
    path = f"{ONE}/properties/{off['id']}"
    answer = admin.call("PUT", path, written({"enabled": True}))
    assert answer.body["results"] == {**off, "enabled": True}
    units = "/v1/units/?property_id=prop_appfolio_off&updated_at_gte=2026-06-01T00:00:00Z"
    assert admin.get(units).body["meta"]["total"] == 6
    assert admin.call("PUT", path, written({"enabled": False})).body["results"]["enabled"] is False
    assert admin.get(units).body["meta"]["total"] == 6


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("pc_nobody", {"enabled": True}, 404),
        ("pc_905", {"enabled": "yes"}, 400),
        ("pc_905", {}, 400),
        ("pc_905", {"enabled": True, "loud": True}, 400),
    ],
)
def test_a_configuration_is_changed_by_its_own_id_and_a_boolean(admin, path, body, status):
    assert admin.call("PUT", f"{ONE}/properties/{path}", written(body)).status == status


def test_changes_can_be_caught_up_on(admin):
    control = Client(admin.base_url, key="")
    control.post("/_sandbox/leases/lease_001_0001/end", {"end_date": "2026-03-15"})
    path = "/v1/admin/data-diffs/?integration_id=conn_001"
    rows = admin.get(path).body["results"]
    assert "leases" in {row["model"] for row in rows}
    assert {row["event_type"] for row in rows} == {"UPDATE"}
    assert admin.get(f"{path}&after=2126-01-01T00:00:00Z").body["results"] == []
    assert admin.get(f"{path}&before=2026-01-01T00:00:00Z").body["results"] == []
