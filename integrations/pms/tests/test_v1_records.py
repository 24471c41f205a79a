from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar

import pytest
import responses

from integrations.pms.errors import NotFound, OutcomeUnknown, UnreadableAnswer
from integrations.pms.propexo_v1 import V1Gateway
from integrations.pms.records import (
    ConnectionHealth,
    MalformedRecord,
    Occupancy,
    PmsCharge,
    PmsChargeCode,
    PmsConnection,
    PmsPayment,
    PmsProperty,
    PmsResident,
    PmsUnit,
    PmsWriteJob,
)
from integrations.pms.tests.v1_wire import asked_v1, open_v1, page, serve_rows, serve_window
from integrations.pms.tests.wire import BASE, serve
from integrations.pms.transport import Transport

INTEGRATION = "/v1/admin/integrations/cl_int/"
UPDATED = datetime(2026, 3, 31, 8, 0, tzinfo=UTC)
OF_PROPERTY = {"property_id": "cl_prop"}
REFUSAL = {"error": {"code": "invalid_request", "message": "Not for this vendor"}}
OF_LEDGER = {"integration_id": "cl_int", "property_id": "cl_prop"}

RowT = TypeVar("RowT")


@pytest.fixture
def gateway(open_transport: Callable[[str], Transport]) -> V1Gateway:
    return open_v1(open_transport(BASE))


def integration(**changes: object) -> dict[str, object]:
    return {
        "id": "cl_int",
        "name": "Acme",
        "vendor": "YARDI",
        "active": True,
        "is_archived": False,
        "can_authenticate": True,
        "last_completed_sync": "2026-03-31T08:00:00.000Z",
        "is_running_sync": False,
        "models": {"residents": {"enabled": True, "from_interfaces": []}},
        **changes,
    }


def serve_integration(
    wire: responses.RequestsMock, create: object = None, **changes: object
) -> None:
    serve(wire, INTEGRATION, {"meta": {"orderBy": []}, "results": integration(**changes)})
    models = {} if create is None else {"resident_charges": {"create": create}}
    serve(wire, f"{INTEGRATION}data-access", {"result": {"models": models}})


def read(gateway: V1Gateway) -> PmsConnection:
    return gateway.read_connection(connection_id="cl_int")


