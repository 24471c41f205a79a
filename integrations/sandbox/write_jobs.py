"""Write jobs of contract v1: made, looked at, tried again.

The sandbox does the work at once and keeps the outcome to itself: a job stays PENDING for as many
looks and seconds as its PMS takes. A charge is in the ledger from the moment its job is there.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.sandbox.exchange import Sandbox
from integrations.sandbox.listing import Row, find_row, insert_row
from integrations.sandbox.moments import stamp
from integrations.sandbox.pms_behaviour import BY_VENDOR, Behaviour
from integrations.sandbox.pms_ledgers import PmsRefusal, book
from integrations.sandbox.store import Store
from integrations.sandbox.v1_bodies import Body
from integrations.sandbox.v1_charge_bodies import ChargeBody, charge_of, credit_of
from integrations.sandbox.v1_problems import bad_request, not_there
from integrations.sandbox.write_orders import OrderedOutcome, take_order
from meterbase.lib.exact_json import JsonValue, read_json, write_json


@dataclass(frozen=True, slots=True)
class WriteOrder:
    """A charge or credit that is to be written, and the body that it came in."""

    category: str
    charge: ChargeBody
    behaviour: Behaviour
    body: Body


@dataclass(frozen=True, slots=True)
class Job:
    """A write job and what became of it, whether or not anybody may know that yet."""

    id: str
    connection_id: str
    category: str
    outcome: str
    errors: tuple[str, ...]


def write_charge(sandbox: Sandbox, order: WriteOrder) -> Job:
    """Write to the PMS and make the job that tells of it.

    Errors: Problem 400 when the body names records that the integration does not have.
    Effects: job and charge are committed together when this returns.
    """
    with sandbox.store.changing() as connection:
        return _make_job(sandbox, connection, order)


def look_at_job(store: Store, job_id: str, *, now: str) -> dict[str, JsonValue]:
    """Tell what is known of a job; every look counts.

    Errors: Problem 404.
    """
    with store.reading() as connection:
        row = _find(connection, job_id)
    if row["looks_left"]:
        with store.changing() as connection:
            connection.execute(
                "UPDATE write_jobs SET looks_left = max(0, looks_left - 1) WHERE id = ?", [job_id]
            )
    if _is_pending(row, now=now):
        return {"write_status": "PENDING", "errors": [], "created_record_id": None}
    return {
        "write_status": row["outcome"],
        "errors": json.loads(row["errors"]),
        "created_record_id": row["created_record_id"],
    }


def retry_write(sandbox: Sandbox, job_id: str) -> Job:
    """Write again what has failed; return the new job.

    Errors: Problem 404 for an unknown job, 400 for one that has not failed.
    """
    with sandbox.store.changing() as connection:
        row = _find(connection, job_id)
        if row["outcome"] != "FAILURE" or _is_pending(row, now=sandbox.now()):
            raise bad_request("Only a write that has failed can be retried.")
        source = find_row(connection, "connections", row["connection_id"])
        behaviour = BY_VENDOR[source["vendor"] if source else ""]
        body = read_json(row["body"].encode())
        return _make_job(sandbox, connection, _order_again(row["category"], behaviour, body))


def _order_again(category: str, behaviour: Behaviour, body: JsonValue) -> WriteOrder:
    fields = body if isinstance(body, dict) else {}
    if category == "resident_credits":
        charge = credit_of(fields, lenient=True)
    else:
        charge = charge_of(fields, behaviour, lenient=True)
    return WriteOrder(category, charge, behaviour, fields)


def _make_job(sandbox: Sandbox, connection: sqlite3.Connection, order: WriteOrder) -> Job:
    settles = sandbox.clock() + timedelta(seconds=sandbox.job_seconds)
    ordered = take_order(connection, order.charge.integration_id)
    charge_id, errors = None, ordered.errors
    if ordered.outcome is not OrderedOutcome.FAIL:
        charge_id, refused = _book(sandbox, connection, order, settles=settles)
        errors += refused
    outcome = ("PARTIAL_SUCCESS" if charge_id else "FAILURE") if errors else "SUCCESS"
    hangs = ordered.outcome is OrderedOutcome.HANG
    job_id = f"job_{secrets.token_hex(10)}"
    insert_row(
        connection,
        "write_jobs",
        {
            "id": job_id,
            "connection_id": order.charge.integration_id,
            "category": order.category,
            "body": write_json(order.body).decode(),
            "outcome": outcome,
            "errors": json.dumps(errors),
            "charge_id": charge_id,
            "created_record_id": charge_id if order.behaviour.returns_id else None,
            "looks_left": order.behaviour.pending_looks,
            "settles_at": None if hangs else stamp(settles),
            "created_at": sandbox.now(),
        },
    )
    return Job(job_id, order.charge.integration_id, order.category, outcome, errors)


def _book(
    sandbox: Sandbox, connection: sqlite3.Connection, order: WriteOrder, *, settles: datetime
) -> tuple[str | None, tuple[str, ...]]:
    """Book the charge; return its id, or what the PMS said instead."""
    found = settles + timedelta(seconds=order.behaviour.found_after)
    try:
        charge_id = book(
            connection,
            order.charge,
            order.behaviour,
            now=sandbox.now(),
            readable_from=stamp(found),
            refuse_duplicates=sandbox.refuse_duplicates,
        )
    except PmsRefusal as refusal:
        return None, (str(refusal),)
    return charge_id, ()


def _is_pending(row: Row, *, now: str) -> bool:
    return bool(row["looks_left"]) or row["settles_at"] is None or now < row["settles_at"]


def _find(connection: sqlite3.Connection, job_id: str) -> Row:
    row = find_row(connection, "write_jobs", job_id)
    if row is None:
        raise not_there("job", job_id)
    return row
