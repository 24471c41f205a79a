"""Posting a charge in contract v1: the bytes sent, and what an answer to them proves."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.pms.answer import Answer
from integrations.pms.errors import (
    InvalidChargeCode,
    InvalidRequest,
    LeaseNotFound,
    NotSupported,
    Refused,
)
from integrations.pms.records import ChargeOrder, ChargeReceipt, CreditBody
from integrations.pms.reference import find_reference
from integrations.pms.refusals import lost_outcome
from integrations.pms.v1_charge_forms import ChargeForm, Credits, form_of, name_of
from integrations.pms.values import tidy
from meterbase.lib.exact_json import MalformedJson, read_json, write_json
from meterbase.lib.money import NotAnAmount, cents_from_dollars

_NOT_OURS = "The stored charge cannot be read, so nothing was sent."
_MIDNIGHT = "T00:00:00.000Z"
# Where a reference may travel, by what the PMS accepts.
# What a credit may hold besides connection, amount and day.
_CREDIT_FIELDS = frozenset(
    {
        "lease_id",
        "resident_id",
        "charge_code_id",
        "financial_account_id",
        "description",
        "reference_number",
        "notes",
    }
)
_REFERENCE_FIELDS = ("reference_number", "description", "notes", "third_party_charge_id")
# What people call a field, and which error its absence is, in the order in which they are reported.
_ABSENT: dict[str, tuple[str, type[Refused]]] = {
    "lease_id": ("a lease", LeaseNotFound),
    "resident_id": ("a resident", LeaseNotFound),
    "charge_code_id": ("a charge code of this property", InvalidChargeCode),
    "financial_account_id": ("a financial account of this property", InvalidChargeCode),
    "unit_id": ("a unit", InvalidRequest),
    "property_id": ("a property", InvalidRequest),
    "transaction_batch_id": ("a batch ID that RealPage gives out", InvalidRequest),
    "batch_id": ("a batch", InvalidRequest),
}


def write_body(
    order: ChargeOrder, *, connection_id: str, provider: str, transaction_batch_id: str = ""
) -> bytes:
    """Write a charge as JSON, always the same bytes for the same order.

    Shape: only fields that this PMS accepts; days as midnight UTC, money as whole cents.
    Errors: NotSupported, LeaseNotFound, InvalidChargeCode, InvalidRequest.
    """
    form = form_of(provider)
    amount = _cents_of(order)
    if amount < 0 and form.credits is not Credits.NEGATIVE:
        raise InvalidRequest(f"{name_of(provider)} takes no negative charges; credit it there.")
    chosen = _chosen(order, form, provider, transaction_batch_id)
    return _write(order, connection_id, amount, chosen)


def write_credit(order: ChargeOrder, *, connection_id: str, provider: str) -> CreditBody:
    """Write what takes a charge back as JSON, always the same bytes for the same order.

    Shape: a charge below zero, or a credit, whose amount is above zero.
    Errors: NotSupported, LeaseNotFound, InvalidChargeCode, InvalidRequest.
    """
    form = form_of(provider)
    amount = _cents_of(order)
    if amount >= 0:
        raise InvalidRequest("Only what is below zero can be written as a credit.")
    if form.credits is Credits.NEVER:
        name = name_of(provider)
        raise NotSupported(
            f"{name} takes no credits through Propexo. Credit them in {name} by hand."
        )
    chosen = _chosen(order, form, provider)
    if form.credits is Credits.NEGATIVE:
        return CreditBody(_write(order, connection_id, amount, chosen), "charge")
    chosen = {field: value for field, value in chosen.items() if field in _CREDIT_FIELDS}
    return CreditBody(_write(order, connection_id, -amount, chosen), "credit")


def _chosen(
    order: ChargeOrder, form: ChargeForm, provider: str, transaction_batch_id: str = ""
) -> dict[str, str]:
    if find_reference(order.reference) != order.reference:
        raise InvalidRequest(f"{order.reference!r} is no posting reference.")
    offered = _fields_of(order) | {"transaction_batch_id": transaction_batch_id}
    absent = [field for field in _ABSENT if field in form.required and not offered[field]]
    if absent:
        raise _absence(absent, provider)
    return {field: value for field, value in offered.items() if value and form.accepts(field)}


def _write(order: ChargeOrder, connection_id: str, amount: int, chosen: Mapping[str, str]) -> bytes:
    return write_json(
        {
            "integration_id": connection_id,
            "amount_in_cents": amount,
            "transaction_date": order.effective_date.isoformat() + _MIDNIGHT,
            **chosen,
        }
    )


def _cents_of(order: ChargeOrder) -> int:
    try:
        return cents_from_dollars(order.amount)
    except NotAnAmount as error:
        raise InvalidRequest(f"The charge cannot be written: {error}.") from None


def _fields_of(order: ChargeOrder) -> dict[str, str | None]:
    # A PMS may lose its reference field in a report, so the text carries the reference, too.
    text = tidy(f"{order.description} [{order.reference}]")
    month = order.post_month
    return {
        "lease_id": order.lease_id,
        "resident_id": order.resident_id,
        "unit_id": order.unit_id,
        "property_id": order.property_id,
        "charge_code_id": order.charge_code_id,
        "financial_account_id": order.financial_account_id,
        "post_month": month.replace(day=1).isoformat() if month else None,
        "description": text,
        "notes": text,
        "reference_number": order.reference,
        "third_party_charge_id": order.reference,
        "batch_id": order.batch_id,
    }


def _absence(absent: list[str], provider: str) -> Refused:
    names = " and ".join(_ABSENT[field][0] for field in absent)
    message = f"{name_of(provider)} wants {names} with every charge, and MeterBase has none."
    kind = _ABSENT[absent[0]][1]
    if kind is InvalidRequest:
        return InvalidRequest(message, details=dict.fromkeys(absent, ("is missing",)))
    return kind(message)


def check_body(body: bytes, *, connection_id: str, reference: str) -> None:
    """Check what is about to be sent.

    Errors: InvalidRequest when it is no charge for this connection, or does not carry the
        reference: a charge that could not be found again is not sent.
    """
    try:
        row = read_json(body)
    except MalformedJson:
        raise InvalidRequest(_NOT_OURS) from None
    if not isinstance(row, dict) or not isinstance(row.get("amount_in_cents"), int):
        raise InvalidRequest(_NOT_OURS)
    if row.get("integration_id") != connection_id:
        raise InvalidRequest("The charge is for another connection, so nothing was sent.")
    if reference not in {find_reference(text) for text in _texts(row)}:
        raise InvalidRequest("The charge does not carry its reference, so nothing was sent.")


def _texts(row: Mapping[str, object]) -> list[str]:
    found = (row.get(field) for field in _REFERENCE_FIELDS)
    return [text for text in found if isinstance(text, str)]


def receipt_for(answer: Answer) -> ChargeReceipt:
    """Turn the answer to a posted charge into a receipt: the job that will make the charge.

    Errors: OutcomeUnknown when the answer names no job.
    """
    try:
        body = answer.json()
    except MalformedJson:
        raise lost_outcome(answer, why="The answer is not JSON.") from None
    job_id = _job_id_in(body)
    if job_id is None:
        raise lost_outcome(answer, why="The answer names no job.")
    return ChargeReceipt(
        charge_id=None, job_id=job_id, http_status=answer.status, answer=answer.excerpt
    )


def _job_id_in(body: object) -> str | None:
    if not isinstance(body, dict):
        return None
    for holder in (body.get("meta"), body, body.get("data")):
        job_id = holder.get("job_id") if isinstance(holder, dict) else None
        if isinstance(job_id, str) and job_id.strip():
            return job_id
    return None