def test_a_connection_is_an_integration_and_what_was_proven_of_it(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve_integration(wire, {"status": "SUCCESS", "error_message": None})
    assert read(gateway) == PmsConnection(
        "cl_int",
        "yardi",
        "Acme",
        ConnectionHealth.ACTIVE,
        "active",
        UPDATED,
        "v1",
        posts_charges=True,
    )
    assert [path for path, _ in asked_v1(wire)] == [INTEGRATION, f"{INTEGRATION}data-access"]


@pytest.mark.parametrize(
    ("changes", "health", "word"),
    [
        ({"is_running_sync": True}, ConnectionHealth.SYNCING, "syncing"),
        ({"can_authenticate": False}, ConnectionHealth.AUTH_FAILED, "cannot authenticate"),
        (
            {"can_authenticate": False, "active": False},
            ConnectionHealth.AUTH_FAILED,
            "cannot authenticate",
        ),
        ({"active": False}, ConnectionHealth.INACTIVE, "not active"),
        ({"active": None}, ConnectionHealth.INACTIVE, "not active"),
        ({"is_archived": True}, ConnectionHealth.INACTIVE, "archived"),
        ({"can_authenticate": None}, ConnectionHealth.ACTIVE, "active"),
    ],
)
def test_it_knows_how_a_connection_is(
    wire: responses.RequestsMock,
    gateway: V1Gateway,
    changes: dict[str, object],
    health: ConnectionHealth,
    word: str,
) -> None:
    serve_integration(wire, **changes)
    found = read(gateway)
    assert (found.health, found.raw_status) == (health, word)
    assert found.is_running_sync == bool(changes.get("is_running_sync"))


@pytest.mark.parametrize(
    ("create", "posts"),
    [
        ({"status": "SUCCESS", "error_message": None}, True),
        ({"status": "FAILED", "error_message": "no right"}, False),
        ({"status": "PROCESSING", "error_message": None}, None),
        ({"unsupported": True}, False),
        ({"unsupported": False}, None),
        ({"untested": True}, None),
        (None, None),
    ],
)
def test_it_knows_whether_charges_were_proven_to_work(
    wire: responses.RequestsMock, gateway: V1Gateway, create: object, posts: bool | None
) -> None:
    serve_integration(wire, create)
    assert read(gateway).posts_charges is posts


@pytest.mark.parametrize("vendor", ["MRI", "REALPAGE", "KNOCK"])
def test_an_interface_that_takes_no_charges_needs_no_check(
    wire: responses.RequestsMock, gateway: V1Gateway, vendor: str
) -> None:
    serve(wire, INTEGRATION, {"results": integration(vendor=vendor)})
    found = read(gateway)
    assert (found.provider, found.posts_charges) == (vendor.casefold(), False)


def test_without_a_word_on_data_access_nothing_is_proven(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve(wire, INTEGRATION, {"results": integration(last_completed_sync=None)})
    serve(wire, f"{INTEGRATION}data-access", {"error": {"code": "invalid_request"}}, status=400)
    found = read(gateway)
    assert (found.posts_charges, found.last_synced_at) == (None, None)


def test_null_means_that_there_is_no_such_connection(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve(wire, INTEGRATION, {"meta": {"orderBy": []}, "results": None})
    with pytest.raises(NotFound, match="cl_int"):
        read(gateway)


@pytest.mark.parametrize("connection_id", ["", ".", ".."])
def test_an_id_that_would_climb_out_of_the_path_is_not_asked_for(
    gateway: V1Gateway, connection_id: str
) -> None:
    with pytest.raises(NotFound):
        gateway.read_connection(connection_id=connection_id)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"results": []},
        {"results": integration(id="cl_other")},
        {"results": integration(id=None)},
    ],
)
def test_an_answer_that_describes_no_such_connection_is_an_error(
    wire: responses.RequestsMock, gateway: V1Gateway, answer: object
) -> None:
    serve(wire, INTEGRATION, answer)
    with pytest.raises(UnreadableAnswer):
        read(gateway)


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
        **changes,
    }


def only(rows: Iterable[object], kind: type[RowT]) -> RowT:
    (row,) = rows
    assert isinstance(row, kind), row
    return row


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
    )


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


CODE = {
    "id": "cl_code",
    "property_id": "cl_prop",
    "x_id": "17",
    "name": "UTIL",
    "description": "Utilities",
    "debit_gl_account": "1100",
    "credit_gl_account": 4410,
}
ACCOUNT = {
    "id": "cl_account",
    "property_id": "cl_prop",
    "x_id": "88",
    "name": "Utility income",
    "account_number": "4410",
}


