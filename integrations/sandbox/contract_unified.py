"""Contract `unified`: its routes, and what each of them reads or does."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping
from urllib.parse import urlsplit

from integrations.sandbox.body_fields import BodyFields
from integrations.sandbox.exchange import Call, Reply, Request, Route, Sandbox
from integrations.sandbox.ledger import ChargeRequest, post_charge
from integrations.sandbox.listing import Row, Selection, find_row
from integrations.sandbox.moments import calendar_day, moment, stamp
from integrations.sandbox.names import PROVIDERS
from integrations.sandbox.problems import Problem, invalid, login_expired
from integrations.sandbox.unified_paging import list_page, paging_of
from integrations.sandbox.unified_records import (
    Writer,
    write_charge,
    write_charge_code,
    write_connection,
    write_lease,
    write_payment,
    write_property,
    write_resident,
    write_unit,
    write_webhook,
)
from meterbase.lib.exact_json import JsonValue

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
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SHORTEST_SECRET = 10


def error_body(problem: Problem) -> JsonValue:
    """Write a refusal as this contract does."""
    return {"error": {"code": problem.code, "message": problem.message, "details": problem.details}}


def _lists(view: str, write: Writer, *filters: str) -> Call:
    """Make the call that answers a list."""

    def answer(sandbox: Sandbox, request: Request) -> Reply:
        query = request.query()
        paging = paging_of(query)
        since = _since(query)
        with sandbox.store.reading() as connection:
            selection = Selection(
                view=view,
                equal={
                    name: _filter(connection, name, query[name])
                    for name in filters
                    if name in query
                },
                updated_since=since,
            )
            return Reply(200, list_page(connection, selection, paging, write=write))

    return answer


def _reads(view: str, write: Writer, called: str) -> Call:
    """Make the call that answers one record."""

    def answer(sandbox: Sandbox, request: Request) -> Reply:
        with sandbox.store.reading() as connection:
            row = find_row(connection, view, request.record_id, called=called)
        return Reply(200, write(row))

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
        row = find_row(connection, "listed_connections", value, called="connection")
        if row["status"] == "auth_failed":
            raise login_expired(value)
    elif name == "property_id":
        find_row(connection, "listed_properties", value, called="property")
    else:
        find_row(connection, "listed_units", value, called="unit")
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
    row = post_charge(
        sandbox.store,
        charge,
        now=sandbox.now(),
        refuse_duplicates=sandbox.refuse_duplicates,
    )
    return Reply(201, write_charge(row))


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
    row = _insert(
        sandbox,
        "connections",
        {
            "id": f"conn_{secrets.token_hex(8)}",
            "provider": provider,
            "name": f"New {provider} connection",
            "status": "syncing",
            "models": json.dumps(models),
            "frequency": frequency,
            "last_synced_at": None,
            "updated_at": now,
        },
    )
    return Reply(201, write_connection(row))


def _create_webhook(sandbox: Sandbox, request: Request) -> Reply:
    body = BodyFields(request.json())
    url = body.text("url", longest=500)
    events = body.words("events")
    secret = body.text("secret")
    body.check()
    _check_webhook(url, events, secret)
    row = _insert(
        sandbox,
        "webhooks",
        {
            "id": f"wh_{secrets.token_hex(8)}",
            "url": url,
            "events": json.dumps(events),
            "secret": secret,
            "created_at": sandbox.now(),
        },
    )
    return Reply(201, write_webhook(row))


def _check_webhook(url: str, events: tuple[str, ...], secret: str) -> None:
    errors: dict[str, list[str]] = {}
    if not _is_deliverable(url):
        errors["url"] = ["must be an https:// address, or http:// on this machine"]
    unknown = [event for event in events if event not in _EVENTS]
    if unknown:
        errors["events"] = [f"does not know {', '.join(unknown)}"]
    if len(secret) < _SHORTEST_SECRET:
        errors["secret"] = [f"must have at least {_SHORTEST_SECRET} characters"]
    if errors:
        raise invalid(errors)


def _is_deliverable(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def _insert(sandbox: Sandbox, table: str, values: Mapping[str, str | None]) -> Row:
    columns, places = ", ".join(values), ", ".join("?" * len(values))
    sql = f"INSERT INTO {table} ({columns}) VALUES ({places}) RETURNING *"  # noqa: S608  own names
    with sandbox.store.changing() as connection:
        row: Row = connection.execute(sql, list(values.values())).fetchone()
    return row


ROUTES = (
    Route("GET", "/v1/connections", _lists("listed_connections", write_connection)),
    Route("POST", "/v1/connections", _create_connection),
    Route(
        "GET",
        "/v1/connections/{id}",
        _reads("listed_connections", write_connection, "connection"),
    ),
    Route("GET", "/v1/properties", _lists("listed_properties", write_property, "connection_id")),
    Route("GET", "/v1/properties/{id}", _reads("listed_properties", write_property, "property")),
    Route("GET", "/v1/units", _lists("listed_units", write_unit, "property_id")),
    Route("GET", "/v1/units/{id}", _reads("listed_units", write_unit, "unit")),
    Route("GET", "/v1/leases", _lists("listed_leases", write_lease, "property_id")),
    Route("GET", "/v1/leases/{id}", _reads("listed_leases", write_lease, "lease")),
    Route("GET", "/v1/residents", _lists("listed_residents", write_resident, "property_id")),
    Route("GET", "/v1/residents/{id}", _reads("listed_residents", write_resident, "resident")),
    Route(
        "GET", "/v1/charge-codes", _lists("listed_charge_codes", write_charge_code, "property_id")
    ),
    Route(
        "GET",
        "/v1/charges",
        _lists("listed_charges", write_charge, "property_id", "unit_id", "effective_date"),
    ),
    Route("POST", "/v1/charges", _create_charge),
    Route("GET", "/v1/charges/{id}", _reads("listed_charges", write_charge, "charge")),
    Route("GET", "/v1/payments", _lists("listed_payments", write_payment, "property_id")),
    Route("POST", "/v1/webhooks", _create_webhook),
)
