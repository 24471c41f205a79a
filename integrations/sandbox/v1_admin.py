"""Contract v1's administration: integrations, what they may do, and which properties are on."""

from __future__ import annotations

import sqlite3

from integrations.sandbox.exchange import Reply, Request, Route, Sandbox
from integrations.sandbox.json_replies import json_reply
from integrations.sandbox.listing import Row, Selection, find_row, read_body
from integrations.sandbox.pms_behaviour import BY_VENDOR
from integrations.sandbox.problems import Problem
from integrations.sandbox.syncs import SyncOrder, start_sync
from integrations.sandbox.v1_bodies import check_fields, read_object
from integrations.sandbox.v1_collections import CONFIGURATIONS, INTEGRATIONS
from integrations.sandbox.v1_envelopes import list_reply, record_reply
from integrations.sandbox.v1_problems import bad_request, not_there
from integrations.sandbox.v1_query import query_of, window_of
from meterbase.lib.exact_json import JsonValue

_READABLE = (
    "properties",
    "units",
    "leases",
    "residents",
    "charge_codes",
    "financial_accounts",
    "resident_charges",
    "resident_payments",
)
_LOGIN_EXPIRED = "403: the PMS refused the credentials of this integration."
_CHILDREN = ("units", "leases", "residents")


def _integration(sandbox: Sandbox, request: Request) -> Reply:
    """Answer one integration; an unknown one is null and no error."""
    query = query_of(request.query_text)
    window = window_of(query, sortable=INTEGRATIONS.sortable)
    selection = Selection(INTEGRATIONS.listing)
    selection.add("id = ?", request.record_id)
    nothing = json_reply(f'{{"meta":{window.meta(count=0, total=0)},"results":null}}')
    return record_reply(sandbox, selection, window) or nothing


def _data_access(sandbox: Sandbox, request: Request) -> Reply:
    with sandbox.store.reading() as connection:
        integration = find_integration(connection, request.record_id)
    body: JsonValue = {
        "result": {
            "models": {model: _access_to(model, integration) for model in _READABLE},
            "last_data_access_check": integration["updated_at"],
            "data_access_check_in_process": False,
        }
    }
    return Reply(200, body)


def _access_to(model: str, integration: Row) -> dict[str, JsonValue]:
    locked = integration["status"] == "auth_failed"
    behaviour = BY_VENDOR[integration["vendor"]]
    tried: JsonValue = {
        "status": "FAILED" if locked else "SUCCESS",
        "error_message": _LOGIN_EXPIRED if locked else None,
    }
    missing: JsonValue = {"unsupported": True}
    absent = {
        "charge_codes": not behaviour.charge_codes,
        "financial_accounts": not behaviour.financial_accounts,
    }
    writes = model == "resident_charges" and behaviour.posts_charges
    return {
        "read": missing if absent.get(model) else tried,
        "create": tried if writes else missing,
        "update": missing,
    }


def _check_data_access(sandbox: Sandbox, request: Request) -> Reply:
    check_fields(read_object(request), known=())
    with sandbox.store.reading() as connection:
        find_integration(connection, request.record_id)
    return Reply(200, {"result": {"began_data_access": True}})


def _manual_sync(sandbox: Sandbox, request: Request) -> Reply:
    check_fields(read_object(request), known=("sync_config_id", "models_to_sync"))
    with sandbox.store.reading() as connection:
        find_integration(connection, request.record_id)
    try:
        start_sync(sandbox.store, SyncOrder(request.record_id), now=sandbox.clock())
    except Problem as problem:
        raise bad_request(problem.message) from problem
    sandbox.outbox.wake()
    return Reply(200, {"result": {"success": True}})


def _configurations(sandbox: Sandbox, request: Request) -> Reply:
    query = {**query_of(request.query_text), "integration_id": request.record_id}
    window = window_of(query, sortable=CONFIGURATIONS.sortable)
    return list_reply(sandbox, CONFIGURATIONS.select(query), window)


def _change_configuration(sandbox: Sandbox, request: Request) -> Reply:
    """Switch a property on or off; what is switched on for the first time is loaded at once."""
    body = read_object(request)
    check_fields(
        body,
        known=("enabled", "trigger_integration_resync"),
        required={"enabled": bool},
    )
    enabled = body["enabled"] is True
    now = sandbox.now()
    with sandbox.store.changing() as connection:
        row: Row | None = connection.execute(
            "SELECT * FROM properties WHERE connection_id = ? AND configuration_id = ?",
            [request.record_id, request.part_id],
        ).fetchone()
        if row is None:
            raise not_there("property configuration", request.part_id)
        if enabled and not row["loaded"]:
            _load(connection, row["id"], now=now)
        connection.execute(
            "UPDATE properties SET enabled = ?, updated_at = ? WHERE id = ?",
            [enabled, now, row["id"]],
        )
    with sandbox.store.reading() as connection:
        shown = read_body(connection, CONFIGURATIONS.listing.view, request.part_id)
    return json_reply(f'{{"results":{shown}}}')


def _load(connection: sqlite3.Connection, property_id: str, *, now: str) -> None:
    connection.execute("UPDATE properties SET loaded = 1 WHERE id = ?", [property_id])
    for table in _CHILDREN:
        connection.execute(
            f"UPDATE {table} SET created_at = ?, updated_at = ? WHERE property_id = ?",  # noqa: S608  own names
            [now, now, property_id],
        )


def find_integration(connection: sqlite3.Connection, integration_id: str) -> Row:
    """Read an integration that must be there.

    Errors: Problem 404.
    """
    row = find_row(connection, "connections", integration_id)
    if row is None:
        raise not_there("integration", integration_id)
    return row


_ONE = "/v1/admin/integrations/{id}"
ROUTES = (
    Route("GET", f"{_ONE}/", _integration),
    Route("GET", f"{_ONE}/data-access", _data_access),
    Route("POST", f"{_ONE}/data-access", _check_data_access),
    Route("POST", f"{_ONE}/manual-sync", _manual_sync),
    Route("GET", f"{_ONE}/properties", _configurations),
    Route("PUT", f"{_ONE}/properties/{{part}}", _change_configuration),
)
