"""Contract `unified`: its routes, and what each of them reads or does."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping

from integrations.sandbox.body_fields import BodyFields
from integrations.sandbox.exchange import Call, Reply, Request, Route, Sandbox
from integrations.sandbox.json_replies import json_reply
from integrations.sandbox.ledger import ChargeRequest, post_charge
from integrations.sandbox.listing import Listing, Selection, insert_row, read_body
from integrations.sandbox.moments import calendar_day, moment, stamp
from integrations.sandbox.names import PROVIDERS
from integrations.sandbox.pms_behaviour import VENDOR_OF_PROVIDER
from integrations.sandbox.problems import Problem, invalid, login_expired
from integrations.sandbox.unified_listings import (
    CHARGE_CODES,
    CHARGES,
    CONNECTIONS,
    LEASES,
    PAYMENTS,
    PROPERTIES,
    RESIDENTS,
    UNITS,
    WEBHOOKS,
    find_readable,
    select_readable,
)
from integrations.sandbox.unified_paging import list_page, paging_of
from integrations.sandbox.web_addresses import is_deliverable
from meterbase.lib.exact_json import JsonValue

# When a charge came into sight counts, not when it was made.
_UPDATED = {CHARGES: "readable_from"}
_MODELS = ("properties", "units", "leases", "residents", "charges", "charge_codes", "payments")
_FREQUENCIES = ("realtime", "hourly", "daily")
_EVENTS = (
    "data.new",
    "data.update",
    "sync.complete",
    "resident.created",
    "lease.updated",
    "payment.received",
    "test.ping",
)
_SHORTEST_SECRET = 10


def error_body(problem: Problem) -> JsonValue:
    """Write a refusal as this contract does."""
    return {"error": {"code": problem.code, "message": problem.message, "details": problem.details}}


def _lists(listing: Listing, *filters: str) -> Call:
    """Make the call that answers a list."""

    def answer(sandbox: Sandbox, request: Request) -> Reply:
        query = request.query()
        paging = paging_of(query)
        since = _since(query)
        with sandbox.store.reading() as connection:
            selection = select_readable(listing)
            for name in filters:
                if name in query:
                    selection.add(f"{name} = ?", _filter(connection, name, query[name]))
            if since is not None:
                selection.add(f"{_UPDATED.get(listing, 'updated_at')} >= ?", since)
            if listing is CHARGES:
                selection.add("readable_from <= ?", sandbox.now())
            return json_reply(list_page(connection, selection, paging))

    return answer


def _reads(listing: Listing, called: str) -> Call:
    """Make the call that answers one record."""

    def answer(sandbox: Sandbox, request: Request) -> Reply:
        with sandbox.store.reading() as connection:
            find_readable(connection, listing, request.record_id, called=called)
            return json_reply(read_body(connection, listing.view, request.record_id) or "null")

    return answer


def _since(query: Mapping[str, str]) -> str | None:
    text = query.get("updated_since")
    if text is None:
        return None
    read = moment(text)
    if read is None:
        raise invalid({"updated_since": ["must be a point in time in ISO 8601"]})
    return stamp(read)


def _filter(connection: sqlite3.Connection, name: str, value: str) -> str:
    """Check a filter's value: an id must exist and be readable, a day must be one."""
    if name == "effective_date":
        if calendar_day(value) is None:
            raise invalid({name: ["must be a date like 2026-04-01"]})
    elif name == "connection_id":
        row = find_readable(connection, CONNECTIONS, value, called="connection")
        if row["status"] == "auth_failed":
            raise login_expired(value)
    elif name == "property_id":
        find_readable(connection, PROPERTIES, value, called="property")
    else:
        find_readable(connection, UNITS, value, called="unit")
    return value


def _create_charge(sandbox: Sandbox, request: Request) -> Reply:
    body = BodyFields(request.json())
    charge = ChargeRequest(
        unit_id=body.text("unit_id"),
        amount_cents=body.cents("amount"),
        effective_date=body.day("effective_date"),
        charge_code=body.text("charge_code"),
        description=body.text("description", longest=500),
    )
    body.check()
    charge_id = post_charge(
        sandbox.store,
        charge,
        now=sandbox.now(),
        refuse_duplicates=sandbox.refuse_duplicates,
    )
    return _created(sandbox, "unified_charges", charge_id)


