"""Syncs of the PMS into Propexo: they begin, take their time and end with news."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.sandbox.approvals import read_back_charges
from integrations.sandbox.happenings import Happening, Kind, job_failed, sync_finished
from integrations.sandbox.listing import Row
from integrations.sandbox.moments import stamp
from integrations.sandbox.problems import Problem, login_expired, not_found
from integrations.sandbox.store import Store
from meterbase.lib.exact_json import JsonValue

_JOBS_OF_A_SYNC = 49
_MOST_CHARGES_TOLD = 1000


@dataclass(frozen=True, slots=True)
class SyncOrder:
    """A sync that somebody wants.

    Units: `seconds` that it takes; `failed_jobs` of its jobs fail.
    """

    connection_id: str
    seconds: float = 0
    failed_jobs: int = 0


def start_sync(store: Store, order: SyncOrder, *, now: datetime) -> dict[str, JsonValue]:
    """Begin a sync; it is for `finish_syncs` to end it when its time has come.

    Errors: Problem 404 for an unknown connection, 403 when its login has expired, 409 while
        another of its syncs is running.
    Effects: the connection is syncing; committed when this returns.
    """
    with store.changing() as connection:
        source = _connection(connection, order.connection_id)
        if source["status"] == "auth_failed":
            raise login_expired(order.connection_id)
        if _running(connection, order.connection_id) is not None:
            raise Problem(409, "SYNC_RUNNING", "A sync of this connection is running already.")
        ends = now + timedelta(seconds=order.seconds)
        row: Row = connection.execute(
            "INSERT INTO pms_syncs (id, connection_id, is_first, failed_jobs, started_at, ends_at)"
            " VALUES (?, ?, ?, ?, ?, ?) RETURNING *",
            [
                f"sync_{secrets.token_hex(8)}",
                order.connection_id,
                source["last_synced_at"] is None,
                order.failed_jobs,
                stamp(now),
                stamp(ends),
            ],
        ).fetchone()
        connection.execute(
            "UPDATE connections SET status = 'syncing', updated_at = ? WHERE id = ?",
            [stamp(now), order.connection_id],
        )
    return written_sync(row)


def finish_syncs(store: Store, *, now: datetime) -> tuple[Happening, ...]:
    """End the syncs whose time has come; return what there is to tell.

    Effects: the connections carry the end as their last sync; committed when this returns.
    """
    with store.changing() as connection:
        due = connection.execute(
            "SELECT * FROM pms_syncs WHERE completed_at IS NULL AND ends_at <= ? ORDER BY seq",
            [stamp(now)],
        ).fetchall()
        return tuple(told for row in due for told in _finish(connection, row, now=stamp(now)))


def next_end(connection: sqlite3.Connection) -> str | None:
    """Tell when the next running sync ends."""
    ends: str | None = connection.execute(
        "SELECT min(ends_at) FROM pms_syncs WHERE completed_at IS NULL"
    ).fetchone()[0]
    return ends


def list_syncs(connection: sqlite3.Connection) -> list[dict[str, JsonValue]]:
    """List all syncs that were ordered, oldest first."""
    rows = connection.execute("SELECT * FROM pms_syncs ORDER BY seq").fetchall()
    return [written_sync(row) for row in rows]


def find_sync(connection: sqlite3.Connection, sync_id: str) -> dict[str, JsonValue]:
    """Read a sync.

    Errors: Problem 404 when there is no such sync.
    """
    row: Row | None = connection.execute(
        "SELECT * FROM pms_syncs WHERE id = ?", [sync_id]
    ).fetchone()
    if row is None:
        raise not_found("sync", sync_id)
    return written_sync(row)


def written_sync(row: Row) -> dict[str, JsonValue]:
    """Write a sync as the control endpoints show it."""
    times = {name: row[name] for name in ("started_at", "ends_at", "completed_at")}
    return {
        "id": row["id"],
        "connection_id": row["connection_id"],
        "is_first": bool(row["is_first"]),
        "failed_jobs": row["failed_jobs"],
        **times,
    }


def _finish(connection: sqlite3.Connection, row: Row, *, now: str) -> list[Happening]:
    connection_id = row["connection_id"]
    before = connection.execute(
        "SELECT max(completed_at) FROM pms_syncs WHERE connection_id = ? AND seq < ?",
        [connection_id, row["seq"]],
    ).fetchone()[0]
    connection.execute("UPDATE pms_syncs SET completed_at = ? WHERE id = ?", [now, row["id"]])
    # A login that expired meanwhile stays expired, and then nothing was read.
    changed = connection.execute(
        "UPDATE connections SET status = 'active', last_synced_at = ?, updated_at = ?"
        " WHERE id = ? AND status = 'syncing'",
        [now, now, connection_id],
    ).rowcount
    failed = row["failed_jobs"] if changed else _JOBS_OF_A_SYNC
    told = [_failed_job(connection_id) for _ in range(row["failed_jobs"] if changed else 1)]
    if not changed:
        return told
    # What was written meanwhile comes into sight, unless it waits for somebody's approval.
    connection.execute(
        "UPDATE charges SET readable_from = ? WHERE connection_id = ? AND readable_from > ?",
        [now, connection_id, now],
    )
    read_back_charges(connection, connection_id, now=now)
    told += _new_charges(connection, connection_id, since=before or "", until=now)
    told.append(
        sync_finished(
            connection_id,
            is_first=bool(row["is_first"]),
            succeeded=_JOBS_OF_A_SYNC - failed,
            failed=failed,
        )
    )
    return told


def _new_charges(
    connection: sqlite3.Connection, connection_id: str, *, since: str, until: str
) -> list[Happening]:
    """Find the charges that this sync is the first to read back."""
    rows = connection.execute(
        "SELECT * FROM charges WHERE connection_id = ? AND readable_from > ? AND readable_from <= ?"
        " ORDER BY seq LIMIT ?",
        [connection_id, since, until, _MOST_CHARGES_TOLD],
    ).fetchall()
    return [
        Happening(
            kind=Kind.DATA_NEW,
            connection_id=connection_id,
            model="resident_charges",
            record_id=row["id"],
            property_id=row["property_id"],
            new={"amount_in_cents": row["amount_cents"], "description": row["description"]},
        )
        for row in rows
    ]


def _failed_job(connection_id: str) -> Happening:
    job_id = f"job_{secrets.token_hex(8)}"
    return job_failed(connection_id, job_id=job_id, root_job_id=job_id, job_type="READ_LEASES")


def _connection(connection: sqlite3.Connection, connection_id: str) -> Row:
    row: Row | None = connection.execute(
        "SELECT * FROM connections WHERE id = ?", [connection_id]
    ).fetchone()
    if row is None:
        raise not_found("connection", connection_id)
    return row


def _running(connection: sqlite3.Connection, connection_id: str) -> Row | None:
    row: Row | None = connection.execute(
        "SELECT * FROM pms_syncs WHERE connection_id = ? AND completed_at IS NULL",
        [connection_id],
    ).fetchone()
    return row
