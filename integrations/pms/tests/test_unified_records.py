from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
import responses

from integrations.pms.errors import NotFound, UnreadableAnswer
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import (
    ConnectionHealth,
    LeaseStatus,
    MalformedRecord,
    Occupancy,
    PmsCharge,
    PmsChargeCode,
    PmsConnection,
    PmsLease,
    PmsPayment,
    PmsProperty,
    PmsResident,
    PmsUnit,
)
from integrations.pms.tests.wire import asked, serve, serve_rows

UPDATED = datetime(2026, 3, 31, 8, 0, tzinfo=UTC)


def test_it_reads_a_connection(wire: responses.RequestsMock, gateway: PmsGateway) -> None:
    serve(
        wire,
        "/v1/connections/conn_1",
        {
            "id": "conn_1",
            "provider": "yardi",
            "name": "Acme",
            "status": "active",
            "sync_config": {"models": ["leases"], "frequency": "realtime"},
            "last_synced_at": "2026-03-31T08:00:00Z",
        },
    )
    assert gateway.read_connection(connection_id="conn_1") == PmsConnection(
        "conn_1", "yardi", "Acme", ConnectionHealth.ACTIVE, "active", UPDATED, "unified"
    )
    assert asked(wire) == ["/v1/connections/conn_1"]


@pytest.mark.parametrize(
    ("status", "health"),
    [
        ("syncing", ConnectionHealth.SYNCING),
        ("auth_failed", ConnectionHealth.AUTH_FAILED),
        ("inactive", ConnectionHealth.INACTIVE),
        ("Active", ConnectionHealth.ACTIVE),
        ("paused", ConnectionHealth.UNKNOWN),
        (None, ConnectionHealth.UNKNOWN),
    ],
)
def test_it_knows_how_a_connection_is(
    wire: responses.RequestsMock, gateway: PmsGateway, status: str | None, health: ConnectionHealth
) -> None:
    serve(wire, "/v1/connections/conn_1", {"id": "conn_1", "status": status})
    found = gateway.read_connection(connection_id="conn_1")
    assert (found.health, found.raw_status) == (health, status or "")


def test_an_id_cannot_leave_its_place_in_the_path(
    wire: responses.RequestsMock, gateway: PmsGateway
) -> None:
    serve(wire, "/v1/connections/..%2Funits%3Fx", {"id": "../units?x"})
    assert gateway.read_connection(connection_id="../units?x").connection_id == "../units?x"
    for dots in ("", ".", ".."):
        with pytest.raises(NotFound, match="no connection"):
            gateway.read_connection(connection_id=dots)
    assert len(wire.calls) == 1


@pytest.mark.parametrize("body", [{}, {"id": 7}, {"id": "conn_2"}, [], {"id": "conn_1", "name": 7}])
def test_a_connection_that_makes_no_sense_is_an_error(
    wire: responses.RequestsMock, gateway: PmsGateway, body: object
) -> None:
    serve(wire, "/v1/connections/conn_1", body)
    with pytest.raises(UnreadableAnswer, match="cannot be read"):
        gateway.read_connection(connection_id="conn_1")


def test_a_connection_that_is_not_there_is_not_found(
    wire: responses.RequestsMock, gateway: PmsGateway
) -> None:
    serve(wire, "/v1/connections/conn_1", {"error": {"code": "NOT_FOUND"}}, status=404)
    with pytest.raises(NotFound):
        gateway.read_connection(connection_id="conn_1")


def test_it_lists_properties(wire: responses.RequestsMock, gateway: PmsGateway) -> None:
    address = {"street": "12 Elm St", "city": "Boston", "state": "MA", "zip": "02139"}
    serve_rows(
        wire,
        "/v1/properties",
        {
            "id": "prop_1",
            "name": "Elm  Court ",
            "address": address,
            "unit_count": 48,
            "total_sqft": 41_500,
            "updated_at": "2026-03-31T08:00:00Z",
        },
        {"id": "prop_2", "address": None, "total_sqft": None},
    )
    assert list(gateway.list_properties(connection_id="conn_1")) == [
        PmsProperty(
            "prop_1", "Elm Court", "12 Elm St", "Boston", "MA", "02139", 48, 41_500, UPDATED
        ),
        PmsProperty("prop_2", "", "", "", "", "", None, None, None),
    ]
    assert asked(wire) == ["/v1/properties?connection_id=conn_1&cursor=&per_page=200"]