def _create_connection(sandbox: Sandbox, request: Request) -> Reply:
    body = BodyFields(request.json())
    provider = body.choice("provider", PROVIDERS)
    # Only that credentials came is checked: a stand-in has no business keeping them.
    body.part("credentials", required=True)
    config = body.part("sync_config", required=False)
    body.check()
    models = config.words("models", default=_MODELS)
    frequency = config.choice("frequency", _FREQUENCIES, default="daily")
    config.check()
    now = sandbox.now()
    connection_id = f"conn_{secrets.token_hex(8)}"
    with sandbox.store.changing() as connection:
        insert_row(
            connection,
            "connections",
            {
                "id": connection_id,
                "provider": provider,
                "vendor": VENDOR_OF_PROVIDER[provider],
                "name": f"New {provider} connection",
                "status": "syncing",
                "models": json.dumps(models),
                "frequency": frequency,
                "last_synced_at": None,
                "created_at": now,
                "updated_at": now,
            },
        )
    return _created(sandbox, "unified_connections", connection_id)


def _list_webhooks(sandbox: Sandbox, request: Request) -> Reply:
    paging = paging_of(request.query())
    with sandbox.store.reading() as connection:
        return json_reply(list_page(connection, Selection(WEBHOOKS), paging))


def _create_webhook(sandbox: Sandbox, request: Request) -> Reply:
    body = BodyFields(request.json())
    url = body.text("url", longest=500)
    events = body.words("events")
    secret = body.text("secret")
    body.check()
    _check_webhook(url, events, secret)
    now = sandbox.now()
    webhook_id = f"wh_{secrets.token_hex(8)}"
    with sandbox.store.changing() as connection:
        insert_row(
            connection,
            "webhooks",
            {
                "id": webhook_id,
                "contract": "unified",
                "url": url,
                "events": json.dumps(events),
                "secret": secret,
                "model": None,
                "headers": "[]",
                "active": 1,
                "created_at": now,
                "updated_at": now,
            },
        )
    return _created(sandbox, "unified_webhooks", webhook_id)


def _created(sandbox: Sandbox, view: str, record_id: str) -> Reply:
    with sandbox.store.reading() as connection:
        return json_reply(read_body(connection, view, record_id) or "null", status=201)


def _check_webhook(url: str, events: tuple[str, ...], secret: str) -> None:
    errors: dict[str, list[str]] = {}
    if not is_deliverable(url):
        errors["url"] = ["must be an https:// address, or http:// on this machine"]
    unknown = [event for event in events if event not in _EVENTS]
    if unknown:
        errors["events"] = [f"does not know {', '.join(unknown)}"]
    if len(secret) < _SHORTEST_SECRET:
        errors["secret"] = [f"must have at least {_SHORTEST_SECRET} characters"]
    if errors:
        raise invalid(errors)


ROUTES = (
    Route("GET", "/v1/connections", _lists(CONNECTIONS)),
    Route("POST", "/v1/connections", _create_connection),
    Route("GET", "/v1/connections/{id}", _reads(CONNECTIONS, "connection")),
    Route("GET", "/v1/properties", _lists(PROPERTIES, "connection_id")),
    Route("GET", "/v1/properties/{id}", _reads(PROPERTIES, "property")),
    Route("GET", "/v1/units", _lists(UNITS, "property_id")),
    Route("GET", "/v1/units/{id}", _reads(UNITS, "unit")),
    Route("GET", "/v1/leases", _lists(LEASES, "property_id")),
    Route("GET", "/v1/leases/{id}", _reads(LEASES, "lease")),
    Route("GET", "/v1/residents", _lists(RESIDENTS, "property_id")),
    Route("GET", "/v1/residents/{id}", _reads(RESIDENTS, "resident")),
    Route("GET", "/v1/charge-codes", _lists(CHARGE_CODES, "property_id")),
    Route("GET", "/v1/charges", _lists(CHARGES, "property_id", "unit_id", "effective_date")),
    Route("POST", "/v1/charges", _create_charge),
    Route("GET", "/v1/charges/{id}", _reads(CHARGES, "charge")),
    Route("GET", "/v1/payments", _lists(PAYMENTS, "property_id")),
    Route("GET", "/v1/webhooks", _list_webhooks),
    Route("POST", "/v1/webhooks", _create_webhook),
)
