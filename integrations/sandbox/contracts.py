"""The two contracts that are served from one store, and which of them a request is meant for.

Most paths belong to one contract only. Some collections have the same name in both; there the slash
at the end decides, which contract v1 has and contract unified has not. A single record of those
(`/v1/units/{id}`) looks the same in both, so that something else has to tell. In this order:

1. the sandbox was started with `--contract unified` or `--contract v1`: that one, always;
2. the API key begins with `px_test_v1_` or `px_test_unified_`: that one;
3. the path is one contract's own: that one;
4. the query has `limit`, `offset` or `order-by`, which contract v1 documents on single records too:
   v1;
5. unified.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from integrations.sandbox import contract_unified, contract_v1
from integrations.sandbox.exchange import Reply, Request, Route, Sandbox, answer_by
from integrations.sandbox.problems import Problem


class Served(StrEnum):
    """What a sandbox serves."""

    UNIFIED = "unified"
    V1 = "v1"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Contract:
    """A wire contract and its routes."""

    name: str
    routes: Sequence[Route]


UNIFIED = Contract(name="unified", routes=contract_unified.ROUTES)
V1 = Contract(name="v1", routes=contract_v1.ROUTES)

_SHARED = "properties|units|leases|residents|charge-codes|webhooks"
_OWN_PATHS = (
    (re.compile(r"/v1/(connections|charges|payments)(/.*)?"), UNIFIED),
    (re.compile(rf"/v1/({_SHARED})"), UNIFIED),
    (re.compile(rf"/v1/({_SHARED})/"), V1),
    (re.compile(r"/v1/webhooks/.+"), V1),
    (re.compile(r"/v1/(admin|financial-accounts|resident-[a-z]+)(/.*)?"), V1),
)
_KEY = re.compile(r"Bearer px_test_(v1|unified)_.*")
_V1_QUERY = re.compile(r"(^|&)(limit|offset|order-by)=")


def contract_of(sandbox: Sandbox, request: Request) -> Contract:
    """Tell which contract a request is meant for."""
    if not request.path.startswith("/v1/"):
        return UNIFIED
    if sandbox.contract != Served.BOTH:
        return V1 if sandbox.contract == Served.V1 else UNIFIED
    key = _KEY.fullmatch(request.authorization)
    if key:
        return V1 if key[1] == Served.V1 else UNIFIED
    for path, contract in _OWN_PATHS:
        if path.fullmatch(request.path):
            return contract
    return V1 if _V1_QUERY.search(request.query_text) else UNIFIED


def answer_contract(sandbox: Sandbox, request: Request) -> Reply:
    """Answer a request by the contract that it is meant for.

    Errors: Problem, which `refusal` writes.
    """
    return answer_by(contract_of(sandbox, request).routes, sandbox, request)


def refusal(sandbox: Sandbox, problem: Problem, request: Request) -> Reply:
    """Write a refusal the way the request's contract does."""
    if contract_of(sandbox, request) is V1:
        status, body = contract_v1.refusal(problem)
        return Reply(status, body, problem.headers)
    return Reply(problem.status, contract_unified.error_body(problem), problem.headers)
