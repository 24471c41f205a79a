"""Control endpoints for syncs of the PMS and for the webhooks that the sandbox sends."""

from __future__ import annotations

import json

from integrations.sandbox.body_fields import BodyFields
from integrations.sandbox.deliveries import list_deliveries, repeat_delivery
from integrations.sandbox.event_bodies import TEST_EVENT
from integrations.sandbox.exchange import Reply, Request, Route, Sandbox
from integrations.sandbox.problems import invalid
from integrations.sandbox.registrations import choose_shape, forget_registration
from integrations.sandbox.seed import CONNECTION_ID
from integrations.sandbox.syncs import SyncOrder, find_sync, finish_syncs, list_syncs, start_sync
from meterbase.lib.exact_json import JsonValue

_LONGEST_SYNC = 24 * 3600
_MOST_FAILED_JOBS = 49
_DELIVERY_FILTERS = ("state", "event", "webhook_id", "contract")


def _start_sync(sandbox: Sandbox, request: Request) -> Reply:
    body = BodyFields(request.json())
    connection_id = body.text("connection_id")
    seconds = body.seconds("seconds", longest=_LONGEST_SYNC)
    failed = body.whole("failed_jobs", largest=_MOST_FAILED_JOBS, default=0)
    body.check()
    order = SyncOrder(connection_id, seconds=float(seconds), failed_jobs=failed or 0)
    started = start_sync(sandbox.store, order, now=sandbox.clock())
    # One that takes no time has ended when the answer comes; the outbox ends all others.
    sandbox.outbox.announce(*finish_syncs(sandbox.store, now=sandbox.clock()))
    with sandbox.store.reading() as connection:
        return Reply(201, find_sync(connection, str(started["id"])))


def _syncs(sandbox: Sandbox, _request: Request) -> Reply:
    with sandbox.store.reading() as connection:
        return Reply(200, {"syncs": list_syncs(connection)})


def _sync(sandbox: Sandbox, request: Request) -> Reply:
    with sandbox.store.reading() as connection:
        return Reply(200, find_sync(connection, request.record_id))


def _ping(sandbox: Sandbox, request: Request) -> Reply:
    body = BodyFields(request.json() if request.body else {})
    event = body.text("event", required=False) or TEST_EVENT
    connection_id = body.text("connection_id", required=False) or CONNECTION_ID
    body.check()
    return Reply(202, {"queued": sandbox.outbox.ping(event=event, connection_id=connection_id)})


def _webhooks(sandbox: Sandbox, _request: Request) -> Reply:
    with sandbox.store.reading() as connection:
        rows = connection.execute(
            "SELECT w.*, f.webhook_id IS NOT NULL AS flat FROM webhooks w"
            " LEFT JOIN flat_webhooks f ON f.webhook_id = w.id ORDER BY w.seq"
        ).fetchall()
    webhooks: list[dict[str, JsonValue]] = [
        {
            **{name: row[name] for name in ("id", "contract", "url", "model")},
            "events": json.loads(row["events"]),
            "active": bool(row["active"]),
            "body_shape": "flat" if row["flat"] else "wrapped",
        }
        for row in rows
    ]
    return Reply(200, {"webhooks": webhooks})


def _choose_shape(sandbox: Sandbox, request: Request) -> Reply:
    body = BodyFields(request.json())
    shape = body.choice("body_shape", ("wrapped", "flat"))
    body.check()
    with sandbox.store.changing() as connection:
        choose_shape(connection, request.record_id, flat=shape == "flat")
    return Reply(200, {"id": request.record_id, "body_shape": shape})


def _forget_webhook(sandbox: Sandbox, request: Request) -> Reply:
    with sandbox.store.changing() as connection:
        forget_registration(connection, request.record_id)
    return Reply(200, {"id": request.record_id})


def _deliveries(sandbox: Sandbox, request: Request) -> Reply:
    query = request.query()
    unknown = [name for name in query if name not in _DELIVERY_FILTERS]
    if unknown:
        known = ", ".join(_DELIVERY_FILTERS)
        raise invalid({name: [f"is not one of {known}"] for name in unknown})
    with sandbox.store.reading() as connection:
        deliveries = list_deliveries(connection, equal=query)
    return Reply(200, {"deliveries": deliveries, "count": len(deliveries)})


def _repeat(sandbox: Sandbox, request: Request) -> Reply:
    with sandbox.store.changing() as connection:
        repeated = repeat_delivery(connection, request.record_id, now=sandbox.clock())
    sandbox.outbox.wake()
    return Reply(202, repeated)


ROUTES = (
    Route("POST", "/_sandbox/syncs", _start_sync),
    Route("GET", "/_sandbox/syncs", _syncs),
    Route("GET", "/_sandbox/syncs/{id}", _sync),
    Route("POST", "/_sandbox/ping", _ping),
    Route("GET", "/_sandbox/webhooks", _webhooks),
    Route("PATCH", "/_sandbox/webhooks/{id}", _choose_shape),
    Route("DELETE", "/_sandbox/webhooks/{id}", _forget_webhook),
    Route("GET", "/_sandbox/deliveries", _deliveries),
    Route("POST", "/_sandbox/deliveries/{id}/repeat", _repeat),
)
