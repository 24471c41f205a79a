"""What can come of sending a charge, and what each answer of the PMS means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from integrations.pms import errors
from integrations.pms.pacing import NotYet
from integrations.pms.records import ChargeReceipt


@dataclass(frozen=True, slots=True)
class Posted:
    """The PMS has the charge."""

    charge_id: str
    http_status: int
    answer: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """Propexo has taken the charge and a job of its own writes it into the PMS."""

    job_id: str
    http_status: int
    answer: str


@dataclass(frozen=True, slots=True)
class NothingSent:
    """Nothing was charged and nobody is to blame: try again.

    Shape: `connection_waits` stops all of the connection's sending, not this charge alone;
        `counts` is False when the try says nothing about the charge itself.
    """

    evidence: str
    because: str
    code: str
    wait: timedelta | None = None
    connection_waits: bool = False
    login_expired: bool = False
    counts: bool = True
    http_status: int | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The PMS refused, before any effect; a person has to do something."""

    code: str
    message: str
    http_status: int | None
    answer: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been charged: only the PMS's ledger can tell.

    Shape: `look_now` when there is nothing to wait for before looking.
    """

    code: str
    message: str
    http_status: int | None
    answer: str
    look_now: bool = False


Outcome = Posted | Accepted | NothingSent | Rejected | Unknown


def outcome_of_receipt(receipt: ChargeReceipt, *, lease_id: str) -> Outcome:
    """Judge an answer that took the charge for a lease."""
    if receipt.lease_id is not None and receipt.lease_id != lease_id:
        return Unknown(
            "WRONG_LEASE",
            f"The PMS put the charge on the lease {receipt.lease_id}, not on {lease_id}.",
            receipt.http_status,
            receipt.answer,
            look_now=True,
        )
    if receipt.charge_id:
        return Posted(receipt.charge_id, receipt.http_status, receipt.answer)
    if receipt.job_id:
        return Accepted(receipt.job_id, receipt.http_status, receipt.answer)
    return Unknown(
        "OUTCOME_UNKNOWN",
        "The PMS took the charge but gave no id. MeterBase looks it up in the PMS.",
        receipt.http_status,
        receipt.answer,
    )


def outcome_of_error(error: errors.PmsError) -> Outcome:
    """Judge a failed call; whatever is not certain is unknown."""
    match error:
        case NotYet():
            # Other requests share the rate limit; that says nothing about this charge.
            return NothingSent(
                "never-sent",
                error.message,
                error.code,
                wait=error.retry_after,
                connection_waits=True,
                counts=False,
            )
        case errors.Throttled():
            return NothingSent(
                "throttled",
                "The PMS asked to slow down.",
                error.code,
                wait=error.retry_after,
                connection_waits=True,
                http_status=error.http_status,
                answer=error.raw,
            )
        case errors.NeverSent():
            return NothingSent("never-sent", error.message, error.code)
        case errors.PmsLoginExpired() | errors.ApiKeyRefused():
            return NothingSent(
                "not-authorised",
                error.message,
                error.code,
                login_expired=True,
                counts=False,
                http_status=error.http_status,
                answer=error.raw,
            )
        case errors.DuplicateCharge():
            return Unknown(error.code, error.message, error.http_status, error.raw, look_now=True)
        case errors.Refused():
            return Rejected(error.code, error.message, error.http_status, error.raw)
        case _:
            return Unknown(errors.OutcomeUnknown.code, error.message, error.http_status, error.raw)
