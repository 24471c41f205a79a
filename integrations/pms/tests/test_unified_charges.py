from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import requests
import responses

from integrations.pms.errors import (
    ApiKeyRefused,
    DuplicateCharge,
    InvalidChargeCode,
    InvalidRequest,
    LeaseNotFound,
    OutcomeUnknown,
    PmsError,
    PmsLoginExpired,
    Throttled,
)
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import ChargeOrder, ChargeReceipt
from integrations.pms.tests.conftest import API_KEY

URL = "https://api.propexo.com/v1/charges"
REFERENCE = "MB-7F3K2Q9AXT4CV"
ORDER = ChargeOrder(
    property_id="prop_1",
    unit_id="unit_304",
    lease_id="lease_7",
    resident_id="res_9",
    amount=Decimal("142.5"),
    effective_date=date(2026, 4, 1),
    charge_code="UTIL",
    description="March 2026 Utility Charge (RUBS)",
    reference=REFERENCE,
)
BODY = (
    b'{"unit_id":"unit_304","amount":142.50,"effective_date":"2026-04-01","charge_code":"UTIL",'
    b'"description":"March 2026 Utility Charge (RUBS) [MB-7F3K2Q9AXT4CV]"}'
)
MADE = (
    '{"id":"chg_1","unit_id":"unit_304","lease_id":"lease_7","amount":142.50,'
    '"effective_date":"2026-04-01","charge_code":"UTIL","description":"x","new_field":1}'
)


def post(gateway: PmsGateway) -> ChargeReceipt:
    return gateway.post_charge(body=BODY, reference=REFERENCE)


def test_the_body_is_exactly_this(gateway: PmsGateway) -> None:
    assert gateway.charge_body(order=ORDER) == BODY


@pytest.mark.parametrize(
    ("amount", "written"),
    [("0.01", "0.01"), ("1E+2", "100.00"), ("-142.5", "-142.50"), ("100000.1", "100000.10")],
)
def test_an_amount_is_written_with_two_decimals(
    gateway: PmsGateway, amount: str, written: str
) -> None:
    body = gateway.charge_body(order=replace(ORDER, amount=Decimal(amount)))
    assert f'"amount":{written},'.encode() in body


def test_a_description_is_one_tidy_line_that_ends_with_the_reference(gateway: PmsGateway) -> None:
    order = replace(ORDER, description=" Água\n  “März” \x00 [MB-0000000000001] ")
    body = gateway.charge_body(order=order)
    assert body.endswith(
        rb'"\u00c1gua \u201cM\u00e4rz\u201d [MB-0000000000001] [MB-7F3K2Q9AXT4CV]"}'
    )


@pytest.mark.parametrize(
    "order",
    [
        replace(ORDER, amount=Decimal("1.005")),
        replace(ORDER, amount=Decimal("NaN")),
        replace(ORDER, amount=Decimal("1E+30")),
        replace(ORDER, reference=""),
        replace(ORDER, reference="MB-SHORT"),
        replace(ORDER, reference=REFERENCE.lower()),
    ],
)
def test_an_order_that_cannot_be_written_is_refused(
    gateway: PmsGateway, order: ChargeOrder
) -> None:
    with pytest.raises(InvalidRequest):
        gateway.charge_body(order=order)


def test_a_charge_is_posted_with_exactly_these_bytes_and_its_reference(
    wire: responses.RequestsMock, gateway: PmsGateway
) -> None:
    wire.post(URL, body=MADE, status=201)
    assert post(gateway) == ChargeReceipt("chg_1", None, 201, MADE, "lease_7")
    (call,) = wire.calls
    assert call.request.method == "POST"
    assert call.request.url == URL
    assert call.request.body == BODY
    assert dict(call.request.headers) == {
        "Authorization": f"Bearer {API_KEY}",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": "MeterBase/0.1",
        "Content-Type": "application/json",
        "Connection": "close",
        "Idempotency-Key": REFERENCE,
        "Content-Length": str(len(BODY)),
    }


@pytest.mark.parametrize(
    "answer",
    [
        MADE.replace("142.50", "142.5"),
        MADE.replace("142.50", '"142.50"'),
        MADE.replace("2026-04-01", "2026-04-01T00:00:00Z"),
    ],
)
def test_the_same_charge_in_other_words_is_proof(
    wire: responses.RequestsMock, gateway: PmsGateway, answer: str
) -> None:
    wire.post(URL, body=answer, status=200)
    assert post(gateway).charge_id == "chg_1"


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (201, MADE.replace("142.50", "142.51")),
        (201, MADE.replace("142.50", "-142.50")),
        (201, MADE.replace("142.50", "142.504")),
        (201, MADE.replace("142.50", "14250")),
        (201, MADE.replace("unit_304", "unit_305")),
        (201, MADE.replace("2026-04-01", "2026-04-02")),
        (201, MADE.replace('"chg_1"', "null")),
        (201, MADE.replace('"chg_1"', "7")),
        (201, MADE.replace('"id"', '"no_id"')),
        (201, MADE[:-20]),
        (201, "<html>Created</html>"),
        (201, ""),
        (201, "[]"),
        (200, '{"data":{}}'),
        (202, MADE),
        (204, ""),
        (207, MADE),
    ],
)
def test_an_answer_that_proves_nothing_leaves_the_outcome_open(
    wire: responses.RequestsMock, gateway: PmsGateway, status: int, answer: str
) -> None:
    wire.post(URL, body=answer, status=status)
    with pytest.raises(OutcomeUnknown) as caught:
        post(gateway)
    assert caught.value.http_status == status
    assert caught.value.raw == answer
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "LEASE_NOT_FOUND", LeaseNotFound),
        (422, "INVALID_CHARGE_CODE", InvalidChargeCode),
        (409, "DUPLICATE_CHARGE", DuplicateCharge),
        (403, "AUTHORIZATION_FAILED", PmsLoginExpired),
        (401, "UNAUTHORIZED", ApiKeyRefused),
        (429, "RATE_LIMITED", Throttled),
        (422, "VALIDATION_FAILED", InvalidRequest),
        (500, "INTERNAL", OutcomeUnknown),
    ],
)
def test_each_refusal_is_its_error_after_one_attempt(
    wire: responses.RequestsMock,
    gateway: PmsGateway,
    status: int,
    code: str,
    kind: type[PmsError],
) -> None:
    wire.post(URL, json={"error": {"code": code, "message": "no", "details": {}}}, status=status)
    with pytest.raises(PmsError) as caught:
        post(gateway)
    assert type(caught.value) is kind
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    "failure",
    [requests.ReadTimeout(), requests.ConnectionError("reset"), requests.exceptions.SSLError()],
)
def test_a_broken_call_leaves_the_outcome_open(
    wire: responses.RequestsMock, gateway: PmsGateway, failure: Exception
) -> None:
    wire.post(URL, body=failure)
    with pytest.raises(OutcomeUnknown):
        post(gateway)
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"unit_id":"unit_304"}',
        BODY.replace(b"142.50", b"142.505"),
        BODY.replace(b"MB-7F3K2Q9AXT4CV", b"MB-0000000000001"),
        BODY.replace(b" [MB-7F3K2Q9AXT4CV]", b""),
    ],
)
def test_a_charge_that_could_not_be_found_again_is_not_sent(
    gateway: PmsGateway, body: bytes
) -> None:
    with responses.RequestsMock() as wire:
        with pytest.raises(InvalidRequest, match="nothing was sent"):
            gateway.post_charge(body=body, reference=REFERENCE)
        assert len(wire.calls) == 0