def test_it_lists_units(wire: responses.RequestsMock, gateway: PmsGateway) -> None:
    serve_rows(
        wire,
        "/v1/units",
        {
            "id": "unit_1",
            "property_id": "prop_1",
            "unit_number": "A-202",
            "sqft": 742,
            "bedrooms": 1,
            "bathrooms": Decimal("1.5"),
            "status": "Occupied",
            "current_lease": {"id": "lease_1", "occupant_count": 2, "end_date": None},
            "updated_at": "2026-03-31T08:00:00Z",
        },
    )
    assert list(gateway.list_units(property_id="prop_1")) == [
        PmsUnit(
            unit_id="unit_1",
            property_id="prop_1",
            unit_number="A-202",
            building="",
            square_feet=742,
            bedrooms=Decimal(1),
            bathrooms=Decimal("1.5"),
            occupancy=Occupancy.OCCUPIED,
            billable=True,
            raw_status="Occupied",
            current_lease_id="lease_1",
            occupant_count=2,
            updated_at=UPDATED,
        )
    ]
    assert asked(wire) == ["/v1/units?property_id=prop_1&cursor=&per_page=200"]


def test_what_a_unit_lacks_is_none_and_never_zero(
    wire: responses.RequestsMock, gateway: PmsGateway
) -> None:
    row = {"id": "unit_2", "property_id": "prop_1", "unit_number": 101, "status": "vacant"}
    serve_rows(wire, "/v1/units", {**row, "sqft": 0, "bathrooms": None, "current_lease": None})
    (unit,) = gateway.list_units(property_id="prop_1")
    assert isinstance(unit, PmsUnit)
    assert unit.unit_number == "101"
    assert (unit.square_feet, unit.bedrooms, unit.bathrooms) == (None, None, None)
    assert (unit.current_lease_id, unit.occupant_count, unit.updated_at) == (None, None, None)


def test_a_studio_has_no_bedroom(wire: responses.RequestsMock, gateway: PmsGateway) -> None:
    row = {"id": "unit_2", "property_id": "prop_1", "unit_number": "1", "bedrooms": "Studio"}
    serve_rows(wire, "/v1/units", row)
    (unit,) = gateway.list_units(property_id="prop_1")
    assert isinstance(unit, PmsUnit)
    assert unit.bedrooms == Decimal(0)


@pytest.mark.parametrize(
    ("status", "occupancy", "billable"),
    [
        ("occupied", Occupancy.OCCUPIED, True),
        ("notice", Occupancy.OCCUPIED, True),
        ("eviction", Occupancy.OCCUPIED, True),
        ("vacant", Occupancy.VACANT, True),
        ("down", Occupancy.VACANT, False),
        ("MODEL", Occupancy.VACANT, False),
        ("admin", Occupancy.VACANT, False),
        ("renovation", Occupancy.UNKNOWN, True),
        ("", Occupancy.UNKNOWN, True),
        (None, Occupancy.UNKNOWN, True),
    ],
)
def test_a_status_says_whether_a_unit_is_lived_in_and_billed(
    wire: responses.RequestsMock,
    gateway: PmsGateway,
    status: str | None,
    occupancy: Occupancy,
    billable: bool,
) -> None:
    row = {"id": "unit_1", "property_id": "prop_1", "unit_number": "1", "status": status}
    serve_rows(wire, "/v1/units", row)
    (unit,) = gateway.list_units(property_id="prop_1")
    assert isinstance(unit, PmsUnit)
    assert (unit.occupancy, unit.billable, unit.raw_status) == (occupancy, billable, status or "")


def test_a_unit_of_another_property_is_not_taken(
    wire: responses.RequestsMock, gateway: PmsGateway
) -> None:
    row = {"id": "unit_1", "property_id": "prop_2", "unit_number": "1", "status": "occupied"}
    serve_rows(wire, "/v1/units", row)
    (unit,) = gateway.list_units(property_id="prop_1")
    assert isinstance(unit, MalformedRecord)
    assert unit.problems == ('property_id is "prop_2"; it must be prop_1, which was asked for.',)


def test_it_lists_leases(wire: responses.RequestsMock, gateway: PmsGateway) -> None:
    serve_rows(
        wire,
        "/v1/leases",
        {
            "id": "lease_42",
            "resident_id": "res_98765",
            "unit_id": "unit_204B",
            "start_date": "2025-01-01",
            "end_date": "2026-01-01",
            "monthly_rent": Decimal("2150.00"),
            "status": "active",
            "occupant_count": 3,
            "updated_at": "2026-03-31T08:00:00Z",
        },
        {"id": "lease_43", "unit_id": "unit_1", "status": "Month-to-Month"},
        {"id": "lease_44", "unit_id": "unit_1", "status": "evicted"},
    )
    rent = Decimal("2150.00")
    start, end = date(2025, 1, 1), date(2026, 1, 1)
    mtm, unknown = LeaseStatus.MONTH_TO_MONTH, LeaseStatus.UNKNOWN
    assert list(gateway.list_leases(property_id="prop_1")) == [
        PmsLease(
            "lease_42",
            "unit_204B",
            "res_98765",
            start,
            end,
            LeaseStatus.ACTIVE,
            "active",
            3,
            rent,
            UPDATED,
        ),
        PmsLease("lease_43", "unit_1", None, None, None, mtm, "Month-to-Month", None, None),
        PmsLease("lease_44", "unit_1", None, None, None, unknown, "evicted", None, None),
    ]
    assert asked(wire) == ["/v1/leases?property_id=prop_1&cursor=&per_page=200"]


