"""Spoil an answer that is ready: the ways in which a good answer arrives badly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from integrations.sandbox.exchange import Reply
from integrations.sandbox.faults import Fault, FaultKind
from meterbase.lib.exact_json import JsonValue, MalformedJson, read_json, write_json

_LISTS = ("data", "results")


def spoil(fault: Fault, reply: Reply) -> Reply | None:
    """Spoil an answer the way a fault says; None means that it never arrives."""
    if fault.kind is FaultKind.DROP_AFTER:
        return None
    if fault.kind is FaultKind.HTML_AFTER:
        return html_page(fault.status, reply)
    if fault.kind is FaultKind.MALFORMED_JSON:
        content = reply.content()
        return replace(reply, raw=content[: len(content) // 2])
    if fault.kind is FaultKind.CUT_BODY:
        return replace(reply, sent=len(reply.content()) // 2)
    if fault.kind is FaultKind.MISSING_ROWS:
        return _without_rows(reply)
    return reply


def html_page(status: int, reply: Reply | None = None) -> Reply:
    """Write what a gateway in front of Propexo would say instead of an answer."""
    page = (
        f"<!DOCTYPE html><html><head><title>{status}</title></head>"
        f"<body><h1>{status}</h1><hr>gateway</body></html>"
    )
    return Reply(
        status,
        None,
        reply.headers if reply else {},
        raw=page.encode("ascii"),
        content_type="text/html; charset=utf-8",
    )


def _without_rows(reply: Reply) -> Reply:
    """Leave the second half of a page's rows out, and every count as it was."""
    try:
        body = read_json(reply.content())
    except MalformedJson:
        return reply
    if not isinstance(body, Mapping):
        return reply
    shortened = {name: _first_half(value) for name, value in body.items() if name in _LISTS}
    return replace(reply, raw=write_json({**body, **shortened}))


def _first_half(rows: JsonValue) -> JsonValue:
    if isinstance(rows, Sequence) and not isinstance(rows, str):
        return rows[: len(rows) // 2]
    return rows
