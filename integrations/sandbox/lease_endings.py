"""The end of a lease, which a test or a demonstration orders, and the leases to choose from."""

from __future__ import annotations

import sqlite3
from datetime import date

from integrations.sandbox.happenings import Happening, Kind
from integrations.sandbox.listing import Row, read_body
from integrations.sandbox.problems import invalid, not_found
from integrations.sandbox.store import Store
from meterbase.lib.exact_json import JsonValue, read_json

_MOST_LEASES = 1000
Changed = dict[str, JsonValue]


def end_lease(store: Store, *, lease_id: str, end: date, now: str) -> dict[str, JsonValue]:
    """End a lease: its people are gone and its unit is vacant.

    Errors: Problem 404 when there is no such lease, 422 when it would end before it starts.
    Effects: lease, unit and residents carry a new update stamp, and so does their connection.
    """
    with store.changing() as connection:
        lease = _find(connection, lease_id)
        if end.isoformat() < lease["start_date"]:
            raise invalid({"end_date": [f"must not be before {lease['start_date']}"]})
        connection.execute(
            "UPDATE leases SET status = 'past', end_date = ?, updated_at = ? WHERE id = ?",
            [end.isoformat(), now, lease_id],
        )
        connection.execute(
            "UPDATE residents SET updated_at = ? WHERE lease_id = ?", [now, lease_id]
        )
        connection.execute(
            "UPDATE units SET status = 'vacant', current_lease_id = NULL, updated_at = ?"
            " WHERE current_lease_id = ?",
            [now, lease_id],
        )
        connection.execute(
            "UPDATE connections SET last_synced_at = ?, updated_at = ? WHERE id = ?",
            [now, now, lease["connection_id"]],
        )
        return _written(connection, _find(connection, lease_id))


def told_of_the_end(before: Row, *, end: date) -> tuple[Happening, ...]:
    """Tell of a lease that has ended and of the unit that it leaves vacant."""

    def updated(model: str, record_id: str, new: Changed, previous: Changed) -> Happening:
        return Happening(
            kind=Kind.DATA_UPDATE,
            connection_id=before["connection_id"],
            model=model,
            record_id=record_id,
            property_id=before["property_id"],
            new=new,
            previous=previous,
        )

    ended: Changed = {"status_raw": "past", "end_date": end.isoformat()}
    begun: Changed = {"status_raw": before["status"], "end_date": before["end_date"]}
    return (
        updated("leases", before["id"], ended, begun),
        updated("units", before["unit_id"], {"is_vacant": True}, {"is_vacant": False}),
    )


def leases_of_unit(
    connection: sqlite3.Connection, *, property_id: str, unit_number: str
) -> list[dict[str, JsonValue]]:
    """List the leases of a unit, whatever has become of them."""
    rows = connection.execute(
        "SELECT * FROM listed_leases WHERE property_id = ? AND unit_number = ?"
        " ORDER BY seq LIMIT ?",
        [property_id, unit_number, _MOST_LEASES],
    ).fetchall()
    return [_written(connection, row) for row in rows]


def _written(connection: sqlite3.Connection, row: Row) -> dict[str, JsonValue]:
    """Write a lease as contract unified does, and where it is."""
    body = read_json((read_body(connection, "unified_leases", row["id"]) or "{}").encode())
    lease = body if isinstance(body, dict) else {}
    return {**lease, "property_id": row["property_id"], "unit_number": row["unit_number"]}


def _find(connection: sqlite3.Connection, lease_id: str) -> Row:
    row: Row | None = connection.execute(
        "SELECT * FROM listed_leases WHERE id = ?", [lease_id]
    ).fetchone()
    if row is None:
        raise not_found("lease", lease_id)
    return row
