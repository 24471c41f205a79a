from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from integrations.pms.answer import Answer
from integrations.pms.errors import (
    ApiKeyRefused,
    DuplicateCharge,
    InvalidChargeCode,
    InvalidRequest,
    LeaseNotFound,
    NotFound,
    NotSupported,
    OutcomeUnknown,
    PmsError,
    PmsLoginExpired,
    Refused,
    Throttled,
    Unavailable,
    UnreadableAnswer,
)
from integrations.pms.refusals import read_error, write_error
from integrations.pms.tests.conftest import NOW

SAME_FOR_BOTH = [
    (401, "", ApiKeyRefused, "API_KEY_REFUSED"),
    (403, "AUTHORIZATION_FAILED", PmsLoginExpired, "AUTHORIZATION_FAILED"),
    (403, "", PmsLoginExpired, "AUTHORIZATION_FAILED"),
    (404, "LEASE_NOT_FOUND", LeaseNotFound, "LEASE_NOT_FOUND"),
    (404, "", NotFound, "NOT_FOUND"),
    (404, "GONE_FISHING", NotFound, "NOT_FOUND"),
    (422, "INVALID_CHARGE_CODE", InvalidChargeCode, "INVALID_CHARGE_CODE"),
    (422, "VALIDATION_FAILED", InvalidRequest, "VALIDATION_FAILED"),
    (422, "", InvalidRequest, "VALIDATION_FAILED"),
    (400, "invalid_request", InvalidRequest, "VALIDATION_FAILED"),
    (429, "RATE_LIMITED", Throttled, "RATE_LIMITED"),
]


def complaint(status: int, code: str, **extra: object) -> Answer:
    body = {"error": {"code": code, "message": "raw words", "details": {}, **extra}}
    return Answer(status=status, headers={"X-Request-Id": "req_1"}, body=json.dumps(body).encode())


@pytest.mark.parametrize("sort_out", [read_error, write_error])
@pytest.mark.parametrize(("status", "code", "kind", "our_code"), SAME_FOR_BOTH)
def test_a_listed_answer_is_its_error(
    sort_out: Callable[..., PmsError], status: int, code: str, kind: type[PmsError], our_code: str
) -> None:
    error = sort_out(complaint(status, code), now=NOW)
    assert type(error) is kind
    assert error.code == our_code
    assert error.http_status == status
    assert "raw words" in error.raw


@pytest.mark.parametrize(
    ("status", "code"),
    [
        *((status, "") for status in (301, 304, 307, 402, 405, 408, 409, 410, 413, 418, 425)),
        *((status, "") for status in (500, 502, 503, 504, 599)),
        (409, "BUSY"),
        (409, "INVALID_CHARGE_CODE"),
        (500, "LEASE_NOT_FOUND"),
        (503, "DUPLICATE_CHARGE"),
    ],
)
def test_any_other_answer_to_a_write_leaves_the_outcome_open(status: int, code: str) -> None:
    error = write_error(complaint(status, code), now=NOW)
    assert type(error) is OutcomeUnknown
    assert (error.http_status, error.request_id) == (status, "req_1")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, Unavailable),
        (503, Unavailable),
        (408, Unavailable),
        (302, UnreadableAnswer),
        (405, Refused),
        (409, Refused),
    ],
)
def test_any_other_answer_to_a_read_says_whether_to_come_again(
    status: int, kind: type[PmsError]
) -> None:
    assert type(read_error(complaint(status, ""), now=NOW)) is kind


@pytest.mark.parametrize("sort_out", [read_error, write_error])
def test_what_propexo_does_not_offer_for_a_pms_is_said(sort_out: Callable[..., PmsError]) -> None:
    error = sort_out(complaint(405, "invalid_request"), now=NOW)
    assert type(error) is NotSupported
    assert (error.code, error.http_status) == ("NOT_SUPPORTED", 405)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Charge code cl_x does not exist", InvalidChargeCode),
        ("No active lease", LeaseNotFound),
        ("Duplicate transaction", DuplicateCharge),
        ("Unrecognized key: unit_id", InvalidRequest),
    ],
)
def test_where_there_is_one_code_for_everything_the_words_count(
    message: str, kind: type[PmsError]
) -> None:
    error = write_error(complaint(400, "invalid_request", message=message), now=NOW)
    assert type(error) is kind


def test_a_duplicate_names_the_charge_that_is_there() -> None:
    details = {"charge_id": "chg_7"}
    error = write_error(complaint(409, "DUPLICATE_CHARGE", details=details), now=NOW)
    assert isinstance(error, DuplicateCharge)
    assert error.charge_id == "chg_7"


@pytest.mark.parametrize("details", [{}, None, [], {"charge_id": 7}, {"charge_id": ""}])
def test_a_duplicate_may_not_say_which(details: object) -> None:
    error = write_error(complaint(409, "DUPLICATE_CHARGE", details=details), now=NOW)
    assert isinstance(error, DuplicateCharge)
    assert error.charge_id is None


@pytest.mark.parametrize("sort_out", [read_error, write_error])
@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html><h1>404</h1></html>", b"null", b"[]", b'"x"', b"{}", b'{"error":"gone"}'),
        *(b'{"error":{"code":404,"message":null,"details":"x"}}', b"\xff\xfe", b"[" * 100_000),
    ],
)
def test_a_body_of_any_kind_is_survived(sort_out: Callable[..., PmsError], body: bytes) -> None:
    kinds = {400: InvalidRequest, 401: ApiKeyRefused, 403: PmsLoginExpired, 404: NotFound}
    for status, kind in kinds.items():
        error = sort_out(Answer(status=status, headers={}, body=body), now=NOW)
        assert type(error) is kind
        assert str(error).endswith(".")
        assert len(error.raw) <= 2_000


def test_what_is_wrong_with_a_field_is_said() -> None:
    details = {"amount": ["must not be 0", 3], "unit_id": "is missing", "odd": {"x": 1}}
    error = write_error(complaint(422, "VALIDATION_FAILED", details=details), now=NOW)
    assert isinstance(error, InvalidRequest)
    assert error.details == {"amount": ("must not be 0",), "unit_id": ("is missing",), "odd": ()}
    assert str(error) == (
        "Propexo did not accept the request: amount: must not be 0; unit_id: is missing."
    )


def test_a_refusal_without_fields_gives_the_reason_in_short() -> None:
    error = write_error(complaint(400, "", message="too big. " * 900), now=NOW)
    assert str(error).startswith("Propexo did not accept the request: too big.")
    assert len(str(error)) < 350


def test_being_throttled_says_for_how_long() -> None:
    answer = Answer(status=429, headers={"Retry-After": "30"}, body=b"")
    error = write_error(answer, now=NOW)
    assert isinstance(error, Throttled)
    assert error.retry_after == timedelta(seconds=30)
    assert "30 seconds" in str(error)


def test_the_sentences_are_for_people() -> None:
    now: datetime = NOW
    for status, code, _, our_code in SAME_FOR_BOTH:
        sentence = str(write_error(complaint(status, code), now=now))
        assert sentence.endswith(".")
        assert our_code not in sentence
        assert "HTTP" not in sentence
