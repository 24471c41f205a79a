"""The sandbox's own doors: look into the ledger, end a lease, order faults. No key, no limits."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal

from integrations.sandbox.body_fields import BodyFields
from integrations.sandbox.exchange import Reply, Request, Route, Sandbox
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.lease_endings import end_lease
from integrations.sandbox.ledger import read_ledger
from integrations.sandbox.listing import Row, Selection, count_rows, select_rows
from integrations.sandbox.problems import invalid
from integrations.sandbox.unified_records import write_lease
from meterbase.lib.exact_json import JsonValue

PREFIX = "/_sandbox/"
_MOST_LEASES = 1000
_LONGEST_DELAY = 600
_MOST_FAULTS = 1_000_000


def _health(sandbox: Sandbox, _request: Request) -> Reply:
    made = sandbox.store.making()
    with sandbox.store.reading() as connection:
        charges = count_rows(connection, Selection(view="listed_charges"))
    body: JsonValue = {"status": "ok", **asdict(made), "charges": charges}
    return Reply(200, body)


def _ledger(sandbox: Sandbox, _request: Request) -> Reply:
    entries = read_ledger(sandbox.store)
    total = sum((entry.amount for entry in entries), Decimal("0.00"))
    return Reply(
        200,
        {
            "charges": [asdict(entry) for entry in entries],
            "count": len(entries),
            "total": str(total),
        },
    )


def _leases(sandbox: Sandbox, request: Request) -> Reply:
    query = request.query()
    missing = [name for name in ("property_id", "unit_number") if name not in query]
    if missing:
        raise invalid({name: ["is required"] for name in missing})
    selection = Selection(
        view="listed_leases",
        equal={name: query[name] for name in ("property_id", "unit_number")},
        includes_locked=True,
    )
    with sandbox.store.reading() as connection:
        rows = select_rows(connection, selection, limit=_MOST_LEASES)
    return Reply(200, {"leases": [_lease(row) for row in rows]})


def _end_lease(sandbox: Sandbox, request: Request) -> Reply:
    body = BodyFields(request.json() if request.body else {})
    end = body.day("end_date", default=sandbox.clock().date())
    body.check()
    row = end_lease(sandbox.store, lease_id=request.record_id, end=end, now=sandbox.now())
    return Reply(200, _lease(row))


def _lease(row: Row) -> dict[str, JsonValue]:
    place: dict[str, JsonValue] = {
        "property_id": row["property_id"],
        "unit_number": row["unit_number"],
    }
    return {**write_lease(row), **place}


def _add_fault(sandbox: Sandbox, request: Request) -> Reply:
    body = BodyFields(request.json())
    path = body.text("path")
    method = body.text("method").upper()
    kind = body.choice("kind", [kind.value for kind in FaultKind])
    count = body.count("count", largest=_MOST_FAULTS, default=1)
    seconds = body.seconds("seconds", longest=_LONGEST_DELAY)
    body.check()
    if not path.startswith("/v1/"):
        raise invalid({"path": ["must start with /v1/"]})
    fault = Fault(
        method=method, path=path, kind=FaultKind(kind), count=count, seconds=float(seconds)
    )
    sandbox.faults.add(fault)
    return Reply(201, _fault(fault))


def _faults(sandbox: Sandbox, _request: Request) -> Reply:
    return Reply(200, {"faults": [_fault(fault) for fault in sandbox.faults.pending()]})


def _fault(fault: Fault) -> dict[str, JsonValue]:
    return {**asdict(fault), "seconds": Decimal(str(fault.seconds))}


def _clear_faults(sandbox: Sandbox, _request: Request) -> Reply:
    return Reply(200, {"cleared": sandbox.faults.clear()})


ROUTES = (
    Route("GET", "/_sandbox/health", _health),
    Route("GET", "/_sandbox/ledger", _ledger),
    Route("GET", "/_sandbox/leases", _leases),
    Route("POST", "/_sandbox/leases/{id}/end", _end_lease),
    Route("POST", "/_sandbox/faults", _add_fault),
    Route("GET", "/_sandbox/faults", _faults),
    Route("DELETE", "/_sandbox/faults", _clear_faults),
)
