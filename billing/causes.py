"""What each error code means for the person who has to act."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """A kind of failure in plain words: what happened, why, what to do."""

    code: str
    title: str
    why: str
    remedy: str


_CAUSES = (
    Cause(
        "LEASE_NOT_FOUND",
        "No active lease in the PMS",
        "The PMS has no active lease on the unit, or no such unit: it may have turned over.",
        "Verify the unit's occupancy in the PMS and sync the property. Send it again if the same "
        "resident still lives there; else charge it in the PMS by hand and resolve it here.",
    ),
    Cause(
        "INVALID_CHARGE_CODE",
        "Charge code not set up in the PMS",
        "The charge code is not in the property's chart of accounts.",
        "Set up the charge code in your PMS, then retry. Or map it to another one on the "
        "property's page Charge codes; if nothing of the bill was posted, post it again.",
    ),
    Cause(
        "DUPLICATE_CHARGE",
        "Already charged in the PMS",
        "The PMS has a charge for this unit, code and date that MeterBase did not make.",
        "Check in the PMS who made it. If it is this charge, resolve it here with a note.",
    ),
    Cause(
        "AUTHORIZATION_FAILED",
        "The PMS login has expired",
        "Propexo can no longer log in to the PMS.",
        "Re-authenticate in the Propexo dashboard, then say so on the connection's page.",
    ),
    Cause(
        "RATE_LIMITED",
        "Too many calls",
        "The PMS kept asking MeterBase to slow down.",
        "Wait a while, then retry.",
    ),
    Cause(
        "NOT_SENT",
        "Propexo could not be reached",
        "No connection could be made, so nothing was charged.",
        "Check the network and Propexo's status, then retry.",
    ),
    Cause(
        "WRONG_LEASE",
        "Charged to another lease",
        "Somebody else lives in the unit now, and the PMS charged them.",
        "Reverse the charge in the PMS, charge whoever owes it there, then resolve it here.",
    ),
    Cause(
        "OUTCOME_UNKNOWN",
        "Not certain whether it was charged",
        "The answer was lost, and the PMS's ledger did not settle the question.",
        "Look the reference up in the PMS. If the charge is there, link it here by its id.",
    ),
)
_BY_CODE = {cause.code: cause for cause in _CAUSES}


def name_unit(code: str, message: str, *, unit: str) -> str:
    """Write the sentence of a failed charge, which always names its unit."""
    if code == "LEASE_NOT_FOUND":
        return f"No active lease found for unit {unit}. The resident may have moved out."
    return f"Unit {unit}: {message}"


def cause_of(code: str) -> Cause:
    """Explain an error code; one that is not known is a refusal of the PMS."""
    return _BY_CODE.get(
        code,
        Cause(
            code or "PMS_REJECTED",
            "Refused by the PMS",
            "The PMS did not accept the charge.",
            "Read the PMS's own words, put right what they name, then retry.",
        ),
    )


def moved_out(*, unit: str, resident: str) -> str:
    """Say that a charge was not sent, because it would bill whoever lives in the unit now."""
    name = resident or "the resident"
    return f"No active lease found for unit {unit}: {name} has moved out. It was not sent."
