"""Read the body of a charge or credit of contract v1, by the rules of the PMS behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from integrations.sandbox.moments import calendar_day, moment
from integrations.sandbox.pms_behaviour import EVERY_FIELD, Behaviour
from integrations.sandbox.v1_bodies import Body, check_fields
from integrations.sandbox.v1_problems import Issue, bad_request, wrong_value
from meterbase.lib.exact_json import JsonValue

CREDIT_FIELDS = (
    "lease_id",
    "amount_in_cents",
    "transaction_date",
    "description",
    "reference_number",
    "resident_id",
    "charge_code_id",
    "notes",
    "financial_account_id",
)
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")
_TYPES: dict[str, type] = {
    **dict.fromkeys((*EVERY_FIELD, "integration_id"), str),
    "amount_in_cents": int,
    "is_approval_required": bool,
}


@dataclass(frozen=True, slots=True)
class ChargeBody:
    """A charge that was asked for, in contract v1's words.

    Units: cents; a credit is negative.
    """

    integration_id: str
    amount_in_cents: int
    transaction_date: date
    post_month: str
    lease_id: str | None
    resident_id: str | None
    unit_id: str | None
    property_id: str | None
    charge_code_id: str | None
    financial_account_id: str | None
    description: str
    reference_number: str | None
    third_party_charge_id: str | None
    is_approval_required: bool


def charge_of(body: Body, behaviour: Behaviour, *, lenient: bool) -> ChargeBody:
    """Read a charge.

    Errors: Problem 400 for missing and unknown fields and for values that the PMS does not take.
    """
    _check(
        body,
        required=("integration_id", *behaviour.required),
        known=("integration_id", *behaviour.required, *behaviour.optional),
        lenient=lenient,
    )
    issues = _date_issues(body, strict=behaviour.strict_date_time)
    smallest = behaviour.smallest_cents
    if smallest is not None and _cents(body) < smallest:
        message = f"Number must be greater than or equal to {smallest}"
        issues.append(wrong_value("amount_in_cents", message, "too_small"))
    if issues:
        raise bad_request("The request body is invalid.", issues)
    return _charge(body, sign=1)


def credit_of(body: Body, *, lenient: bool) -> ChargeBody:
    """Read a credit, which is a charge below zero.

    Errors: Problem 400.
    """
    needed = ("integration_id", "amount_in_cents", "transaction_date")
    _check(body, required=needed, known=("integration_id", *CREDIT_FIELDS), lenient=lenient)
    issues = _date_issues(body, strict=False)
    if _cents(body) <= 0:
        issues.append(wrong_value("amount_in_cents", "Number must be greater than 0", "too_small"))
    if issues:
        raise bad_request("The request body is invalid.", issues)
    return _charge(body, sign=-1)


def _check(body: Body, *, required: tuple[str, ...], known: tuple[str, ...], lenient: bool) -> None:
    check_fields(
        body,
        known=known,
        required={name: _TYPES[name] for name in required},
        optional={name: _TYPES[name] for name in known},
        lenient=lenient,
    )


def _date_issues(body: Body, *, strict: bool) -> list[Issue]:
    issues: list[Issue] = []
    text = str(body.get("transaction_date", ""))
    if _day(text) is None or (strict and not _DATE_TIME.fullmatch(text)):
        issues.append(wrong_value("transaction_date", "Invalid datetime"))
    month = body.get("post_month")
    if month is not None and _day(str(month)) is None:
        issues.append(wrong_value("post_month", "Invalid"))
    return issues


def _day(text: str) -> date | None:
    if len(text) == len("2026-04-01"):
        return calendar_day(text)
    return calendar_day(text[:10]) if _DATE_TIME.fullmatch(text) and moment(text) else None


def _charge(body: Body, *, sign: int) -> ChargeBody:
    day = _day(str(body["transaction_date"])) or date.min
    return ChargeBody(
        integration_id=str(body["integration_id"]),
        amount_in_cents=sign * _cents(body),
        transaction_date=day,
        post_month=str(body.get("post_month", day.isoformat()))[:7],
        lease_id=_text(body, "lease_id"),
        resident_id=_text(body, "resident_id"),
        unit_id=_text(body, "unit_id"),
        property_id=_text(body, "property_id"),
        charge_code_id=_text(body, "charge_code_id"),
        financial_account_id=_text(body, "financial_account_id"),
        description=_text(body, "description") or _text(body, "notes") or "",
        reference_number=_text(body, "reference_number"),
        third_party_charge_id=_text(body, "third_party_charge_id"),
        is_approval_required=body.get("is_approval_required") is True,
    )


def _cents(body: Body) -> int:
    value: JsonValue = body["amount_in_cents"]
    return value if isinstance(value, int) else 0


def _text(body: Body, name: str) -> str | None:
    value = body.get(name)
    return value if isinstance(value, str) and value else None
