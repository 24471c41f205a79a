"""Charges that a person has to approve in the PMS before anybody else sees them."""

from __future__ import annotations

import sqlite3

from integrations.sandbox.listing import Row
from integrations.sandbox.store import Store

_WAITING = "readable_from IS NULL AND connection_id = ?"


def waiting_charges(connection: sqlite3.Connection, connection_id: str) -> list[str]:
    """List the charges that wait for approval behind a connection, oldest first."""
    rows: list[Row] = connection.execute(
        f"SELECT id FROM charges WHERE {_WAITING} ORDER BY seq",  # noqa: S608  own words
        [connection_id],
    ).fetchall()
    return [row["id"] for row in rows]


def approve_charges(store: Store, *, connection_id: str, now: str) -> list[str]:
    """Approve all charges that wait behind a connection; return them.

    Effects: they can be read from now on; committed when this returns.
    """
    with store.changing() as connection:
        approved = waiting_charges(connection, connection_id)
        connection.execute(
            f"UPDATE charges SET readable_from = ? WHERE {_WAITING}",  # noqa: S608  own words
            [now, connection_id],
        )
    return approved


def read_back_charges(connection: sqlite3.Connection, connection_id: str, *, now: str) -> None:
    """Let a sync find the charges that were written since the one before."""
    connection.execute(
        "UPDATE charges SET readable_from = ? WHERE connection_id = ? AND readable_from > ?",
        [now, connection_id, now],
    )
