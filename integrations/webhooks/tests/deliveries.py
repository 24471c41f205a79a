"""Deliveries as Propexo makes them, in both contracts."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from integrations.pms.signatures import UNIFIED_HEADER, V1_HEADER, sign

SECRET = "whsec_only_for_tests"
URL = "/api/webhooks/propexo"


def unified(
    event: str, *, event_id: str = "evt_1", connection: str = "conn_001", **data: Any
) -> Any:
    """Make a body of the unified contract."""
    return {
        "id": event_id,
        "event": event,
        "timestamp": "2026-04-02T09:00:00Z",
        "connection_id": connection,
        "data": data,
    }


def wrapped(trigger: str, *, connection: str = "conn_001", **data: Any) -> Any:
    """Make a body of contract v1 with everything inside `data`."""
    named = {"event": trigger, "integration_id": connection, "vendor": "YARDI"}
    meta = {"integration_id": connection, "object": data.get("object")}
    return {"trigger": trigger, "data": {**named, **data}, "meta": meta}


def flat(trigger: str, *, connection: str = "conn_001", **data: Any) -> Any:
    """Make a body of contract v1 without a wrapping."""
    return {"event": trigger, "integration_id": connection, "vendor": "YARDI", **data}


def sync_complete() -> Any:
    """Make the body that two syncs may share byte by byte."""
    counts: dict[str, Any] = {
        "successful_job_count": 49,
        "failed_job_count": 0,
        "is_sync_finished": True,
    }
    return flat("SYNC_COMPLETE", job_schedule_id="js1", **counts)


def encode(body: Any) -> bytes:
    """Write a body as bytes."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def deliver(
    body: Any, *, secret: str = SECRET, header: str = "", client: Client | None = None
) -> Any:
    """Post a body, signed, as the contract of the body signs."""
    raw = encode(body)
    if not header:
        header = UNIFIED_HEADER if isinstance(body, dict) and "id" in body else V1_HEADER
    signature = {header: sign(raw, secret=secret)}
    return (client or Client()).post(URL, raw, content_type="application/json", headers=signature)
