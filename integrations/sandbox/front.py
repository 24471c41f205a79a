"""The way of a request: rate limit, key, faults, route; and every refusal turned into an answer."""

from __future__ import annotations

import re
import threading

from integrations.sandbox import contract_unified, control
from integrations.sandbox.exchange import Reply, Request, Sandbox, answer_by
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.problems import Problem

API_KEY = "px_test_sandbox"
_KEY = re.compile(r"Bearer (px_test_[A-Za-z0-9_-]+)")


def answer(sandbox: Sandbox, request: Request, *, stopping: threading.Event) -> Reply | None:
    """Answer a request; None means that the line is to be cut without an answer.

    Effects: whatever the request asks for; committed when this returns.
    """
    if request.path.startswith(control.PREFIX):
        return _answer_control(sandbox, request)
    allowance = sandbox.rate.take(request.authorization)
    try:
        allowance.check()
        _check_key(request.authorization)
        reply = _answer_with_faults(sandbox, request, stopping)
    except Problem as problem:
        reply = refusal(problem)
    return reply and reply.with_headers(allowance.headers())


def refuse(sandbox: Sandbox, problem: Problem) -> Reply:
    """Answer something that is not even a request; it counts, but for nobody's key."""
    return refusal(problem).with_headers(sandbox.rate.take("").headers())


def refusal(problem: Problem) -> Reply:
    """Write a refusal."""
    return Reply(problem.status, contract_unified.error_body(problem), problem.headers)


def _answer_control(sandbox: Sandbox, request: Request) -> Reply:
    try:
        _check_readable(request)
        return answer_by(control.ROUTES, sandbox, request)
    except Problem as problem:
        return refusal(problem)


def _answer_with_faults(
    sandbox: Sandbox, request: Request, stopping: threading.Event
) -> Reply | None:
    fault = sandbox.faults.take(method=request.method, path=request.path)
    if fault is None:
        return _answer_contract(sandbox, request)
    stopping.wait(fault.seconds)
    if fault.kind is FaultKind.DROP_BEFORE:
        return None
    if fault.kind is FaultKind.STATUS_500_BEFORE:
        raise _broken()
    reply = _answer_refused_too(sandbox, request)
    return _spoil(fault, reply)


def _spoil(fault: Fault, reply: Reply) -> Reply | None:
    if fault.kind is FaultKind.DROP_AFTER:
        return None
    if fault.kind is FaultKind.STATUS_500_AFTER:
        raise _broken()
    return reply


def _answer_contract(sandbox: Sandbox, request: Request) -> Reply:
    _check_readable(request)
    return answer_by(contract_unified.ROUTES, sandbox, request)


def _answer_refused_too(sandbox: Sandbox, request: Request) -> Reply:
    """Answer, a refusal being an answer like any other: the fault hides it as well."""
    try:
        return _answer_contract(sandbox, request)
    except Problem as problem:
        return refusal(problem)


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
