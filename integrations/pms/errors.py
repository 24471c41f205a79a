"""Everything that can go wrong with Propexo, sorted by who must act.

PmsError
├── ApiKeyRefused          MeterBase's operator: the API key is wrong (401)
├── PmsLoginExpired        the customer: the PMS login in Propexo must be renewed (403)
├── Throttled              nobody: wait as long as it says (429)
├── NeverSent              nobody: no byte of the request left this machine, try again
├── Unavailable            nobody: a read failed on the way, try again later
├── OutcomeUnknown         the ledger: a write may or may not have happened, look before all else
├── UnreadableAnswer       support: the answer to a read is not what the contract says
└── Refused                the accountant: Propexo or the PMS said no, and nothing was changed
    ├── NotFound           the id is wrong, or the record is gone
    ├── LeaseNotFound      no active lease on the unit
    ├── PeriodClosed       the accounting month of the charge is closed in the PMS
    ├── InvalidChargeCode  the code is not in the property's chart of accounts
    ├── NotSupported       this PMS, or Propexo for it, cannot do that at all
    ├── DuplicateCharge    the PMS has this charge already; `charge_id` names it
    └── InvalidRequest     a field of the request is wrong; `details` says which
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta


class PmsError(Exception):
    """Propexo could not do what was asked.

    Shape: `code` is one of MeterBase's own codes, `raw` the trimmed answer for staff.
    """

    code = "PMS_REJECTED"

    def __init__(
        self, message: str, *, http_status: int | None = None, raw: str = "", request_id: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.http_status = http_status
        self.raw = raw
        self.request_id = request_id


class ApiKeyRefused(PmsError):
    """Propexo does not know our API key."""

    code = "API_KEY_REFUSED"


class PmsLoginExpired(PmsError):
    """Propexo can no longer log in to the PMS."""

    code = "AUTHORIZATION_FAILED"


class Throttled(PmsError):
    """Too many calls; come back after `retry_after`."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, *, retry_after: timedelta, raw: str = "") -> None:
        super().__init__(message, http_status=429, raw=raw)
        self.retry_after = retry_after


class NeverSent(PmsError):
    """No connection could be made, so nothing was asked."""

    code = "NOT_SENT"


class Unavailable(PmsError):
    """A read did not come through; reading again is harmless."""

    code = "UNAVAILABLE"


class OutcomeUnknown(PmsError):
    """A write was sent and its answer is lost or makes no sense: it may have happened."""

    code = "OUTCOME_UNKNOWN"


class UnreadableAnswer(PmsError):
    """A read was answered with something that the contract does not describe."""

    code = "UNREADABLE_ANSWER"


class Refused(PmsError):
    """Propexo or the PMS refused, before any effect."""


class NotFound(Refused):
    """There is no such record."""

    code = "NOT_FOUND"


class LeaseNotFound(Refused):
    """The unit has no active lease, or the PMS has no such unit."""

    code = "LEASE_NOT_FOUND"


class InvalidChargeCode(Refused):
    """The charge code is not set up for the property."""

    code = "INVALID_CHARGE_CODE"


class PeriodClosed(Refused):
    """The accounting month that the charge belongs to is closed."""

    code = "PERIOD_CLOSED"


class NotSupported(Refused):
    """Propexo cannot do this with that PMS, whatever is asked."""

    code = "NOT_SUPPORTED"


class DuplicateCharge(Refused):
    """The PMS found the same unit, code and date in its own ledger."""

    code = "DUPLICATE_CHARGE"

    def __init__(self, message: str, *, charge_id: str | None, raw: str = "") -> None:
        super().__init__(message, http_status=409, raw=raw)
        self.charge_id = charge_id


class InvalidRequest(Refused):
    """A field of the request was not accepted.

    Shape: `details` maps a field to what is wrong with it.
    """

    code = "VALIDATION_FAILED"

    def __init__(
        self,
        message: str,
        *,
        http_status: int | None = None,
        raw: str = "",
        request_id: str = "",
        details: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        super().__init__(message, http_status=http_status, raw=raw, request_id=request_id)
        self.details = dict(details or {})
