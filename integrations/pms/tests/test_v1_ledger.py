from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
import responses

from integrations.pms.propexo_v1 import V1Gateway
from integrations.pms.records import MalformedRecord, PmsCharge, PmsChargeCode, PmsPayment
from integrations.pms.tests.v1_wire import only, open_v1, page, serve_window
from integrations.pms.tests.wire import BASE
from integrations.pms.transport import Transport

OF_PROPERTY = {"property_id": "cl_prop"}
OF_LEDGER = {"integration_id": "cl_int", "property_id": "cl_prop"}
REFUSAL = {"error": {"code": "invalid_request", "message": "Not for this vendor"}}


@pytest.fixture
def gateway(open_transport: Callable[[str], Transport]) -> V1Gateway:
    return open_v1(open_transport(BASE))


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
