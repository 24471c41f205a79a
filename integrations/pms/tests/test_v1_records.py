from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import responses

from integrations.pms.propexo_v1 import V1Gateway
from integrations.pms.records import MalformedRecord, Occupancy, PmsProperty, PmsResident, PmsUnit
from integrations.pms.tests.v1_wire import only, open_v1, page, serve_rows, serve_window
from integrations.pms.tests.wire import BASE, serve
from integrations.pms.transport import Transport

INTEGRATION = "/v1/admin/integrations/cl_int/"
UPDATED = datetime(2026, 3, 31, 8, 0, tzinfo=UTC)
OF_PROPERTY = {"property_id": "cl_prop"}


@pytest.fixture
def gateway(open_transport: Callable[[str], Transport]) -> V1Gateway:
    return open_v1(open_transport(BASE))


def a_property(property_id: str, **changes: object) -> dict[str, object]:
    return {
        "id": property_id,
        "name": "Maplewood",
        "address_1": "1420 Kinney Ave",
        "address_2": "Suite 2",
        "city": "Austin",
        "state": "TX",
        "zip": "78704-1234",
        "number_of_units": 48,
        "square_feet": 41000,
        "updated_at": "2026-03-31T08:00:00.000Z",
        "street_address_1": "deprecated",
        "square_footage": 1,
        **changes,
    }