def test_a_chart_has_charge_codes_and_financial_accounts(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve_window(wire, "/v1/charge-codes/", page(CODE), OF_PROPERTY)
    serve_window(wire, "/v1/financial-accounts/", page(ACCOUNT), OF_PROPERTY)
    marks: list[str | None] = []
    rows = gateway.list_charge_codes(property_id="cl_prop", on_page=marks.append)
    assert list(rows) == [
        PmsChargeCode("UTIL", "Utilities", "cl_prop", "4410", "cl_code", "charge_code"),
        PmsChargeCode(
            "4410", "Utility income", "cl_prop", "4410", "cl_account", "financial_account"
        ),
    ]
    assert marks == ["accounts:", None]


@pytest.mark.parametrize(("mark", "offset"), [("accounts:", 0), ("accounts:whole:7", 7)])
def test_a_chart_goes_on_in_the_list_that_was_being_read(
    wire: responses.RequestsMock, gateway: V1Gateway, mark: str, offset: int
) -> None:
    serve_window(wire, "/v1/financial-accounts/", page(ACCOUNT), OF_PROPERTY, offset=offset)
    rows = gateway.list_charge_codes(property_id="cl_prop", resume_at=mark)
    assert only(rows, PmsChargeCode).kind == "financial_account"


def test_a_pms_without_one_kind_of_the_two_has_the_other(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve_window(wire, "/v1/charge-codes/", REFUSAL, OF_PROPERTY, status=405)
    serve_window(wire, "/v1/financial-accounts/", page(ACCOUNT), OF_PROPERTY)
    marks: list[str | None] = []
    rows = gateway.list_charge_codes(property_id="cl_prop", on_page=marks.append)
    assert only(rows, PmsChargeCode).kind == "financial_account"
    assert marks == ["accounts:", None]


def a_charge(**changes: object) -> dict[str, object]:
    return {
        "id": "cl_charge",
        "unit_id": "cl_unit",
        "lease_id": "cl_lease",
        "amount_in_cents": 14250,
        "transaction_date": "2026-04-01T00:00:00.000Z",
        "due_date": "2026-04-05T00:00:00.000Z",
        "charge_code_id": "cl_code",
        "financial_account_id": "cl_account",
        "description": "March [MB-7F3K2Q9AXT4CV]",
        "reference_number": None,
        **changes,
    }


def read_charge(wire: responses.RequestsMock, gateway: V1Gateway, **changes: object) -> PmsCharge:
    serve_window(wire, "/v1/resident-charges/", page(a_charge(**changes)), OF_LEDGER)
    return only(gateway.list_charges(property_id="cl_prop"), PmsCharge)


def test_a_charge_is_read(wire: responses.RequestsMock, gateway: V1Gateway) -> None:
    charge = read_charge(wire, gateway)
    assert charge == PmsCharge(
        "cl_charge",
        "cl_unit",
        "cl_lease",
        Decimal("142.50"),
        date(2026, 4, 1),
        "cl_code",
        "March [MB-7F3K2Q9AXT4CV]",
    )
    assert charge.reference == "MB-7F3K2Q9AXT4CV"


@pytest.mark.parametrize(
    ("cents", "amount"), [(14250.0, "142.50"), (-14250, "-142.50"), (0, "0.00"), (1e2, "1.00")]
)
def test_cents_may_be_any_json_number_and_credits_are_negative(
    wire: responses.RequestsMock, gateway: V1Gateway, cents: float, amount: str
) -> None:
    exact = Decimal(str(cents))
    assert read_charge(wire, gateway, amount_in_cents=exact).amount == Decimal(amount)


def test_a_charge_may_name_little(wire: responses.RequestsMock, gateway: V1Gateway) -> None:
    charge = read_charge(
        wire,
        gateway,
        unit_id=None,
        lease_id=None,
        charge_code_id=None,
        transaction_date=None,
        description=None,
        reference_number="mb-7f3k2q9axt4cv",
    )
    assert (charge.unit_id, charge.lease_id, charge.charge_code) == ("", None, "cl_account")
    assert charge.effective_date == date(2026, 4, 5)
    assert charge.reference == "MB-7F3K2Q9AXT4CV"


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_in_cents": None},
        {"amount_in_cents": Decimal("1.5")},
        {"amount_in_cents": "14250"},
        {"transaction_date": None, "due_date": None},
    ],
)
def test_a_charge_without_amount_or_day_cannot_be_read(
    wire: responses.RequestsMock, gateway: V1Gateway, changes: dict[str, object]
) -> None:
    serve_window(wire, "/v1/resident-charges/", page(a_charge(**changes)), OF_LEDGER)
    row = only(gateway.list_charges(property_id="cl_prop"), MalformedRecord)
    assert "MB-7F3K2Q9AXT4CV" in row.raw


