"""The end of a lease, which a test or a demonstration orders."""

from __future__ import annotations

import sqlite3
from datetime import date

from integrations.sandbox.listing import Row
from integrations.sandbox.problems import invalid, not_found
from integrations.sandbox.store import Store


def end_lease(store: Store, *, lease_id: str, end: date, now: str) -> Row:
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
        return _find(connection, lease_id)


def _find(connection: sqlite3.Connection, lease_id: str) -> Row:
    row: Row | None = connection.execute(
        "SELECT * FROM listed_leases WHERE id = ?", [lease_id]
    ).fetchone()
    if row is None:
        raise not_found("lease", lease_id)
    return row
