"""Put happenings into the words of a contract and sign them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from integrations.sandbox.happenings import Happening, Kind
from integrations.sandbox.registrations import Registration
from meterbase.lib.exact_json import JsonValue, write_json

TEST_EVENT = "test.ping"

# Contract v1's model, and contract unified's object.
_OBJECTS = {
    "properties": "property",
    "units": "unit",
    "leases": "lease",
    "residents": "resident",
    "charge_codes": "charge_code",
    "resident_charges": "charge",
    "resident_payments": "payment",
}
_UNIFIED_EVENTS = {
    Kind.DATA_NEW: "data.new",
    Kind.DATA_UPDATE: "data.update",
    Kind.SYNC_COMPLETE: "sync.complete",
    Kind.FIRST_SYNC_COMPLETE: "sync.complete",
}
# Events of contract unified that come on top of data.new and data.update.
_NAMED_EVENTS = {
    (Kind.DATA_NEW, "residents"): "resident.created",
    (Kind.DATA_UPDATE, "leases"): "lease.updated",
    (Kind.DATA_NEW, "resident_payments"): "payment.received",
}
_MODELS_SYNCED = ("properties", "units", "leases", "residents", "charge_codes", "resident_charges")
_SIGNATURE_HEADERS = {"unified": "X-Propexo-Signature", "v1": "propexo-signature"}


@dataclass(frozen=True, slots=True)
class Event:
    """What is sent for a happening, ready for the wire."""

    name: str
    body: bytes


def events_for(
    happening: Happening, registration: Registration, *, vendor: str, now: str
) -> tuple[Event, ...]:
    """Write the events that a registration gets for a happening; often there is none."""
    if registration.contract == "v1":
        return _v1_events(happening, registration, vendor)
    names = (
        _UNIFIED_EVENTS.get(happening.kind),
        _NAMED_EVENTS.get((happening.kind, happening.model)),
    )
    return tuple(
        Event(name, _unified_body(name, happening.connection_id, _unified_data(happening), now))
        for name in names
        if name is not None and name in registration.events
    )


def test_event(registration: Registration, *, name: str, connection_id: str, now: str) -> Event:
    """Write an event that tells nothing, to see whether it arrives."""
    if registration.contract == "v1":
        facts: dict[str, JsonValue] = {"event": name, "integration_id": connection_id}
        return Event(name, _v1_body(name, facts, {}, flat=registration.flat))
    return Event(name, _unified_body(name, connection_id, {}, now))


def signed_headers(
    registration: Registration, body: bytes, *, wrongly: bool = False
) -> dict[str, str]:
    """Write the headers that go with a body; `wrongly` signs with a secret that nobody has."""
    secret = secrets.token_hex(16) if wrongly else registration.secret
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        **dict(registration.headers),
        "Content-Type": "application/json",
        _SIGNATURE_HEADERS[registration.contract]: signature,
    }


def _unified_data(happening: Happening) -> dict[str, JsonValue]:
    if not happening.concerns_a_record:
        return {"object": "connection", "id": happening.connection_id}
    return {
        "object": _OBJECTS[happening.model],
        "id": happening.record_id,
        "property_id": happening.property_id,
    }


def _unified_body(name: str, connection_id: str, data: Mapping[str, JsonValue], now: str) -> bytes:
    return write_json(
        {
            "id": f"evt_{secrets.token_hex(8)}",
            "event": name,
            "timestamp": now,
            "connection_id": connection_id,
            "data": data,
        }
    )


def _v1_events(happening: Happening, registration: Registration, vendor: str) -> tuple[Event, ...]:
    if happening.kind.value not in registration.events:
        return ()
    if happening.concerns_a_record and registration.model not in {None, happening.model}:
        return ()
    meta: dict[str, JsonValue] = {"integration_id": happening.connection_id}
    if happening.model:
        meta["object"] = happening.model
    body = _v1_body(happening.kind, _v1_data(happening, vendor), meta, flat=registration.flat)
    return (Event(happening.kind.value, body),)


def _v1_data(happening: Happening, vendor: str) -> dict[str, JsonValue]:
    data: dict[str, JsonValue] = {
        "event": happening.kind.value,
        "integration_id": happening.connection_id,
        "vendor": vendor,
        **happening.facts,
    }
    if happening.concerns_a_record:
        job_id = f"job_{secrets.token_hex(8)}"
        data |= {
            "object": happening.model,
            "record_id": happening.record_id,
            "job_id": job_id,
            "root_job_id": job_id,
            "job_type": f"READ_{happening.model.upper()}",
        }
    if happening.kind is Kind.DATA_NEW:
        data |= {"payload": happening.new, "context": {"property_id": happening.property_id}}
    elif happening.kind is Kind.DATA_UPDATE:
        data["diff"] = {"new": happening.new, "previous": happening.previous}
    elif happening.kind is Kind.SYNC_COMPLETE:
        data |= {"is_backsync": False, "models_synced": _MODELS_SYNCED}
    return data


def _v1_body(
    trigger: str, data: Mapping[str, JsonValue], meta: Mapping[str, JsonValue], *, flat: bool
) -> bytes:
    if flat:
        return write_json(data)
    return write_json({"trigger": str(trigger), "data": data, "meta": meta})
