"""PMS logins that expire on demand, and are renewed."""

from __future__ import annotations

from integrations.sandbox.listing import Row
from integrations.sandbox.problems import not_found
from integrations.sandbox.store import Store


def expire_login(store: Store, *, connection_id: str, now: str) -> None:
    """Let the PMS refuse Propexo's credentials from now on.

    Errors: Problem 404 when there is no such connection.
    Effects: committed when this returns; it lasts beyond a restart, until it is renewed.
    """
    with store.changing() as connection:
        row = connection.execute(
            "SELECT status FROM connections WHERE id = ?", [connection_id]
        ).fetchone()
        if row is None:
            raise not_found("connection", connection_id)
        if row["status"] == "auth_failed":
            return
        connection.execute(
            "INSERT OR REPLACE INTO expired_logins VALUES (?, ?)", [connection_id, row["status"]]
        )
        connection.execute(
            "UPDATE connections SET status = 'auth_failed', updated_at = ? WHERE id = ?",
            [now, connection_id],
        )


def renew_logins(store: Store, *, now: str) -> int:
    """Let every login work again that was made to expire; return how many there were."""
    with store.changing() as connection:
        rows = connection.execute(
            "SELECT e.connection_id, e.status_before, c.last_synced_at IS NOT NULL AS synced,"
            " s.id IS NOT NULL AS running FROM expired_logins e"
            " JOIN connections c ON c.id = e.connection_id"
            " LEFT JOIN pms_syncs s ON s.connection_id = c.id AND s.completed_at IS NULL"
        ).fetchall()
        for row in rows:
            connection.execute(
                "UPDATE connections SET status = ?, updated_at = ?"
                " WHERE id = ? AND status = 'auth_failed'",
                [_status_after(row), now, row["connection_id"]],
            )
        connection.execute("DELETE FROM expired_logins")
    return len(rows)


def _status_after(row: Row) -> str:
    """Tell what a connection is again; a sync may have ended while its login was expired."""
    before: str = row["status_before"]
    ended = before == "syncing" and row["synced"] and not row["running"]
    return "active" if ended else before


def expired_logins(store: Store) -> tuple[str, ...]:
    """List the connections whose logins were made to expire."""
    with store.reading() as connection:
        rows = connection.execute(
            "SELECT connection_id FROM expired_logins ORDER BY connection_id"
        ).fetchall()
    return tuple(row["connection_id"] for row in rows)
