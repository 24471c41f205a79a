"""The sandbox's own doors: no key, no rate limit, no faults."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal

from integrations.sandbox import control_events, control_faults, control_world, control_writes
from integrations.sandbox.exchange import Reply, Request, Route, Sandbox
from integrations.sandbox.ledger import read_ledger
from meterbase.lib.exact_json import JsonValue

PREFIX = "/_sandbox/"


def _health(sandbox: Sandbox, _request: Request) -> Reply:
    made = asdict(sandbox.store.making())
    # Without connections of their own for other PMSs there is nothing to say about them.
    world = {name: value for name, value in made.items() if name != "pms" or value}
    with sandbox.store.reading() as connection:
        charges = connection.execute("SELECT count(*) FROM charges").fetchone()[0]
    body: JsonValue = {"status": "ok", **world, "charges": charges}
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


ROUTES = (
    Route("GET", "/_sandbox/health", _health),
    Route("GET", "/_sandbox/ledger", _ledger),
    *control_faults.ROUTES,
    *control_world.ROUTES,
    *control_events.ROUTES,
    *control_writes.ROUTES,
)
