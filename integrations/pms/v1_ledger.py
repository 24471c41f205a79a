"""The rows of contract v1 about money: chart of accounts, charges, payments and write jobs."""

from __future__ import annotations

from datetime import date

from integrations.pms.complaints import code_of_text
from integrations.pms.parsing import Fields
from integrations.pms.records import (
    PmsCharge,
    PmsChargeCode,
    PmsPayment,
    PmsWriteJob,
    WriteState,
)

_STATES: dict[str, WriteState | None] = {
    "PENDING": "pending",
    "SUCCESS": "succeeded",
    "FAILURE": "failed",
    "PARTIAL_SUCCESS": None,
}


def charge_code_from(fields: Fields, *, property_id: str) -> PmsChargeCode:
    """Read a charge code of a property."""
    return PmsChargeCode(
        # The id in the PMS is often a bare number; what accountants say is the name.
        code=fields.label("name") or fields.label("x_id"),
        name=fields.text("description") or fields.text("name"),
        property_id=fields.expected("property_id", value=property_id),
        gl_account=fields.label("credit_gl_account") or fields.label("debit_gl_account"),
        remote_id=fields.identifier("id"),
        kind="charge_code",
    )


def account_from(fields: Fields, *, property_id: str) -> PmsChargeCode:
    """Read a financial account of a property."""
    number = fields.label("account_number")
    return PmsChargeCode(
        code=number or fields.label("x_id"),
        name=fields.text("name"),
        property_id=fields.expected("property_id", value=property_id),
        gl_account=number,
        remote_id=fields.identifier("id"),
        kind="financial_account",
    )


def charge_from(fields: Fields) -> PmsCharge:
    """Read a resident charge; a negative one is a credit."""
    return PmsCharge(
        charge_id=fields.identifier("id"),
        unit_id=fields.optional_identifier("unit_id") or "",
        lease_id=fields.optional_identifier("lease_id"),
        amount=fields.cents("amount_in_cents"),
        effective_date=_day_of(fields),
        charge_code=fields.optional_identifier("charge_code_id")
        or fields.optional_identifier("financial_account_id")
        or "",
        description=fields.prose("description"),
        reference_number=fields.prose("reference_number"),
    )


def payment_from(fields: Fields) -> PmsPayment:
    """Read a resident payment; it counts for the first charge that it was used for."""
    uses = [
        entry.optional_identifier("resident_charge_id")
        for entry in fields.each("allocations") or ()
    ]
    return PmsPayment(
        payment_id=fields.identifier("id"),
        lease_id=fields.optional_identifier("lease_id") or "",
        amount=fields.cents("amount_in_cents"),
        received_on=_day_of(fields),
        charge_id=next((charge_id for charge_id in uses if charge_id), None),
    )


def _day_of(fields: Fields) -> date:
    day = fields.calendar_day("transaction_date") or fields.calendar_day("due_date")
    return day or fields.required_day("transaction_date")


def write_job_from(fields: Fields, *, job_id: str) -> PmsWriteJob | None:
    """Read how a write job stands; None when it ended neither well nor badly."""
    state = _STATES.get(fields.word("write_status", among=_STATES))
    if state is None:
        return None
    errors = fields.texts("errors") if state == "failed" else ()
    return PmsWriteJob(
        job_id=job_id,
        state=state,
        charge_id=fields.optional_identifier("created_record_id"),
        errors=errors,
        code=code_of_text(" ".join(errors)) if state == "failed" else "",
    )
