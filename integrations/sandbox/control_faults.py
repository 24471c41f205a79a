"""Control endpoints that order faults and take them back."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal

from integrations.sandbox.body_fields import BodyFields
from integrations.sandbox.exchange import Reply, Request, Route, Sandbox
from integrations.sandbox.faults import WEBHOOK, WEBHOOK_KINDS, Fault, FaultKind
from integrations.sandbox.logins import expire_login, expired_logins, renew_logins
from integrations.sandbox.problems import invalid
from meterbase.lib.exact_json import JsonValue

EXPIRED_CREDENTIALS = "expired_credentials"
_KINDS = (*(kind.value for kind in FaultKind), EXPIRED_CREDENTIALS)
_LONGEST_DELAY = 600
_MOST = 1_000_000
_STATUSES = range(200, 600)


def _add_fault(sandbox: Sandbox, request: Request) -> Reply:
    body = BodyFields(request.json())
    kind = body.choice("kind", _KINDS)
    if kind == EXPIRED_CREDENTIALS:
        connection_id = body.text("connection_id")
        body.check()
        expire_login(sandbox.store, connection_id=connection_id, now=sandbox.now())
        return Reply(201, _expired(connection_id))
    fault = _fault(body, kind)
    body.check()
    _check_scope(fault)
    sandbox.faults.add(fault)
    return Reply(201, _shown(fault))


def _fault(body: BodyFields, kind: str) -> Fault:
    """Read a fault; what is wrong with it shows when the body is checked."""
    method, path = _scope(body, kind)
    probability = body.probability("probability")
    # What happens by chance goes on until it is cleared, unless somebody counts.
    endless = probability is not None and not body.has("count")
    return Fault(
        method=method,
        path=path,
        kind=FaultKind(kind or FaultKind.DELAY),
        count=None if endless else body.count("count", largest=_MOST, default=1),
        seconds=float(body.seconds("seconds", longest=_LONGEST_DELAY)),
        skip=body.whole("skip", largest=_MOST, default=0) or 0,
        probability=probability,
        seed=body.whole("seed", largest=2**31, default=0) or 0,
        retry_after=body.whole("retry_after", largest=3600, default=None),
        status=body.whole("status", largest=_STATUSES[-1], default=502) or 0,
        rows=body.count("rows", largest=1000, default=1),
    )


def _scope(body: BodyFields, kind: str) -> tuple[str, str]:
    """Read which requests, or for a webhook's fault which events, are meant."""
    if kind in WEBHOOK_KINDS:
        return WEBHOOK, body.text("event", required=False) or "*"
    return body.text("method").upper(), body.text("path")


def _check_scope(fault: Fault) -> None:
    if fault.method != WEBHOOK and not fault.path.startswith("/v1/"):
        raise invalid({"path": ["must start with /v1/"]})
    if fault.status not in _STATUSES:
        raise invalid({"status": ["must be an HTTP status from 200 to 599"]})


def _faults(sandbox: Sandbox, _request: Request) -> Reply:
    pending = [_shown(fault) for fault in sandbox.faults.pending()]
    expired = [_expired(connection_id) for connection_id in expired_logins(sandbox.store)]
    return Reply(200, {"faults": [*pending, *expired]})


def _clear_faults(sandbox: Sandbox, _request: Request) -> Reply:
    cleared = sandbox.faults.clear()
    return Reply(200, {"cleared": cleared + renew_logins(sandbox.store, now=sandbox.now())})


def _shown(fault: Fault) -> dict[str, JsonValue]:
    return {**asdict(fault), "seconds": Decimal(str(fault.seconds))}


def _expired(connection_id: str) -> dict[str, JsonValue]:
    return {"kind": EXPIRED_CREDENTIALS, "connection_id": connection_id}


ROUTES = (
    Route("POST", "/_sandbox/faults", _add_fault),
    Route("GET", "/_sandbox/faults", _faults),
    Route("DELETE", "/_sandbox/faults", _clear_faults),
)
