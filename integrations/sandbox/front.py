"""The way of a request: rate limit, key, faults, contract; every refusal turned into an answer."""

from __future__ import annotations

import re
import threading
from dataclasses import replace

from integrations.sandbox import control
from integrations.sandbox.contracts import V1, answer_contract, contract_of, refusal
from integrations.sandbox.exchange import Reply, Request, Sandbox, answer_by
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.newcomers import insert_rows
from integrations.sandbox.problems import Problem
from integrations.sandbox.spoiling import html_page, spoil

API_KEY = "px_test_sandbox"
_KEY = re.compile(r"Bearer (px_test_[A-Za-z0-9_-]+)")
# Contract v1 documents neither of them.
_NOT_IN_V1 = frozenset({"X-RateLimit-Reset", "Retry-After"})


def answer(sandbox: Sandbox, request: Request, *, stopping: threading.Event) -> Reply | None:
    """Answer a request; None means that the line is to be cut without an answer.

    Effects: whatever the request asks for; committed when this returns.
    """
    if request.path.startswith(control.PREFIX):
        return _answer_control(sandbox, request)
    allowance = sandbox.rate.take(request.authorization)
    fault = None
    try:
        allowance.check()
        _check_key(request.authorization)
        fault = sandbox.faults.take(method=request.method, path=request.path)
        reply = _answer_with_fault(sandbox, request, fault, stopping)
    except Problem as problem:
        reply = refusal(sandbox, problem, request)
    # The work is done by then: it is the answer that is late.
    stopping.wait(allowance.delay)
    if reply is None:
        return None
    hidden = _NOT_IN_V1 if contract_of(sandbox, request) is V1 else frozenset[str]()
    told = {**allowance.headers(), **reply.headers}
    headers = {name: value for name, value in told.items() if name not in hidden}
    # Ordered is ordered, whatever the contract documents.
    return replace(reply, headers=headers | _ordered_headers(fault))


def refuse(sandbox: Sandbox, problem: Problem) -> Reply:
    """Answer something that is not even a request; it counts, but for nobody's key."""
    reply = refusal(sandbox, problem, Request(method="", path=""))
    return reply.with_headers(sandbox.rate.take("").headers())


def _answer_control(sandbox: Sandbox, request: Request) -> Reply:
    try:
        _check_readable(request)
        return answer_by(control.ROUTES, sandbox, request)
    except Problem as problem:
        return refusal(sandbox, problem, request)


def _answer_with_fault(
    sandbox: Sandbox, request: Request, fault: Fault | None, stopping: threading.Event
) -> Reply | None:
    if fault is None:
        return _answer(sandbox, request)
    stopping.wait(fault.seconds)
    if fault.kind is FaultKind.DROP_BEFORE:
        return None
    if fault.kind is FaultKind.STATUS_500_BEFORE:
        raise _broken()
    if fault.kind is FaultKind.HTML_BEFORE:
        return html_page(fault.status)
    if fault.kind is FaultKind.TOO_MANY_REQUESTS:
        raise _throttled()
    reply = _answer_refused_too(sandbox, request)
    if fault.kind is FaultKind.STATUS_500_AFTER:
        raise _broken()
    if fault.kind is FaultKind.ROWS_INSERTED:
        insert_rows(sandbox, request, count=fault.rows)
    return spoil(fault, reply)


def _answer(sandbox: Sandbox, request: Request) -> Reply:
    _check_readable(request)
    return answer_contract(sandbox, request)


def _answer_refused_too(sandbox: Sandbox, request: Request) -> Reply:
    """Answer, a refusal being an answer like any other: the fault hides it as well."""
    try:
        return _answer(sandbox, request)
    except Problem as problem:
        return refusal(sandbox, problem, request)


def _check_key(authorization: str) -> None:
    if not _KEY.fullmatch(authorization):
        raise Problem(
            401,
            "UNAUTHORIZED",
            "The API key is missing or unknown. The sandbox takes px_test_ keys.",
            headers={"WWW-Authenticate": "Bearer"},
        )


def _check_readable(request: Request) -> None:
    if request.unreadable is not None:
        raise request.unreadable


def _broken() -> Problem:
    return Problem(500, "INTERNAL_ERROR", "Something went wrong on our side.")


def _throttled() -> Problem:
    return Problem(
        429,
        "RATE_LIMITED",
        "Too many requests. Try again later.",
        headers={"X-RateLimit-Remaining": "0"},
    )


def _ordered_headers(fault: Fault | None) -> dict[str, str]:
    if fault is None or fault.kind is not FaultKind.TOO_MANY_REQUESTS or fault.retry_after is None:
        return {}
    return {"Retry-After": str(fault.retry_after)}
