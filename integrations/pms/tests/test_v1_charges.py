from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import responses

from integrations.pms.errors import (
    DuplicateCharge,
    InvalidChargeCode,
    InvalidRequest,
    LeaseNotFound,
    NotSupported,
    OutcomeUnknown,
    PmsError,
    PmsLoginExpired,
    Refused,
    Throttled,
)
from integrations.pms.propexo_v1 import V1Gateway
from integrations.pms.records import ChargeOrder, ChargeReceipt, CreditBody
from integrations.pms.tests.conftest import API_KEY
from integrations.pms.tests.v1_wire import open_v1
from integrations.pms.tests.wire import BASE
from integrations.pms.transport import Transport

URL = f"{BASE}/v1/resident-charges/"
REFERENCE = "MB-7F3K2Q9AXT4CV"
TEXT = f"March 2026 Utility Charge (RUBS) [{REFERENCE}]"
ORDER = ChargeOrder(
    property_id="cl_prop",
    unit_id="cl_unit",
    lease_id="cl_lease",
    resident_id="cl_res",
    amount=Decimal("142.50"),
    effective_date=date(2026, 4, 1),
    charge_code="UTIL",
    description="March 2026 Utility Charge (RUBS)",
    reference=REFERENCE,
    charge_code_id="cl_code",
    financial_account_id="cl_account",
    post_month=date(2026, 4, 17),
    batch_id="job_1",
)
ALWAYS = {
    "integration_id": "cl_int",
    "amount_in_cents": 14250,
    "transaction_date": "2026-04-01T00:00:00.000Z",
}
YARDI = {
    "resident_id": "cl_res",
    "unit_id": "cl_unit",
    "property_id": "cl_prop",
    "charge_code_id": "cl_code",
    "financial_account_id": "cl_account",
    "description": TEXT,
}
ON_A_LEASE = {
    "lease_id": "cl_lease",
    "financial_account_id": "cl_account",
    "description": TEXT,
}
NUMBERED = ON_A_LEASE | {"reference_number": REFERENCE}
BODIES: dict[str, dict[str, str]] = {
    "yardi": YARDI | {"post_month": "2026-04-01"},
    "yardi_rest": YARDI,
    "entrata": {
        "lease_id": "cl_lease",
        "charge_code_id": "cl_code",
        "post_month": "2026-04-01",
        "description": TEXT,
        "third_party_charge_id": REFERENCE,
    },
    "realpage_rpx": {
        "resident_id": "cl_res",
        "property_id": "cl_prop",
        "charge_code_id": "cl_code",
        "description": TEXT,
        "reference_number": REFERENCE,
        "transaction_batch_id": "rp_batch",
    },
    "appfolio": ON_A_LEASE,
    "buildium": NUMBERED,
    "rentmanager": {
        "resident_id": "cl_res",
        "charge_code_id": "cl_code",
        "reference_number": REFERENCE,
        "notes": TEXT,
    },
    "propertyware_rest": NUMBERED,
    "propertyware": NUMBERED,
    "rentvine": ON_A_LEASE,
    "resman": {
        "resident_id": "cl_res",
        "charge_code_id": "cl_code",
        "description": TEXT,
        "reference_number": REFERENCE,
        "notes": TEXT,
        "batch_id": "job_1",
    },
}

CREDIT = replace(ORDER, amount=Decimal("-142.50"))

Open = Callable[[str], V1Gateway]


@pytest.fixture
def open_for(open_transport: Callable[[str], Transport]) -> Open:
    return lambda provider: open_v1(
        open_transport(BASE), provider=provider, transaction_batch_id="rp_batch"
    )


@pytest.fixture
def gateway(open_for: Open) -> V1Gateway:
    return open_for("appfolio")


def post(gateway: V1Gateway) -> ChargeReceipt:
    return gateway.post_charge(body=gateway.charge_body(order=ORDER), reference=REFERENCE)


@pytest.mark.parametrize(("provider", "fields"), BODIES.items())
def test_each_pms_gets_what_it_accepts_and_nothing_else(
    open_for: Open, provider: str, fields: dict[str, str]
) -> None:
    assert json.loads(open_for(provider).charge_body(order=ORDER)) == ALWAYS | fields


def test_the_bytes_are_exactly_these(gateway: V1Gateway) -> None:
    assert gateway.charge_body(order=ORDER) == (
        b'{"integration_id":"cl_int","amount_in_cents":14250,'
        b'"transaction_date":"2026-04-01T00:00:00.000Z","lease_id":"cl_lease",'
        b'"financial_account_id":"cl_account",'
        b'"description":"March 2026 Utility Charge (RUBS) [MB-7F3K2Q9AXT4CV]"}'
    )


