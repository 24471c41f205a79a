"""Write the store's rows as the records of contract `unified`."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

from integrations.sandbox.amounts import dollars_from
from integrations.sandbox.listing import Row
from meterbase.lib.exact_json import JsonValue

Writer = Callable[[Row], dict[str, JsonValue]]


def write_connection(row: Row) -> dict[str, JsonValue]:
    """Write a connection; credentials are never part of it."""
    return {
        **_columns(row, "id", "provider", "name", "status"),
        "sync_config": {"models": json.loads(row["models"]), "frequency": row["frequency"]},
        **_columns(row, "last_synced_at", "updated_at"),
    }


def write_property(row: Row) -> dict[str, JsonValue]:
    """Write a property."""
    return {
        **_columns(row, "id", "name"),
        "address": _columns(row, "street", "city", "state", "zip"),
        **_columns(row, "unit_count", "total_sqft", "updated_at"),
    }


def write_unit(row: Row) -> dict[str, JsonValue]:
    """Write a unit with its current lease."""
    lease: JsonValue = None
    if row["current_lease_id"] is not None:
        lease = {
            "id": row["current_lease_id"],
            **_columns(row, "occupant_count", "start_date", "end_date", "resident_id"),
        }
    bathrooms = row["bathrooms"]
    return {
        **_columns(row, "id", "property_id", "unit_number", "sqft", "bedrooms"),
        "bathrooms": None if bathrooms is None else Decimal(bathrooms),
        "status": row["status"],
        "current_lease": lease,
        "updated_at": row["updated_at"],
    }


def write_lease(row: Row) -> dict[str, JsonValue]:
    """Write a lease."""
    return {
        **_columns(row, "id", "resident_id", "unit_id", "start_date", "end_date"),
        "monthly_rent": dollars_from(row["rent_cents"]),
        **_columns(row, "status", "occupant_count", "updated_at"),
    }


def write_resident(row: Row) -> dict[str, JsonValue]:
    """Write a resident."""
    return {
        **_columns(row, "id", "first_name", "last_name", "unit_id", "lease_status", "source_pms"),
        "is_primary": bool(row["is_primary"]),
        "updated_at": row["updated_at"],
    }


def write_charge(row: Row) -> dict[str, JsonValue]:
    """Write a charge."""
    return {
        **_columns(row, "id", "unit_id", "lease_id"),
        "amount": dollars_from(row["amount_cents"]),
        **_columns(row, "effective_date", "charge_code", "description", "created_at"),
    }


def write_charge_code(row: Row) -> dict[str, JsonValue]:
    """Write an entry of the chart of accounts."""
    return _columns(row, "code", "name", "property_id", "gl_account", "updated_at")


def write_payment(row: Row) -> dict[str, JsonValue]:
    """Write a payment."""
    return {
        **_columns(row, "id", "lease_id"),
        "amount": dollars_from(row["amount_cents"]),
        **_columns(row, "received_on", "charge_id", "updated_at"),
    }


def write_webhook(row: Row) -> dict[str, JsonValue]:
    """Write a webhook registration; the secret is never part of it."""
    return {
        **_columns(row, "id", "url"),
        "events": json.loads(row["events"]),
        "created_at": row["created_at"],
    }


def _columns(row: Row, *names: str) -> dict[str, JsonValue]:
    return {name: row[name] for name in names}
