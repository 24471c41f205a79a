"""What each error code means for the person who has to act."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from django.db.models import TextChoices


class CauseKind(TextChoices):
    """Who has to act before a charge gets through."""

    LOGIN = "login", "Needs a new login"
    UNKNOWN = "unknown", "Unknown: check first"
    PMS = "pms", "Needs a fix in the PMS"
    HERE = "here", "Needs a fix here"
    THERE = "there", "Already there"
    WAIT = "wait", "MeterBase stopped trying"


@dataclass(frozen=True, slots=True)
class Cause:
    """A kind of failure in plain words: what happened, why, what to do, and who has to."""

    code: str
    title: str
    why: str
    remedy: str
    kind: CauseKind = CauseKind.PMS


_CAUSES = (
    Cause(
        "LEASE_NOT_FOUND",
        "No active lease in the PMS",
        "The PMS has no active lease on the unit, or no such unit: it may have turned over.",
        "Verify the unit's occupancy in the PMS and sync the property. Send it again if the same "
        "resident still lives there; else charge it in the PMS by hand and resolve it here, or "
        "calculate the bill again so that it goes to the lease of today.",
    ),
    Cause(
        "INVALID_CHARGE_CODE",
        "Charge code not set up in the PMS",
        "The charge code is not in the property's chart of accounts.",
        "Set up the charge code in your PMS, or map it to another one on the property's page "
        "Charge codes. Then retry: the charge is written anew with what its code is mapped to.",
        CauseKind.HERE,
    ),
    Cause(
        "PERIOD_CLOSED",
        "The accounting month is closed in the PMS",
        "The books of the month that the charge belongs to are closed in the PMS, so it takes no "
        "more charges for it. Nothing was charged.",
        "On the job's page, post it in the next open month instead. Or have the month opened in "
        "the PMS, then retry.",
    ),
    Cause(
        "DUPLICATE_CHARGE",
        "Already charged in the PMS",
        "The PMS has a charge for this unit, code and date that MeterBase did not make.",
        "Check in the PMS who made it. If it is this charge, resolve it here with a note.",
        CauseKind.THERE,
    ),
    Cause(
        "AUTHORIZATION_FAILED",
        "The PMS login has expired",
        "Propexo can no longer log in to the PMS.",
        "Re-authenticate in the Propexo dashboard, then say so on the connection's page.",
        CauseKind.LOGIN,
    ),
    Cause(
        "RATE_LIMITED",
        "Too many calls",
        "The PMS kept asking MeterBase to slow down.",
        "Wait a while, then retry.",
        CauseKind.WAIT,
    ),
    Cause(
        "NOT_SENT",
        "Propexo could not be reached",
        "No connection could be made, so nothing was charged.",
        "Check the network and Propexo's status, then retry.",
        CauseKind.WAIT,
    ),
    Cause(
        "WRONG_LEASE",
        "Charged to another lease",
        "Somebody else lives in the unit now, and the PMS charged them.",
        "Reverse the charge in the PMS, charge whoever owes it there, then resolve it here.",
    ),
    Cause(
        "RESTORED",
        "Perhaps sent before the database was restored",
        "MeterBase came back from a backup and cannot know whether it had sent this charge.",
        "Look the reference up in the PMS. If the charge is there, link it here by its id; if it "
        "certainly is not, ask to send it.",
        CauseKind.UNKNOWN,
    ),
    Cause(
        "STUCK_JOB",
        "Taken by Propexo, and never finished",
        "Propexo took the charge a day ago and has not said since that it is in the PMS.",
        "Look the reference up in the PMS. If the charge is there, link it here by its id; if not, "
        "ask Propexo about the job before anybody sends it again.",
        CauseKind.UNKNOWN,
    ),
    Cause(
        "OUTCOME_UNKNOWN",
        "Not certain whether it was charged",
        "The answer was lost, and the PMS's ledger did not settle the question.",
        "Look the reference up in the PMS. If the charge is there, link it here by its id.",
        CauseKind.UNKNOWN,
    ),
)
_MORE = (
    Cause(
        "VALIDATION_FAILED",
        "Propexo did not accept what was sent",
        "A field of the charge is missing or has a value that the PMS does not take.",
        "Read the PMS's own words, put right here what they name, then retry: the charge is "
        "written anew.",
        CauseKind.HERE,
    ),
    Cause(
        "NOT_SUPPORTED",
        "This PMS takes no such charge",
        "Propexo cannot do this with the property's PMS, whatever is asked.",
        "Charge it in the PMS by hand, then say so here with the PMS's reference.",
    ),
    Cause(
        "NOT_FOUND",
        "The PMS does not know the record",
        "The property or the unit is gone from the PMS, or has another id there.",
        "Look in the PMS, sync the property, then retry.",
    ),
    Cause(
        "API_KEY_REFUSED",
        "Propexo refused MeterBase's API key",
        "The key was revoked or mistyped. Nothing was charged.",
        "Support puts the right PROPEXO_API_KEY into the settings; then retry.",
        CauseKind.LOGIN,
    ),
)
_BY_CODE = {cause.code: cause for cause in (*_CAUSES, *_MORE)}


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


def cause_in_doubt(code: str) -> Cause:
    """Explain a charge that only a look into the PMS can settle."""
    cause = cause_of(code)
    if cause.kind in (CauseKind.UNKNOWN, CauseKind.THERE) or code == "WRONG_LEASE":
        return cause
    return _BY_CODE["OUTCOME_UNKNOWN"]


def codes_of_kind(kind: CauseKind) -> list[str]:
    """List the error codes of a kind; what is not known counts as a refusal of the PMS."""
    return [cause.code for cause in _BY_CODE.values() if cause.kind == kind]


def known_codes() -> list[str]:
    """List the error codes that have an explanation of their own."""
    return list(_BY_CODE)


def month_closed(month: date) -> Cause:
    """Explain a refusal for a closed month by the month's name."""
    title = f"The accounting month {month:%B %Y} is closed in the PMS"
    return replace(_BY_CODE["PERIOD_CLOSED"], title=title)


def moved_out(*, unit: str, resident: str) -> str:
    """Say that a charge was not sent, because it would bill whoever lives in the unit now."""
    name = resident or "the resident"
    return f"No active lease found for unit {unit}: {name} has moved out. It was not sent."
