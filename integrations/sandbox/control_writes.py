"""Control endpoints for what is written: how it ends, who approves it, which months are closed."""

from __future__ import annotations

from integrations.sandbox.approvals import approve_charges, waiting_charges
from integrations.sandbox.body_fields import BodyFields
from integrations.sandbox.closed_periods import (
    close_through,
    closed_periods,
    is_month,
    open_all,
)
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


def _close(sandbox: Sandbox, request: Request) -> Reply:
    body = BodyFields(request.json())
    property_id, month = body.text("property_id"), body.text("through")
    body.check()
    if not is_month(month):
        raise invalid({"through": ["must be a month like 2026-03"]})
    close_through(sandbox.store, property_id=property_id, month=month)
    return Reply(200, {"property_id": property_id, "through": month})


def _closed(sandbox: Sandbox, _request: Request) -> Reply:
    return Reply(200, {"closed": [dict(row) for row in closed_periods(sandbox.store)]})


def _open(sandbox: Sandbox, request: Request) -> Reply:
    property_id = request.query().get("property_id")
    if property_id is None:
        raise invalid({"property_id": ["is required"]})
    open_all(sandbox.store, property_id=property_id)
    return Reply(200, {"property_id": property_id, "through": None})


ROUTES = (
    Route("POST", "/_sandbox/writes", _order_writes),
    Route("GET", "/_sandbox/approvals", _waiting),
    Route("POST", "/_sandbox/approvals", _approve),
    Route("GET", "/_sandbox/closed-periods", _closed),
    Route("POST", "/_sandbox/closed-periods", _close),
    Route("DELETE", "/_sandbox/closed-periods", _open),
)
