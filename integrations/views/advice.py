"""What somebody can do about a failure, in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.gateways import PropexoNotConfigured
from integrations.operations.connections import CHECK_ID, CHECK_KEY, CHECK_NETWORK
from integrations.pms.errors import PmsError

_BY_CODE = {
    "API_KEY_REFUSED": CHECK_KEY,
    "AUTHORIZATION_FAILED": "The PMS password may have expired. Renew the PMS login in the Propexo "
    "dashboard, open the connection here and say that it was renewed, then try again.",
    "NOT_FOUND": CHECK_ID,
    "RATE_LIMITED": "Too many calls were made. Wait a few minutes, then try again.",
    "NOT_SENT": CHECK_NETWORK,
    "UNAVAILABLE": "Propexo did not answer in time. Try again in a few minutes; nothing was lost.",
    "UNREADABLE_ANSWER": "Try again; if it happens twice, tell support, who see the answer in the "
    "log.",
    "WORKER_LOST": "Start the sync again.",
    "INTERNAL_ERROR": "Start the sync again, and tell support if it happens twice.",
    "NOT_CONFIGURED": "Whoever runs this installation enters the key (Step 2 of the set-up).",
}
_OTHERWISE = "Look at the connection in the Propexo dashboard, then try again."


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that kept a page from doing its work, and what to do about it."""

    title: str
    body: str
    remedy: str


def remedy_for(code: str) -> str:
    """Say what to do about a failure with one of MeterBase's own codes."""
    return _BY_CODE.get(code, _OTHERWISE)


def trouble_of(error: PmsError | PropexoNotConfigured) -> Trouble:
    """Say why the PMS could not be asked."""
    if isinstance(error, PropexoNotConfigured):
        return Trouble("Propexo is not configured", str(error), remedy_for("NOT_CONFIGURED"))
    return Trouble("The PMS could not be read", error.message, remedy_for(error.code))
