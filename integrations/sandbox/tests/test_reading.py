from __future__ import annotations

from decimal import Decimal

import pytest

LISTS = (
    "/v1/connections",
    "/v1/properties",
    "/v1/units",
    "/v1/leases",
    "/v1/residents",
    "/v1/charge-codes",
    "/v1/charges",
    "/v1/payments",
)


def test_connections_show_every_state(full):
    answer = full.get("/v1/connections")
    assert {(row["id"], row["provider"], row["status"]) for row in answer.body["data"]} == {
        ("conn_001", "yardi", "active"),
        ("conn_auth_failed", "realpage", "auth_failed"),
        ("conn_syncing", "entrata", "syncing"),
        ("conn_inactive", "appfolio", "inactive"),
    }


def test_a_connection_is_a_bare_object_in_the_contracts_shape(full):
    answer = full.get("/v1/connections/conn_syncing")
    assert answer.status == 200
    assert answer.body["sync_config"]["frequency"] == "realtime"
    assert "units" in answer.body["sync_config"]["models"]
    assert answer.body["last_synced_at"] is None


def test_a_property_nests_its_address(full):
    assert full.get("/v1/properties/prop_001").body == {
        "id": "prop_001",
        "name": "Maplewood Court Apartments",
        "address": {"street": "1420 Kinney Ave", "city": "Austin", "state": "TX", "zip": "78704"},
        "unit_count": 48,
        "total_sqft": full.get("/v1/properties?connection_id=conn_001").body["data"][0][
            "total_sqft"
        ],
        "updated_at": "2026-01-05T06:00:00.000000Z",
    }


def test_a_connection_lists_its_own_properties(full):
    assert full.get("/v1/properties?connection_id=conn_001").ids == [
        "prop_001",
        "prop_002",
        "prop_003",
    ]
    assert full.get("/v1/properties?connection_id=conn_syncing").ids == []


def test_a_unit_carries_its_current_lease(full):
    unit = full.get("/v1/units/unit_001_0028").body
    lease = full.get(f"/v1/leases/{unit['current_lease']['id']}").body
    assert unit["unit_number"] == "304"
    assert unit["bathrooms"] == Decimal("1.5")
    assert unit["current_lease"] == {
        name: lease[name]
        for name in ("id", "occupant_count", "start_date", "end_date", "resident_id")
    }


def test_a_vacant_unit_has_no_current_lease(full):
    units = full.get("/v1/units?property_id=prop_001&per_page=200").body["data"]
    assert [unit["unit_number"] for unit in units if unit["current_lease"] is None] == [
        "107",
        "212",
        "403",
    ]


def test_rents_are_written_with_two_decimals(full):
    lease_id = full.get("/v1/leases?property_id=prop_001&per_page=1").ids[0]
    answer = full.get(f"/v1/leases/{lease_id}")
    assert answer.body["monthly_rent"].as_tuple().exponent == -2


def test_residents_say_where_they_come_from(full):
    answer = full.get("/v1/residents?property_id=prop_002&per_page=200")
    assert {person["source_pms"] for person in answer.body["data"]} == {"yardi"}
    assert {person["lease_status"] for person in answer.body["data"]} == {
        "active",
        "future",
        "month_to_month",
        "past",
    }
    person = full.get(f"/v1/residents/{answer.ids[0]}").body
    assert person == answer.body["data"][0]


def test_charge_codes_are_those_of_the_property(full):
    codes = {
        property_id: {
            entry["code"]
            for entry in full.get(f"/v1/charge-codes?property_id={property_id}").body["data"]
        }
        for property_id in ("prop_001", "prop_003")
    }
    assert codes["prop_001"] - codes["prop_003"] == {"RUBS"}
    assert codes["prop_001"] >= {"UTIL", "ELEC", "WATER", "GAS", "SEWER", "TRASH", "RENT"}


def test_payments_belong_to_leases_of_the_property(full):
    payments = full.get("/v1/payments?property_id=prop_001").body["data"]
    leases = full.all_ids("/v1/leases?property_id=prop_001", per_page=200)
    assert payments
    assert {payment["lease_id"] for payment in payments} <= set(leases)


@pytest.mark.parametrize("path", LISTS)
def test_every_list_reads_only_what_changed_since(full, path):
    everything = full.get(f"{path}?updated_since=2026-01-01").body["pagination"]["total"]
    nothing = full.get(f"{path}?updated_since=2026-10-01T00:00:00%2B02:00")
    assert everything > 0 or path == "/v1/charges"
    assert nothing.body["pagination"]["total"] == 0


def test_updated_since_includes_its_own_moment(full):
    moment = full.get("/v1/units/unit_001_0048").body["updated_at"]
    assert "unit_001_0048" in full.get(f"/v1/units?updated_since={moment}").ids


@pytest.mark.parametrize(
    "path",
    [
        "/v1/properties?connection_id=conn_auth_failed",
        "/v1/properties/prop_locked",
        "/v1/units?property_id=prop_locked",
        "/v1/units/unit_999_0001",
        "/v1/leases?property_id=prop_locked",
        "/v1/leases/lease_999_0001",
        "/v1/residents/res_999_0001",
        "/v1/charges?unit_id=unit_999_0001",
        "/v1/payments?property_id=prop_locked",
    ],
)
def test_nothing_is_read_behind_an_expired_login(full, path):
    answer = full.get(path)
    assert (answer.status, answer.code) == (403, "AUTHORIZATION_FAILED")
    assert answer.details == {"connection_id": "conn_auth_failed"}


def test_a_connection_with_an_expired_login_itself_can_be_read(full):
    assert full.get("/v1/connections/conn_auth_failed").body["status"] == "auth_failed"


def test_lists_over_everything_leave_out_what_is_behind_an_expired_login(full):
    assert "prop_locked" not in full.get("/v1/properties").ids


@pytest.mark.parametrize(
    "path",
    [
        "/v1/connections/conn_404",
        "/v1/properties/prop_404",
        "/v1/units/unit_404",
        "/v1/leases/lease_404",
        "/v1/residents/res_404",
        "/v1/charges/chg_404",
        "/v1/units?property_id=prop_404",
        "/v1/properties?connection_id=conn_404",
        "/v1/charges?unit_id=unit_404",
        "/v1/nothing",
        "/v1/units/a/b",
        "/",
    ],
)
def test_what_is_not_there_is_not_found(full, path):
    answer = full.get(path)
    assert (answer.status, answer.code) == (404, "NOT_FOUND")