def test_charges_are_asked_for_by_lease_and_day_and_sorted_out_by_unit(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve_window(
        wire,
        "/v1/resident-charges/",
        page(
            a_charge(id="a"),
            a_charge(id="b", unit_id="cl_other"),
            a_charge(id="c", unit_id=None),
            None,
        ),
        OF_LEDGER
        | {
            "lease_id": "cl_lease",
            "transaction_date_start": "2026-04-01",
            "transaction_date_end": "2026-04-01",
        },
    )
    rows = gateway.list_charges(
        property_id="cl_prop",
        unit_id="cl_unit",
        lease_id="cl_lease",
        effective_date=date(2026, 4, 1),
    )
    found = [row.charge_id if isinstance(row, PmsCharge) else row.kind for row in rows]
    assert found == ["a", "c", "charge"]


def test_a_payment_is_read(wire: responses.RequestsMock, gateway: V1Gateway) -> None:
    row = {
        "id": "cl_pay",
        "lease_id": None,
        "amount_in_cents": 5000,
        "transaction_date": "2026-04-03",
        "allocations": [{"resident_charge_id": None}, {"resident_charge_id": "cl_charge"}],
    }
    serve_window(wire, "/v1/resident-payments/", page(row), OF_LEDGER)
    assert only(gateway.list_payments(property_id="cl_prop"), PmsPayment) == PmsPayment(
        "cl_pay", "", Decimal("50.00"), date(2026, 4, 3), "cl_charge"
    )


JOB = "/v1/admin/write-status/cl_job"


@pytest.mark.parametrize(
    ("answer", "job"),
    [
        (
            {"write_status": "PENDING", "errors": [], "created_record_id": None},
            PmsWriteJob("cl_job", "pending", None),
        ),
        (
            {"write_status": "SUCCESS", "errors": [], "created_record_id": "cl_charge"},
            PmsWriteJob("cl_job", "succeeded", "cl_charge"),
        ),
        (
            {"write_status": "SUCCESS", "errors": [], "created_record_id": None},
            PmsWriteJob("cl_job", "succeeded", None),
        ),
        (
            {"write_status": "FAILURE", "errors": ["Invalid charge code X", {"a": 1}]},
            PmsWriteJob(
                "cl_job",
                "failed",
                None,
                ("Invalid charge code X", '{"a":1}'),
                "INVALID_CHARGE_CODE",
            ),
        ),
        (
            {"write_status": "FAILURE", "errors": [], "created_record_id": None},
            PmsWriteJob("cl_job", "failed", None, (), "PMS_REJECTED"),
        ),
    ],
)
def test_a_write_job_tells_how_far_it_is(
    wire: responses.RequestsMock, gateway: V1Gateway, answer: object, job: PmsWriteJob
) -> None:
    serve(wire, JOB, answer)
    assert gateway.read_write_job(job_id="cl_job") == job


def test_a_job_that_ended_in_part_leaves_the_outcome_unknown(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve(wire, JOB, {"write_status": "PARTIAL_SUCCESS", "errors": ["?"]})
    with pytest.raises(OutcomeUnknown, match="in part"):
        gateway.read_write_job(job_id="cl_job")


@pytest.mark.parametrize("answer", [{}, [], {"write_status": "DONE"}, {"write_status": None}])
def test_a_job_that_says_nothing_known_cannot_be_read(
    wire: responses.RequestsMock, gateway: V1Gateway, answer: object
) -> None:
    serve(wire, JOB, answer)
    with pytest.raises(UnreadableAnswer):
        gateway.read_write_job(job_id="cl_job")


def test_a_job_that_propexo_does_not_know_is_not_found(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve(wire, JOB, {"error": {"code": "invalid_request", "message": "x"}}, status=404)
    with pytest.raises(NotFound):
        gateway.read_write_job(job_id="cl_job")
