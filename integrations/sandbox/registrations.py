"""Who has registered for events, in either contract."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from integrations.sandbox.listing import Row, find_row
from integrations.sandbox.problems import not_found


@dataclass(frozen=True, slots=True)
class Registration:
    """An address that wants to be told.

    Shape: `events` are the contract's own words; `model` narrows contract v1's data events to one
        kind of record; `headers` are sent along with every event; `flat` chooses between the two
        body shapes of contract v1.
    """

    id: str
    contract: str
    url: str
    events: tuple[str, ...]
    secret: str
    model: str | None
    headers: tuple[tuple[str, str], ...]
    flat: bool


def active_registrations(connection: sqlite3.Connection) -> tuple[Registration, ...]:
    """Read who is told at present, in the order of registration."""
    rows = connection.execute(
        "SELECT w.*, f.webhook_id IS NOT NULL AS flat FROM webhooks w"
        " LEFT JOIN flat_webhooks f ON f.webhook_id = w.id WHERE w.active = 1 ORDER BY w.seq"
    ).fetchall()
    return tuple(_registration(row) for row in rows)


def choose_shape(connection: sqlite3.Connection, webhook_id: str, *, flat: bool) -> None:
    """Choose between flat and wrapped bodies for a registration.

    Errors: Problem 404 when there is no such registration.
    """
    if find_row(connection, "webhooks", webhook_id) is None:
        raise not_found("webhook", webhook_id)
    connection.execute("DELETE FROM flat_webhooks WHERE webhook_id = ?", [webhook_id])
    if flat:
        connection.execute("INSERT INTO flat_webhooks VALUES (?)", [webhook_id])


def forget_registration(connection: sqlite3.Connection, webhook_id: str) -> None:
    """Take a registration out; what is queued for it is still sent.

    Errors: Problem 404 when there is no such registration.
    """
    if connection.execute("DELETE FROM webhooks WHERE id = ?", [webhook_id]).rowcount == 0:
        raise not_found("webhook", webhook_id)


def _registration(row: Row) -> Registration:
    headers = json.loads(row["headers"] or "[]")
    return Registration(
        id=row["id"],
        contract=row["contract"],
        url=row["url"],
        events=tuple(json.loads(row["events"])),
        secret=row["secret"],
        model=row["model"],
        headers=tuple((header["header"], header["value"]) for header in headers),
        flat=bool(row["flat"]),
    )
