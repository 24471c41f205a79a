"""The events that were or will be sent: kept, so that anybody can see what became of each."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.sandbox.event_bodies import Event, signed_headers
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.listing import Row
from integrations.sandbox.moments import stamp
from integrations.sandbox.problems import not_found
from integrations.sandbox.registrations import Registration
from meterbase.lib.exact_json import JsonValue

MOST_RETRIES = 10
_LONGEST_LIST = 1000
_USUAL_LATENESS = 2.0
_FIRST_RETRY = {"unified": 5.0, "v1": 900.0}


@dataclass(frozen=True, slots=True)
class Backoff:
    """When a delivery that failed is tried again.

    Shape: contract unified doubles the time from try to try, contract v1 keeps it.
    Units: seconds; None for what the contracts say.
    """

    first: float | None = None

    def after(self, *, contract: str, tries: int) -> timedelta | None:
        """Give the time until the next try; None when it was the last."""
        if tries > MOST_RETRIES:
            return None
        first = _FIRST_RETRY[contract] if self.first is None else self.first
        return timedelta(seconds=first * (2 ** (tries - 1) if contract == "unified" else 1))


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to an address."""

    id: str
    contract: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    tries: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a try: the receiver's status, or why there is none."""

    status: int | None
    error: str | None = None

    @property
    def succeeded(self) -> bool:
        """Tell whether the receiver has taken the event."""
        return self.status is not None and 200 <= self.status < 300


def queue_event(
    connection: sqlite3.Connection,
    registration: Registration,
    event: Event,
    *,
    now: datetime,
    fault: Fault | None = None,
) -> None:
    """Queue an event, with the trouble that was ordered for it."""
    kind = fault.kind if fault else None
    wrongly = kind is FaultKind.WEBHOOK_WRONG_SIGNATURE
    late = fault.seconds or _USUAL_LATENESS if fault and kind is FaultKind.WEBHOOK_LATE else 0
    values = {
        "webhook_id": registration.id,
        "contract": registration.contract,
        "event": event.name,
        "url": registration.url,
        "headers": json.dumps(signed_headers(registration, event.body, wrongly=wrongly)),
        "body": event.body.decode("ascii"),
        "state": "lost" if kind is FaultKind.WEBHOOK_LOST else "pending",
        "trouble": kind and kind.value,
        "due_at": stamp(now + timedelta(seconds=late)),
        "created_at": stamp(now),
    }
    for _ in range(2 if kind is FaultKind.WEBHOOK_DUPLICATE else 1):
        _insert(connection, values)


def next_delivery(connection: sqlite3.Connection, *, now: datetime) -> Delivery | None:
    """Find the delivery that has been due for the longest."""
    row: Row | None = connection.execute(
        "SELECT * FROM deliveries WHERE state = 'pending' AND due_at <= ?"
        " ORDER BY due_at, seq LIMIT 1",
        [stamp(now)],
    ).fetchone()
    if row is None:
        return None
    return Delivery(
        id=row["id"],
        contract=row["contract"],
        url=row["url"],
        headers=json.loads(row["headers"]),
        body=row["body"].encode("ascii"),
        tries=row["tries"],
    )


def next_due_at(connection: sqlite3.Connection) -> str | None:
    """Tell when the next delivery is due."""
    due: str | None = connection.execute(
        "SELECT min(due_at) FROM deliveries WHERE state = 'pending'"
    ).fetchone()[0]
    return due


def record_try(
    connection: sqlite3.Connection,
    delivery: Delivery,
    outcome: Outcome,
    *,
    now: datetime,
    backoff: Backoff,
) -> None:
    """Write down what became of a try, and when the next one is due."""
    tries = delivery.tries + 1
    wait = None if outcome.succeeded else backoff.after(contract=delivery.contract, tries=tries)
    state = "delivered" if outcome.succeeded else "failed" if wait is None else "pending"
    connection.execute(
        "UPDATE deliveries SET state = ?, tries = ?, due_at = ?, last_try_at = ?, last_status = ?,"
        " last_error = ? WHERE id = ?",
        [
            state,
            tries,
            stamp(now + (wait or timedelta())),
            stamp(now),
            outcome.status,
            outcome.error,
            delivery.id,
        ],
    )


def list_deliveries(
    connection: sqlite3.Connection, *, equal: Mapping[str, str]
) -> list[dict[str, JsonValue]]:
    """List deliveries in the order in which they were queued, the latest thousand at most."""
    condition = " AND ".join(["1", *(f"{column} = ?" for column in equal)])
    rows = connection.execute(
        f"SELECT * FROM (SELECT * FROM deliveries WHERE {condition}"  # noqa: S608  own names only
        " ORDER BY seq DESC LIMIT ?) ORDER BY seq",
        [*equal.values(), _LONGEST_LIST],
    ).fetchall()
    return [_shown(row) for row in rows]


def repeat_delivery(
    connection: sqlite3.Connection, delivery_id: str, *, now: datetime
) -> dict[str, JsonValue]:
    """Queue the same bytes again, as a duplicate or as a replay.

    Errors: Problem 404 when there is no such delivery.
    """
    columns = "webhook_id, contract, event, url, headers, body"
    row: Row | None = connection.execute(
        f"SELECT {columns} FROM deliveries WHERE id = ?",  # noqa: S608  own names only
        [delivery_id],
    ).fetchone()
    if row is None:
        raise not_found("delivery", delivery_id)
    values = {name: row[name] for name in row.keys()}  # noqa: SIM118  a Row iterates its values
    again = {"state": "pending", "trouble": "repeated", "due_at": stamp(now)}
    return _shown(_insert(connection, {**values, **again, "created_at": stamp(now)}))


def _insert(connection: sqlite3.Connection, values: Mapping[str, str | None]) -> Row:
    named = {"id": f"dlv_{secrets.token_hex(8)}", **values}
    columns, places = ", ".join(named), ", ".join("?" * len(named))
    row: Row = connection.execute(
        f"INSERT INTO deliveries ({columns}) VALUES ({places}) RETURNING *",  # noqa: S608  own names
        list(named.values()),
    ).fetchone()
    return row


def _shown(row: Row) -> dict[str, JsonValue]:
    plain = ("id", "webhook_id", "contract", "event", "url", "state", "trouble", "tries")
    times = ("due_at", "last_try_at", "last_status", "last_error", "created_at")
    return {
        **{name: row[name] for name in plain},
        **{name: row[name] for name in times},
        "headers": json.loads(row["headers"]),
        "body": row["body"],
    }
