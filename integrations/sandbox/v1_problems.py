"""Refusals of contract v1: one code for everything that is wrong with a request."""

from __future__ import annotations

from collections.abc import Sequence

from integrations.sandbox.problems import Problem
from meterbase.lib.exact_json import JsonValue

Issue = dict[str, JsonValue]

# What the other contract and the server itself say, and what this contract makes of it.
_INVALID = frozenset({"VALIDATION_FAILED", "MALFORMED_REQUEST"})
_BAD_REQUEST = 400


def bad_request(message: str, issues: Sequence[Issue] = ()) -> Problem:
    """Refuse a request; the issues are written the way that the validator of contract v1 does."""
    details: dict[str, JsonValue] = {"issues": list(issues), "name": "ZodError"} if issues else {}
    return Problem(_BAD_REQUEST, "invalid_request", message, details=details)


def not_there(what: str, record_id: str) -> Problem:
    """Refuse a request for a record that is not there."""
    return Problem(404, "not_found", f"No {what} found with id {record_id}.")


def not_supported(vendor: str, what: str) -> Problem:
    """Refuse what the PMS behind an integration cannot do."""
    return Problem(405, "not_supported", f"{vendor} does not support this operation: {what}.")


def missing(name: str, expected: str) -> Issue:
    """Complain about a field that is not there."""
    return {
        "code": "invalid_type",
        "expected": expected,
        "received": "undefined",
        "path": [name],
        "message": "Required",
    }


def wrong_type(name: str, expected: str, received: str) -> Issue:
    """Complain about a field of another type."""
    return {
        "code": "invalid_type",
        "expected": expected,
        "received": received,
        "path": [name],
        "message": f"Expected {expected}, received {received}",
    }


def wrong_value(name: str, message: str, code: str = "invalid_string") -> Issue:
    """Complain about what a field says."""
    return {"code": code, "path": [name], "message": message}


def unknown_keys(names: Sequence[str]) -> Issue:
    """Complain about fields that nobody knows."""
    quoted = ", ".join(f"'{name}'" for name in names)
    return {
        "code": "unrecognized_keys",
        "keys": list(names),
        "path": [],
        "message": f"Unrecognized key(s) in object: {quoted}",
    }


def refusal(problem: Problem) -> tuple[int, JsonValue]:
    """Write a refusal: its status and its body; details are left out when there are none."""
    invalid = problem.code in _INVALID
    status = _BAD_REQUEST if invalid and problem.status == 422 else problem.status
    error: dict[str, JsonValue] = {
        "code": "invalid_request" if invalid else problem.code.lower(),
        "message": problem.message,
    }
    if problem.details:
        error["details"] = dict(problem.details)
    return status, {"error": error}
