"""Which error an answer is: who must act, and whether anything can have happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar

from integrations.pms.answer import Answer, wait_after
from integrations.pms.complaints import code_of_text
from integrations.pms.errors import (
    ApiKeyRefused,
    DuplicateCharge,
    InvalidChargeCode,
    InvalidRequest,
    LeaseNotFound,
    NotFound,
    NotSupported,
    OutcomeUnknown,
    PeriodClosed,
    PmsError,
    PmsLoginExpired,
    Refused,
    Throttled,
    Unavailable,
    UnreadableAnswer,
)
from meterbase.lib.exact_json import MalformedJson

_Kind = TypeVar("_Kind", bound=PmsError)

_OUR_KEY = (
    "Propexo does not accept MeterBase's API key. Whoever runs MeterBase has to check the key."
)
_PMS_LOGIN = (
    "Propexo can no longer sign in to the property management system. "
    "Renew the login in the Propexo dashboard."
)
_NO_RECORD = "Propexo has no such record: it was removed, or its id is wrong."
_NO_LEASE = (
    "The unit has no active lease in the property management system. "
    "Check who lives there; the unit may have turned over."
)
_NO_CODE = (
    "The charge code is not set up for this property in the property management system. "
    "Set it up there, or choose another code."
)
_PERIOD_CLOSED = (
    "The accounting month of the charge is closed in the property management system. "
    "Post it in the next open month, or have the month opened there."
)
_DUPLICATE = (
    "The property management system already has a charge for this unit, code and date. "
    "Check whether it was posted before."
)
_NOT_OFFERED = "Propexo does not offer this for the property management system."
_LOST_OUTCOME = (
    "Propexo gave no clear answer, so the charge may or may not have been made. "
    "MeterBase looks it up before anything is sent again."
)

# The statuses by which Propexo says that it looked at the request, refused it and changed nothing.
_DEFINITE = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, 422})
# Contract v1 has this one code for everything; what is wrong is in the text.
_ANYTHING_WRONG = "invalid_request"
_BY_CODE: dict[str, tuple[type[Refused], str]] = {
    "LEASE_NOT_FOUND": (LeaseNotFound, _NO_LEASE),
    "INVALID_CHARGE_CODE": (InvalidChargeCode, _NO_CODE),
    "PERIOD_CLOSED": (PeriodClosed, _PERIOD_CLOSED),
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """The error object of an answer; empty where the answer has none."""

    code: str = ""
    message: str = ""
    details: Mapping[str, object] = field(default_factory=dict)


def read_complaint(answer: Answer) -> Complaint:
    """Read the error object, whatever else the body is."""
    try:
        body = answer.json()
    except MalformedJson:
        return Complaint()
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return Complaint()
    details = error.get("details")
    return Complaint(
        code=_text(error.get("code")),
        message=_text(error.get("message")),
        details=details if isinstance(details, dict) else {},
    )


def write_error(answer: Answer, *, now: datetime) -> PmsError:
    """Tell which error the answer to a write is.

    Shape: what is not a listed refusal is OutcomeUnknown, server errors and redirects included.
    """
    complaint = read_complaint(answer)
    known = _shared_error(answer, complaint, now=now)
    if known is not None:
        return known
    if answer.status == HTTPStatus.CONFLICT and complaint.code == "DUPLICATE_CHARGE":
        charge_id = _text(complaint.details.get("charge_id")) or None
        return DuplicateCharge(_DUPLICATE, charge_id=charge_id, raw=answer.excerpt)
    return lost_outcome(answer)


def read_error(answer: Answer, *, now: datetime) -> PmsError:
    """Tell which error the answer to a read is."""
    known = _shared_error(answer, read_complaint(answer), now=now)
    if known is not None:
        return known
    status = answer.status
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return _error(Unavailable, f"Propexo is not available right now ({status}).", answer)
    if status < HTTPStatus.BAD_REQUEST:
        return _error(UnreadableAnswer, "Propexo answered with a redirect.", answer)
    return _error(Refused, f"Propexo refused to answer ({status}).", answer)


def lost_outcome(answer: Answer, *, why: str = "") -> OutcomeUnknown:
    """Make the error for a write whose answer says neither yes nor no."""
    message = f"{_LOST_OUTCOME} {why}" if why else _LOST_OUTCOME
    return OutcomeUnknown(
        message, http_status=answer.status, raw=answer.excerpt, request_id=answer.request_id
    )


def _shared_error(answer: Answer, complaint: Complaint, *, now: datetime) -> PmsError | None:
    """Find the error that means the same for reads and writes."""
    match answer.status:
        case HTTPStatus.UNAUTHORIZED:
            return _error(ApiKeyRefused, _OUR_KEY, answer)
        case HTTPStatus.FORBIDDEN:
            return _error(PmsLoginExpired, _PMS_LOGIN, answer)
        case HTTPStatus.TOO_MANY_REQUESTS:
            return _throttled(answer, now=now)
        # Without Propexo's own words a 405 could be anybody's, and a write be on its way.
        case HTTPStatus.METHOD_NOT_ALLOWED if complaint.code:
            return _error(NotSupported, _NOT_OFFERED, answer)
        case status if status in _DEFINITE:
            return _refusal(answer, complaint)
    return None


def _throttled(answer: Answer, *, now: datetime) -> Throttled:
    wait = wait_after(answer.headers, now=now)
    seconds = int(wait.total_seconds())
    return Throttled(
        f"Propexo asks for a break of {seconds} seconds; MeterBase goes on by itself after it.",
        retry_after=wait,
        raw=answer.excerpt,
    )


def _refusal(answer: Answer, complaint: Complaint) -> Refused:
    code = complaint.code
    if code == _ANYTHING_WRONG:
        code = code_of_text(complaint.message)
    elif code not in _BY_CODE and _says_closed(complaint):
        code = PeriodClosed.code
    if code == "DUPLICATE_CHARGE":
        return DuplicateCharge(_DUPLICATE, charge_id=None, raw=answer.excerpt)
    if code in _BY_CODE:
        kind, message = _BY_CODE[code]
        return _error(kind, message, answer)
    if answer.status == HTTPStatus.NOT_FOUND:
        return _error(NotFound, _NO_RECORD, answer)
    details = {name: _messages(found) for name, found in complaint.details.items()}
    return InvalidRequest(
        _invalid_sentence(complaint, details),
        http_status=answer.status,
        raw=answer.excerpt,
        request_id=answer.request_id,
        details=details,
    )


def _says_closed(complaint: Complaint) -> bool:
    """Tell whether a complaint under any code is about a closed period, which no contract lists."""
    found = (message for messages in complaint.details.values() for message in _messages(messages))
    return any(code_of_text(text) == PeriodClosed.code for text in (complaint.message, *found))


def _invalid_sentence(complaint: Complaint, details: Mapping[str, tuple[str, ...]]) -> str:
    fields = "; ".join(f"{name}: {', '.join(found)}" for name, found in details.items() if found)
    reason = (fields or complaint.message)[:300].rstrip(". ")
    return f"Propexo did not accept the request: {reason or 'it gives no reason'}."


def _messages(found: object) -> tuple[str, ...]:
    several = found if isinstance(found, list) else [found]
    return tuple(message for message in several if isinstance(message, str))


def _error(kind: type[_Kind], message: str, answer: Answer) -> _Kind:
    return kind(
        message, http_status=answer.status, raw=answer.excerpt, request_id=answer.request_id
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