@pytest.mark.parametrize("provider", BODIES)
def test_every_body_carries_the_reference_and_can_be_posted(
    wire: responses.RequestsMock, open_for: Open, provider: str
) -> None:
    wire.post(URL, body='{"meta":{"job_id":"cl_job"},"result":{}}')
    assert post(open_for(provider)).job_id == "cl_job"


@pytest.mark.parametrize(
    ("provider", "words"),
    [("mri", "MRI Software"), ("realpage", "registered"), ("funnel", "the PMS “funnel”")],
)
def test_a_pms_that_takes_no_charges_is_said_before_any_call(
    open_for: Open, provider: str, words: str
) -> None:
    with pytest.raises(NotSupported, match=words):
        open_for(provider).charge_body(order=ORDER)


@pytest.mark.parametrize(
    ("provider", "missing", "kind", "words"),
    [
        ("appfolio", {"lease_id": None}, LeaseNotFound, "AppFolio wants a lease"),
        ("yardi", {"resident_id": None}, LeaseNotFound, "Yardi Voyager wants a resident"),
        ("yardi", {"unit_id": ""}, InvalidRequest, "wants a unit"),
        ("yardi", {"property_id": ""}, InvalidRequest, "wants a property"),
        ("entrata", {"charge_code_id": None}, InvalidChargeCode, "a charge code"),
        ("rentvine", {"financial_account_id": None}, InvalidChargeCode, "a financial account"),
        (
            "yardi",
            {"charge_code_id": None, "financial_account_id": None},
            InvalidChargeCode,
            "a charge code of this property and a financial account",
        ),
        ("resman", {"batch_id": None}, InvalidRequest, "wants a batch"),
    ],
)
def test_what_a_pms_requires_is_named_when_it_is_missing(
    open_for: Open, provider: str, missing: dict[str, Any], kind: type[Refused], words: str
) -> None:
    with pytest.raises(kind, match=words):
        open_for(provider).charge_body(order=replace(ORDER, **missing))


def test_the_batch_that_realpage_gives_out_is_asked_for(
    open_transport: Callable[[str], Transport],
) -> None:
    gateway = open_v1(open_transport(BASE), provider="realpage_rpx")
    with pytest.raises(InvalidRequest, match="RealPage gives out") as caught:
        gateway.charge_body(order=ORDER)
    assert list(caught.value.details) == ["transaction_batch_id"]


@pytest.mark.parametrize("provider", BODIES)
def test_what_a_pms_does_not_ask_for_may_be_missing(open_for: Open, provider: str) -> None:
    needless: dict[str, Any] = {
        name: None
        for name in ("lease_id", "resident_id", "charge_code_id", "financial_account_id")
        if name not in BODIES[provider]
    }
    order = replace(ORDER, post_month=None, **needless)
    fields = {name: text for name, text in BODIES[provider].items() if name != "post_month"}
    assert json.loads(open_for(provider).charge_body(order=order)) == ALWAYS | fields


@pytest.mark.parametrize(("amount", "cents"), [("0.01", 1), ("1E+2", 10_000)])
def test_an_amount_is_written_in_whole_cents(gateway: V1Gateway, amount: str, cents: int) -> None:
    body = gateway.charge_body(order=replace(ORDER, amount=Decimal(amount)))
    assert f'"amount_in_cents":{cents},'.encode() in body


@pytest.mark.parametrize("provider", [name for name in BODIES if name != "entrata"])
def test_a_charge_below_zero_is_refused_where_charges_are_never_negative(
    open_for: Open, provider: str
) -> None:
    with pytest.raises(InvalidRequest, match="no negative charges"):
        open_for(provider).charge_body(order=CREDIT)


def test_entrata_takes_a_charge_back_by_a_charge_below_zero(open_for: Open) -> None:
    gateway = open_for("entrata")
    expected = ALWAYS | BODIES["entrata"] | {"amount_in_cents": -14250}
    assert json.loads(gateway.charge_body(order=CREDIT)) == expected
    assert gateway.credit_body(order=CREDIT) == CreditBody(
        gateway.charge_body(order=CREDIT), "charge"
    )


@pytest.mark.parametrize("provider", ["propertyware_rest", "rentmanager"])
def test_a_credit_of_its_own_is_above_zero(open_for: Open, provider: str) -> None:
    credit = open_for(provider).credit_body(order=CREDIT)
    assert credit.call == "credit"
    assert json.loads(credit.content) == ALWAYS | BODIES[provider]


@pytest.mark.parametrize(
    "provider",
    [name for name in BODIES if name not in ("entrata", "propertyware_rest", "rentmanager")],
)
def test_the_others_take_nothing_back(open_for: Open, provider: str) -> None:
    with pytest.raises(NotSupported, match=r"takes no credits through Propexo\. Credit them in"):
        open_for(provider).credit_body(order=CREDIT)


def test_only_what_is_below_zero_is_a_credit(open_for: Open) -> None:
    with pytest.raises(InvalidRequest, match="below zero"):
        open_for("rentmanager").credit_body(order=ORDER)


