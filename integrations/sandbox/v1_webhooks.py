"""Contract v1's webhook registrations: made, read, changed and removed."""

from __future__ import annotations

import json
import secrets
import sqlite3

from integrations.sandbox.exchange import Reply, Request, Route, Sandbox
from integrations.sandbox.listing import Selection, SqlValue, insert_row, read_body
from integrations.sandbox.v1_bodies import Body, check_fields, read_object
from integrations.sandbox.v1_collections import WEBHOOKS
from integrations.sandbox.v1_envelopes import list_reply, record_reply, result_reply
from integrations.sandbox.v1_problems import Issue, bad_request, not_there, wrong_value
from integrations.sandbox.v1_query import query_of, window_of
from integrations.sandbox.web_addresses import is_deliverable
from meterbase.lib.exact_json import JsonValue

_TRIGGERS = (
    "DATA_UPDATE",
    "DATA_NEW",
    "JOB_FAILURE",
    "SYNC_COMPLETE",
    "FIRST_SYNC_COMPLETE",
    "WRITE_OPERATION_FAILURE",
)
_ONLY_IN_UPDATES = "JOB_SUCCESS"
_TYPES: dict[str, type] = {
    "url": str,
    "headers": list,
    "triggers": list,
    "active": bool,
    "secret": str,
    "model": str,
}
_SHORTEST_SECRET = 10


def _list(sandbox: Sandbox, request: Request) -> Reply:
    """List the registrations: the active ones, unless others are asked for."""
    query = {"active": "true", **query_of(request.query_text)}
    window = window_of(query, sortable=WEBHOOKS.sortable)
    return list_reply(sandbox, WEBHOOKS.select(query), window)


def _read(sandbox: Sandbox, request: Request) -> Reply:
    window = window_of(query_of(request.query_text), sortable=WEBHOOKS.sortable)
    selection = Selection(WEBHOOKS.listing)
    selection.add("id = ?", request.record_id)
    reply = record_reply(sandbox, selection, window)
    if reply is None:
        raise not_there("webhook", request.record_id)
    return reply


def _create(sandbox: Sandbox, request: Request) -> Reply:
    body = read_object(request)
    _check(body, required=("url", "triggers"), triggers=_TRIGGERS)
    webhook_id = f"wh_{secrets.token_hex(10)}"
    now = sandbox.now()
    defaults: dict[str, SqlValue | None] = {
        "active": 0,
        "secret": secrets.token_hex(16),
        "model": None,
        "headers": "[]",
    }
    with sandbox.store.changing() as connection:
        insert_row(
            connection,
            "webhooks",
            {
                "id": webhook_id,
                "contract": "v1",
                **defaults,
                **_columns(body),
                "created_at": now,
                "updated_at": now,
            },
        )
    return _shown(sandbox, webhook_id)


def _change(sandbox: Sandbox, request: Request) -> Reply:
    body = read_object(request)
    _check(body, required=(), triggers=(*_TRIGGERS, _ONLY_IN_UPDATES))
    columns = {**_columns(body), "updated_at": sandbox.now()}
    places = ", ".join(f"{name} = ?" for name in columns)
    with sandbox.store.changing() as connection:
        _check_there(connection, request.record_id)
        connection.execute(
            f"UPDATE webhooks SET {places} WHERE id = ?",  # noqa: S608  own names only
            [*columns.values(), request.record_id],
        )
    return _shown(sandbox, request.record_id)


def _remove(sandbox: Sandbox, request: Request) -> Reply:
    with sandbox.store.changing() as connection:
        _check_there(connection, request.record_id)
        connection.execute("DELETE FROM webhooks WHERE id = ?", [request.record_id])
    return Reply(200, {"result": {"id": request.record_id}})


def _shown(sandbox: Sandbox, webhook_id: str) -> Reply:
    with sandbox.store.reading() as connection:
        return result_reply(read_body(connection, "v1_webhooks", webhook_id))


def _check_there(connection: sqlite3.Connection, webhook_id: str) -> None:
    known = connection.execute(
        "SELECT 1 FROM webhooks WHERE id = ? AND contract = 'v1'", [webhook_id]
    ).fetchone()
    if known is None:
        raise not_there("webhook", webhook_id)


def _check(body: Body, *, required: tuple[str, ...], triggers: tuple[str, ...]) -> None:
    check_fields(
        body,
        known=tuple(_TYPES),
        required={name: _TYPES[name] for name in required},
        optional=_TYPES,
    )
    issues: list[Issue] = []
    if "url" in body and not is_deliverable(str(body["url"])):
        issues.append(wrong_value("url", "Invalid url"))
    if "secret" in body and len(str(body["secret"])) < _SHORTEST_SECRET:
        message = f"String must contain at least {_SHORTEST_SECRET} character(s)"
        issues.append(wrong_value("secret", message, "too_small"))
    issues += _trigger_issues(body, triggers)
    if not all(_is_header(header) for header in _items(body, "headers")):
        issues.append(wrong_value("headers", "Expected objects with header and value"))
    if issues:
        raise bad_request("The request body is invalid.", issues)


def _trigger_issues(body: Body, known: tuple[str, ...]) -> list[Issue]:
    if "triggers" not in body:
        return []
    given = _items(body, "triggers")
    if not given:
        message = "Array must contain at least 1 element(s)"
        return [wrong_value("triggers", message, "too_small")]
    if all(trigger in known for trigger in given):
        return []
    return [wrong_value("triggers", "Invalid enum value", "invalid_enum_value")]


def _is_header(header: JsonValue) -> bool:
    return isinstance(header, dict) and header.keys() == {"header", "value"}


def _items(body: Body, name: str) -> list[JsonValue]:
    value = body.get(name)
    return value if isinstance(value, list) else []


def _columns(body: Body) -> dict[str, SqlValue | None]:
    columns: dict[str, SqlValue | None] = {}
    for name in ("url", "secret", "model"):
        if name in body:
            columns[name] = str(body[name])
    if "active" in body:
        columns["active"] = int(body["active"] is True)
    if "headers" in body:
        columns["headers"] = json.dumps(_items(body, "headers"))
    if "triggers" in body:
        columns["events"] = json.dumps(_items(body, "triggers"))
    return columns


ROUTES = (
    Route("GET", "/v1/webhooks/", _list),
    Route("POST", "/v1/webhooks/", _create),
    Route("GET", "/v1/webhooks/{id}", _read),
    Route("PUT", "/v1/webhooks/{id}", _change),
    Route("DELETE", "/v1/webhooks/{id}", _remove),
)