def test_a_property_has_a_flat_address_and_says_whether_it_is_loaded(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve_window(
        wire,
        f"{INTEGRATION}properties",
        page(
            {"id": "cfg_1", "property_id": "cl_a", "enabled": True},
            {"id": "cfg_2", "property_id": "cl_b", "enabled": False},
        ),
    )
    bare = dict.fromkeys(a_property("cl_c"), None) | {"id": "cl_c"}
    serve_window(
        wire,
        "/v1/properties/",
        page(a_property("cl_a"), a_property("cl_b", address_2=None, square_feet=0), bare),
        {"integration_id": "cl_int"},
    )
    address = ("Austin", "TX", "78704-1234")
    assert list(gateway.list_properties(connection_id="cl_int")) == [
        PmsProperty(
            "cl_a",
            "Maplewood",
            "1420 Kinney Ave, Suite 2",
            *address,
            48,
            41000,
            UPDATED,
            enabled=True,
        ),
        PmsProperty(
            "cl_b", "Maplewood", "1420 Kinney Ave", *address, 48, None, UPDATED, enabled=False
        ),
        PmsProperty("cl_c", "", "", "", "", "", None, None),
    ]


def test_properties_are_listed_where_configurations_cannot_be_read(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve(wire, f"{INTEGRATION}properties", {"error": {}}, status=404)
    serve_rows(wire, "/v1/properties/", a_property("cl_a"))
    (found,) = gateway.list_properties(connection_id="cl_int")
    assert isinstance(found, PmsProperty)
    assert found.enabled is None


def a_unit(**changes: object) -> dict[str, object]:
    return {
        "id": "cl_unit",
        "property_id": "cl_prop",
        "x_id": "1304",
        "number": "304",
        "building_name": "North",
        "building_number": "2",
        "square_feet": 850,
        "bedrooms": "2",
        "bathrooms": "1.5",
        "bathrooms_full": 1,
        "bathrooms_half": 1,
        "is_vacant": False,
        "updated_at": "2026-03-31T08:00:00.000Z",
        "last_seen": "2026-03-31T09:30:00.000Z",
        **changes,
    }


def read_unit(wire: responses.RequestsMock, gateway: V1Gateway, **changes: object) -> PmsUnit:
    serve_window(wire, "/v1/units/", page(a_unit(**changes)), OF_PROPERTY)
    return only(gateway.list_units(property_id="cl_prop"), PmsUnit)


def test_a_unit_is_read(wire: responses.RequestsMock, gateway: V1Gateway) -> None:
    assert read_unit(wire, gateway) == PmsUnit(
        unit_id="cl_unit",
        property_id="cl_prop",
        unit_number="304",
        building="North",
        square_feet=850,
        bedrooms=Decimal(2),
        bathrooms=Decimal("1.5"),
        occupancy=Occupancy.OCCUPIED,
        billable=True,
        raw_status="occupied",
        current_lease_id=None,
        occupant_count=None,
        updated_at=UPDATED,
        last_seen=datetime(2026, 3, 31, 9, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize("changes", [{"last_seen": None}, {"last_seen": ""}])
def test_a_unit_may_lack_the_time_when_it_was_seen(
    wire: responses.RequestsMock, gateway: V1Gateway, changes: dict[str, object]
) -> None:
    assert read_unit(wire, gateway, **changes).last_seen is None


@pytest.mark.parametrize(
    ("is_vacant", "occupancy"),
    [(True, Occupancy.VACANT), (False, Occupancy.OCCUPIED), (None, Occupancy.UNKNOWN)],
)
def test_vacancy_has_three_states(
    wire: responses.RequestsMock,
    gateway: V1Gateway,
    is_vacant: bool | None,
    occupancy: Occupancy,
) -> None:
    assert read_unit(wire, gateway, is_vacant=is_vacant).occupancy is occupancy


@pytest.mark.parametrize(
    ("changes", "rooms", "warned"),
    [
        ({"bedrooms": "Studio", "bathrooms": "1"}, (Decimal(0), Decimal(1)), 0),
        ({"bedrooms": "0", "bathrooms": "2.50"}, (Decimal(0), Decimal("2.5")), 0),
        ({"bedrooms": "two", "bathrooms": "1"}, (None, Decimal(1)), 1),
        ({"bedrooms": None, "bathrooms": None}, (None, Decimal("1.5")), 0),
        (
            {"bedrooms": "", "bathrooms": None, "bathrooms_full": None, "bathrooms_half": None},
            (None, None),
            0,
        ),
        ({"bathrooms": "1/1", "bathrooms_full": 1, "bathrooms_half": 0}, (Decimal(2), 1), 1),
        ({"bathrooms": None, "bathrooms_full": None, "bathrooms_half": 1}, (2, Decimal("0.5")), 0),
    ],
)
def test_rooms_are_read_from_text_and_nonsense_is_unknown(
    wire: responses.RequestsMock,
    gateway: V1Gateway,
    changes: dict[str, object],
    rooms: tuple[Decimal | None, Decimal | None],
    warned: int,
) -> None:
    unit = read_unit(wire, gateway, **changes)
    assert (unit.bedrooms, unit.bathrooms) == rooms
    assert len(unit.warnings) == warned


def test_a_unit_without_a_number_is_named_by_its_id_in_the_pms(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    unit = read_unit(
        wire, gateway, number=None, square_feet=0, building_name=None, building_number=2
    )
    assert (unit.unit_number, unit.square_feet, unit.building) == ("1304", None, "2")
    assert "no number" in unit.warnings[0]


def test_a_unit_of_another_property_is_not_taken(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve_window(wire, "/v1/units/", page(a_unit(property_id="cl_other")), OF_PROPERTY)
    assert only(gateway.list_units(property_id="cl_prop"), MalformedRecord).kind == "unit"


def test_leases_are_asked_for_by_property(wire: responses.RequestsMock, gateway: V1Gateway) -> None:
    serve_window(wire, "/v1/leases/", page(), OF_PROPERTY)
    assert list(gateway.list_leases(property_id="cl_prop")) == []


@pytest.mark.parametrize(
    ("leases", "lease_ids", "is_primary"),
    [
        ([{"lease_id": "l1", "resident_type_normalized": "PRIMARY"}], ("l1",), True),
        (
            [{"lease_id": "l1"}, {"lease_id": "l2", "resident_type_normalized": "OTHER"}],
            ("l1", "l2"),
            False,
        ),
        ([], (), None),
        (None, (), None),
    ],
)
def test_a_resident_has_a_name_and_leases(
    wire: responses.RequestsMock,
    gateway: V1Gateway,
    leases: object,
    lease_ids: tuple[str, ...],
    is_primary: bool | None,
) -> None:
    row = {"id": "cl_res", "first_name": "Zoë ", "last_name": "Kim", "leases_meta_data": leases}
    serve_window(wire, "/v1/residents/", page(row | {"email_1": "z@kim.test"}), OF_PROPERTY)
    assert only(gateway.list_residents(property_id="cl_prop"), PmsResident) == PmsResident(
        "cl_res", "Zoë", "Kim", None, is_primary, lease_ids
    )
