"""Changes of the world: what a PMS's people do while nobody is looking.

A change shows as if a sync had just brought it: the record and its connection carry a new stamp.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from integrations.sandbox.change_fields import (
    LEASE_FIELDS,
    PROPERTY_FIELDS,
    RESIDENT_FIELDS,
    UNIT_FIELDS,
    Field,
    Stored,
)
from integrations.sandbox.happenings import Happening, Kind
from integrations.sandbox.listing import Row
from integrations.sandbox.problems import not_found
from integrations.sandbox.store import Store


@dataclass(frozen=True, slots=True)
class Model:
    """A kind of record: its table, which is contract v1's word for it too."""

    table: str
    called: str
    fields: Mapping[str, Field]


PROPERTIES = Model("properties", "property", PROPERTY_FIELDS)
UNITS = Model("units", "unit", UNIT_FIELDS)
LEASES = Model("leases", "lease", LEASE_FIELDS)
RESIDENTS = Model("residents", "resident", RESIDENT_FIELDS)


def change_record(
    store: Store, model: Model, record_id: str, values: Mapping[str, Stored], *, now: str
) -> tuple[Happening, ...]:
    """Change fields of a record; return what there is to tell.

    Errors: Problem 404 when there is no such record.
    Effects: committed when this returns.
    """
    with store.changing() as connection:
        before = find_record(connection, model, record_id)
        pairs = ", ".join(f"{column} = ?" for column in values)
        connection.execute(
            f"UPDATE {model.table} SET {pairs}, updated_at = ? WHERE id = ?",  # noqa: S608  own names
            [*values.values(), now, record_id],
        )
        if model is LEASES:
            _touch_unit_of(connection, record_id, now=now)
        touch_connection(connection, before["connection_id"], now=now)
    return (_updated(model, before, values),)


def let_vanish(store: Store, model: Model, record_id: str, *, now: str) -> None:
    """Let the PMS forget a record; nobody is told, for neither contract has a word for it.

    Errors: Problem 404 when there is no such record.
    Effects: committed when this returns. A unit's leases and a lease's people go with it.
    """
    with store.changing() as connection:
        before = find_record(connection, model, record_id)
        for statement in _VANISHINGS[model.table]:
            connection.execute(statement, {"id": record_id, "now": now})
        touch_connection(connection, before["connection_id"], now=now)


def find_record(connection: sqlite3.Connection, model: Model, record_id: str) -> Row:
    """Read a record.

    Errors: Problem 404 when there is none.
    """
    row: Row | None = connection.execute(
        f"SELECT * FROM {model.table} WHERE id = ?",  # noqa: S608  own names
        [record_id],
    ).fetchone()
    if row is None:
        raise not_found(model.called, record_id)
    return row


def touch_connection(connection: sqlite3.Connection, connection_id: str, *, now: str) -> None:
    """Say that the connection has just been synced, unless it waits for its first sync."""
    connection.execute(
        "UPDATE connections SET last_synced_at = ?, updated_at = ?"
        " WHERE id = ? AND last_synced_at IS NOT NULL",
        [now, now, connection_id],
    )


def _touch_unit_of(connection: sqlite3.Connection, lease_id: str, *, now: str) -> None:
    """Mark the unit too, because its record shows its current lease."""
    connection.execute(
        "UPDATE units SET updated_at = ? WHERE current_lease_id = ?", [now, lease_id]
    )


def _updated(model: Model, before: Row, values: Mapping[str, Stored]) -> Happening:
    words = {field.column: field.v1 for field in model.fields.values()}
    changed = {column: value for column, value in values.items() if before[column] != value}
    return Happening(
        kind=Kind.DATA_UPDATE,
        connection_id=before["connection_id"],
        model=model.table,
        record_id=before["id"],
        property_id=before["id"] if model is PROPERTIES else before["property_id"],
        new={words[column]: value for column, value in changed.items()},
        previous={words[column]: before[column] for column in changed},
    )


_VANISHINGS: Mapping[str, tuple[str, ...]] = {
    "units": (
        (
            "UPDATE residents SET gone_since = :now WHERE gone_since IS NULL AND lease_id IN"
            " (SELECT id FROM leases WHERE unit_id = :id)"
        ),
        "UPDATE leases SET gone_since = :now WHERE gone_since IS NULL AND unit_id = :id",
        "UPDATE units SET gone_since = :now WHERE gone_since IS NULL AND id = :id",
    ),
    "leases": (
        "UPDATE residents SET gone_since = :now WHERE gone_since IS NULL AND lease_id = :id",
        "UPDATE units SET current_lease_id = NULL, updated_at = :now WHERE current_lease_id = :id",
        "UPDATE leases SET gone_since = :now WHERE gone_since IS NULL AND id = :id",
    ),
    "residents": ("UPDATE residents SET gone_since = :now WHERE gone_since IS NULL AND id = :id",),
}
