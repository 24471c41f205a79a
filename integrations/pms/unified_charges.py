"""Posting a charge in the unified contract: the bytes sent, and the proof that they took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from http import HTTPStatus

from integrations.pms.answer import Answer
from integrations.pms.errors import InvalidRequest
from integrations.pms.parsing import Fields, read_row
from integrations.pms.records import ChargeOrder, ChargeReceipt, MalformedRecord
from integrations.pms.reference import find_reference
from integrations.pms.refusals import lost_outcome
from integrations.pms.values import tidy
from meterbase.lib.exact_json import MalformedJson, read_json, write_json
from meterbase.lib.money import NotAnAmount, cents_from_dollars, dollars_from_cents

_NOT_OURS = "The stored charge cannot be read, so nothing was sent."


@dataclass(frozen=True, slots=True)
class ChargeTerms:
    """What an answer must repeat for the charge to count as made.

    Units: dollars, exact.
    """

    unit_id: str
    amount: Decimal
    effective_date: date


def write_body(order: ChargeOrder) -> bytes:
    """Write a charge as JSON, always the same bytes for the same order.

    Shape: the contract's five fields in the contract's order; the description ends with the
        reference in brackets.
    Errors: InvalidRequest.
    """
    if find_reference(order.reference) != order.reference:
        raise InvalidRequest(f"{order.reference!r} is no posting reference.")
    try:
        amount = dollars_from_cents(cents_from_dollars(order.amount))
    except NotAnAmount as error:
        raise InvalidRequest(f"The charge cannot be written: {error}.") from None
    body = {
        "unit_id": order.unit_id,
        "amount": amount,
        "effective_date": order.effective_date.isoformat(),
        "charge_code": order.charge_code,
        "description": tidy(f"{order.description} [{order.reference}]"),
    }
    return write_json(body)


def read_body(body: bytes, *, reference: str) -> ChargeTerms:
    """Read back what is about to be sent.

    Errors: InvalidRequest when it is no charge, or its description does not carry the reference: a
        charge that could not be found again is not sent.
    """
    try:
        row = read_json(body)
    except MalformedJson:
        raise InvalidRequest(_NOT_OURS) from None
    terms = read_row(row, kind="charge", build=_terms_from)
    if isinstance(terms, MalformedRecord):
        raise InvalidRequest(_NOT_OURS, raw=" ".join(terms.problems))
    description = row.get("description") if isinstance(row, dict) else None
    if not isinstance(description, str) or find_reference(description) != reference:
        raise InvalidRequest("The charge does not carry its reference, so nothing was sent.")
    return terms


def receipt_for(answer: Answer, *, sent: ChargeTerms) -> ChargeReceipt:
    """Turn the answer to a posted charge into a receipt.

    Errors: OutcomeUnknown when the answer does not prove that exactly this charge was made.
    """
    if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
        raise lost_outcome(answer, why="The answer does not say that the charge was made.")
    try:
        row = answer.json()
    except MalformedJson:
        raise lost_outcome(answer, why="The answer is not JSON.") from None
    made = read_row(row, kind="charge", build=_made_from)
    if isinstance(made, MalformedRecord):
        raise lost_outcome(answer, why="The answer does not describe a charge.")
    charge_id, lease_id, terms = made
    if terms != sent:
        raise lost_outcome(answer, why="The answer does not match the charge that was sent.")
    return ChargeReceipt(
        charge_id=charge_id,
        job_id=None,
        http_status=answer.status,
        answer=answer.excerpt,
        lease_id=lease_id,
    )


def _made_from(fields: Fields) -> tuple[str, str | None, ChargeTerms]:
    return fields.identifier("id"), fields.optional_identifier("lease_id"), _terms_from(fields)


def _terms_from(fields: Fields) -> ChargeTerms:
    return ChargeTerms(
        unit_id=fields.identifier("unit_id"),
        amount=fields.amount("amount"),
        effective_date=fields.required_day("effective_date"),
    )