def test_a_credit_goes_to_the_credits(wire: responses.RequestsMock, open_for: Open) -> None:
    gateway = open_for("rentmanager")
    wire.post(f"{BASE}/v1/resident-credits/", json={"job_id": "cm0job", "data": {}})
    credit = gateway.credit_body(order=CREDIT)
    receipt = gateway.post_credit(body=credit.content, reference=REFERENCE)
    assert (receipt.job_id, receipt.charge_id) == ("cm0job", None)
    assert wire.calls[0].request.body == credit.content


@pytest.mark.parametrize(
    "order",
    [
        replace(ORDER, amount=Decimal("1.005")),
        replace(ORDER, amount=Decimal("NaN")),
        replace(ORDER, amount=Decimal("1E+30")),
        replace(ORDER, reference=""),
        replace(ORDER, reference=REFERENCE.lower()),
    ],
)
def test_an_order_that_cannot_be_written_is_refused(gateway: V1Gateway, order: ChargeOrder) -> None:
    with pytest.raises(InvalidRequest):
        gateway.charge_body(order=order)


def test_a_charge_is_posted_with_exactly_these_bytes(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    made = '{"meta":{"job_id":"cl_job"},"result":{"integration_id":"cl_int"}}'
    wire.post(URL, body=made)
    assert post(gateway) == ChargeReceipt(None, "cl_job", 200, made)
    (call,) = wire.calls
    assert call.request.url == URL
    assert call.request.body == gateway.charge_body(order=ORDER)
    assert dict(call.request.headers) == {
        "Authorization": f"Bearer {API_KEY}",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": "MeterBase/0.1",
        "Content-Type": "application/json",
        "Connection": "close",
        "Content-Length": str(len(gateway.charge_body(order=ORDER))),
    }


@pytest.mark.parametrize(
    "answer",
    [
        '{"meta":{"job_id":"cl_job"}}',
        '{"job_id":"cl_job","data":{}}',
        '{"data":{"job_id":"cl_job"}}',
        '{"meta":{"job_id":null},"job_id":"cl_job"}',
        '{"meta":[],"data":{"job_id":"cl_job"}}',
    ],
)
def test_the_job_is_found_wherever_it_is_named(
    wire: responses.RequestsMock, gateway: V1Gateway, answer: str
) -> None:
    wire.post(URL, body=answer)
    assert post(gateway).job_id == "cl_job"


@pytest.mark.parametrize(
    "answer",
    ["", "OK", "null", "[]", "{}", '{"meta":{"job_id":""}}', '{"result":{"id":"x"}}', "<html>"],
)
def test_an_answer_without_a_job_leaves_the_outcome_unknown(
    wire: responses.RequestsMock, gateway: V1Gateway, answer: str
) -> None:
    wire.post(URL, body=answer)
    with pytest.raises(OutcomeUnknown) as caught:
        post(gateway)
    assert caught.value.raw == answer


@pytest.mark.parametrize("status", [500, 502, 503, 504, 301, 408, 409, 418])
def test_every_other_answer_leaves_the_outcome_unknown(
    wire: responses.RequestsMock, gateway: V1Gateway, status: int
) -> None:
    wire.post(URL, status=status)
    with pytest.raises(OutcomeUnknown):
        post(gateway)
    assert len(wire.calls) == 1


def refusal(message: str) -> str:
    return json.dumps({"error": {"code": "invalid_request", "message": message}})


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (400, refusal("Unrecognized key"), InvalidRequest),
        (400, refusal("Charge code not found"), InvalidChargeCode),
        (400, refusal("Resident has moved out"), LeaseNotFound),
        (400, refusal("Duplicate transaction"), DuplicateCharge),
        (405, refusal("Not supported for this vendor"), NotSupported),
        (403, "", PmsLoginExpired),
        (429, "", Throttled),
    ],
)
def test_a_refusal_is_sorted_by_status_and_words(
    wire: responses.RequestsMock,
    gateway: V1Gateway,
    status: int,
    answer: str,
    kind: type[PmsError],
) -> None:
    wire.post(URL, status=status, body=answer)
    with pytest.raises(PmsError) as caught:
        post(gateway)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"integration_id":"cl_int"}',
        b'{"integration_id":"cl_int","amount_in_cents":1,"description":"x"}',
        b'{"integration_id":"cl_int","amount_in_cents":1,"description":"MB-0000000000001"}',
        b'{"integration_id":"cl_x","amount_in_cents":1,"description":"[MB-7F3K2Q9AXT4CV]"}',
        b'{"unit_id":"u","amount":1.00,"description":"[MB-7F3K2Q9AXT4CV]"}',
    ],
)
def test_what_is_no_charge_of_this_connection_is_not_sent(gateway: V1Gateway, body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="nothing was sent"):
        gateway.post_charge(body=body, reference=REFERENCE)
