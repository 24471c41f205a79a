"""Control endpoints for the writes of contract v1: how they end, and who approves them."""

from __future__ import annotations

from integrations.sandbox.approvals import approve_charges, waiting_charges
from integrations.sandbox.body_fields import BodyFields
from integrations.sandbox.exchange import Reply, Request, Route, Sandbox
from integrations.sandbox.listing import find_row
from integrations.sandbox.problems import invalid, not_found
from integrations.sandbox.write_orders import OrderedOutcome, order_writes

_ORDERS = tuple(outcome.value for outcome in OrderedOutcome if outcome is not OrderedOutcome.NORMAL)
_MOST_WRITES = 1_000_000
_LONGEST_ERROR = 2000
_DEFAULT_ERROR = "The PMS did not take it."


def _order_writes(sandbox: Sandbox, request: Request) -> Reply:
    body = BodyFields(request.json())
    connection_id = body.text("connection_id")
    wanted = body.choice("outcome", _ORDERS)
    error = body.text("error", longest=_LONGEST_ERROR, required=False) or _DEFAULT_ERROR
    count = body.count("count", largest=_MOST_WRITES, default=1)
    body.check()
    outcome = OrderedOutcome(wanted)
    with sandbox.store.changing() as connection:
        if find_row(connection, "connections", connection_id) is None:
            raise not_found("connection", connection_id)
        order_writes(
            connection, connection_id=connection_id, outcome=outcome, error=error, count=count
        )
    told = {"connection_id": connection_id, "outcome": outcome.value, "error": error}
    return Reply(201, {**told, "count": count})


def _waiting(sandbox: Sandbox, request: Request) -> Reply:
    connection_id = request.query().get("connection_id")
    if connection_id is None:
        raise invalid({"connection_id": ["is required"]})
    with sandbox.store.reading() as connection:
        return Reply(200, {"waiting": waiting_charges(connection, connection_id)})


def _approve(sandbox: Sandbox, request: Request) -> Reply:
    body = BodyFields(request.json())
    connection_id = body.text("connection_id")
    body.check()
    approved = approve_charges(sandbox.store, connection_id=connection_id, now=sandbox.now())
    return Reply(200, {"approved": approved})


ROUTES = (
    Route("POST", "/_sandbox/writes", _order_writes),
    Route("GET", "/_sandbox/approvals", _waiting),
    Route("POST", "/_sandbox/approvals", _approve),
)