def test_it_lists_residents(wire: responses.RequestsMock, gateway: PmsGateway) -> None:
    serve_rows(
        wire,
        "/v1/residents",
        {
            "id": "res_1",
            "first_name": "Ann",
            "last_name": "Lee",
            "unit_id": "unit_1",
            "lease_status": "active",
            "source_pms": "yardi",
            "is_primary": True,
            "email": "not.read@example.com",
        },
        {"id": "res_2", "first_name": None, "last_name": "Acme LLC"},
    )
    assert list(gateway.list_residents(property_id="prop_1")) == [
        PmsResident("res_1", "Ann", "Lee", "unit_1", is_primary=True),
        PmsResident("res_2", "", "Acme LLC", None, None),
    ]
    assert asked(wire) == ["/v1/residents?property_id=prop_1&cursor=&per_page=200"]


def test_it_lists_charge_codes(wire: responses.RequestsMock, gateway: PmsGateway) -> None:
    serve_rows(
        wire,
        "/v1/charge-codes",
        {"code": "UTIL", "name": "Utilities", "property_id": "prop_1", "gl_account": 4410},
        {"code": "RENT", "name": 7, "property_id": "prop_1", "gl_account": None},
    )
    good, bad = gateway.list_charge_codes(property_id="prop_1")
    assert good == PmsChargeCode("UTIL", "Utilities", "prop_1", "4410", "UTIL", "charge_code")
    assert isinstance(bad, MalformedRecord)
    assert bad.remote_id == "RENT"
    assert asked(wire) == ["/v1/charge-codes?property_id=prop_1&cursor=&per_page=200"]


def test_it_lists_charges(wire: responses.RequestsMock, gateway: PmsGateway) -> None:
    serve_rows(
        wire,
        "/v1/charges",
        {
            "id": "chg_1",
            "unit_id": "unit_1",
            "lease_id": None,
            "amount": Decimal("-142.50"),
            "effective_date": "2026-04-01",
            "charge_code": "UTIL",
            "description": "Water [MB-7F3K2Q9AXT4CV]",
            "created_at": "2026-04-01T00:00:00Z",
        },
    )
    day = date(2026, 4, 1)
    charges = gateway.list_charges(property_id="prop_1", unit_id="unit_1", effective_date=day)
    assert list(charges) == [
        PmsCharge(
            "chg_1",
            "unit_1",
            None,
            Decimal("-142.50"),
            day,
            "UTIL",
            "Water [MB-7F3K2Q9AXT4CV]",
        )
    ]
    filters = "property_id=prop_1&unit_id=unit_1&effective_date=2026-04-01"
    assert asked(wire) == [f"/v1/charges?{filters}&cursor=&per_page=200"]


def test_it_lists_payments(wire: responses.RequestsMock, gateway: PmsGateway) -> None:
    serve_rows(
        wire,
        "/v1/payments",
        {
            "id": "pay_1",
            "lease_id": "lease_1",
            "amount": Decimal("142.50"),
            "received_on": "2026-04-03",
            "charge_id": "chg_1",
        },
    )
    assert list(gateway.list_payments(property_id="prop_1")) == [
        PmsPayment("pay_1", "lease_1", Decimal("142.50"), date(2026, 4, 3), "chg_1")
    ]
    assert asked(wire) == ["/v1/payments?property_id=prop_1&cursor=&per_page=200"]


def test_it_asks_for_what_changed_since_a_moment(
    wire: responses.RequestsMock, gateway: PmsGateway
) -> None:
    for path in ("/v1/units", "/v1/leases", "/v1/residents"):
        serve_rows(wire, path)
    since = datetime(2026, 3, 31, 3, 0, tzinfo=timezone(timedelta(hours=-5)))
    for read in (gateway.list_units, gateway.list_leases, gateway.list_residents):
        assert list(read(property_id="prop_1", updated_since=since)) == []
    stamp = "updated_since=2026-03-31T08%3A00%3A00Z"
    assert asked(wire) == [
        f"/v1/{name}?property_id=prop_1&{stamp}&cursor=&per_page=200"
        for name in ("units", "leases", "residents")
    ]


def test_a_moment_without_a_zone_is_refused(gateway: PmsGateway) -> None:
    with pytest.raises(ValueError, match="time zone"):
        gateway.list_units(property_id="prop_1", updated_since=UPDATED.replace(tzinfo=None))
