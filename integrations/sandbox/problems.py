"""What a request can be refused with; the contract at hand decides how it is written."""

from __future__ import annotations

from collections.abc import Mapping

from meterbase.lib.exact_json import JsonValue


class Problem(Exception):
    """A request is refused.

    Shape: `status` is the HTTP status, `code` the machine's word, `message` a sentence.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Mapping[str, JsonValue] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details: Mapping[str, JsonValue] = details or {}
        self.headers: Mapping[str, str] = headers or {}


def malformed(message: str) -> Problem:
    """Refuse a request that cannot be read."""
    return Problem(400, "MALFORMED_REQUEST", message)


def not_found(what: str, record_id: str) -> Problem:
    """Refuse a request for a record that is not there."""
    return Problem(404, "NOT_FOUND", f"There is no {what} {record_id}.")


def invalid(errors: Mapping[str, list[str]]) -> Problem:
    """Refuse a request whose fields or parameters are wrong, field by field."""
    names = ", ".join(errors)
    return Problem(422, "VALIDATION_FAILED", f"Please check: {names}.", details=errors)


def login_expired(connection_id: str) -> Problem:
    """Refuse a request that needs a PMS login that no longer works."""
    return Problem(
        403,
        "AUTHORIZATION_FAILED",
        "The PMS credentials of this connection have expired. Authenticate again in Propexo.",
        details={"connection_id": connection_id},
    )
