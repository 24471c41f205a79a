"""The sandbox's ledger: every charge that was ever committed, in order."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from integrations.sandbox.amounts import dollars_from
from integrations.sandbox.closed_periods import behaviour_of, closed_complaint
from integrations.sandbox.listing import Row, SqlValue, find_row, insert_row
from integrations.sandbox.problems import Problem, login_expired
from integrations.sandbox.store import Store
from meterbase.lib.exact_json import JsonValue


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A charge that the PMS holds.

    Units: dollars, exact.
    """

    id: str
    property_id: str
    unit_id: str
    unit_number: str
    lease_id: str
    amount: Decimal
    effective_date: str
    charge_code: str
    description: str
    created_at: str


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """A charge that somebody wants to be made.

    Units: cents.
    """

    unit_id: str
    amount_cents: int
    effective_date: date
    charge_code: str
    description: str


def read_ledger(store: Store) -> tuple[LedgerEntry, ...]:
    """Read all charges in the order in which they were committed."""
    with store.reading() as connection:
        rows = connection.execute("SELECT * FROM listed_charges ORDER BY seq").fetchall()
    return tuple(
        LedgerEntry(
            id=row["id"],
            property_id=row["property_id"],
            unit_id=row["unit_id"],
            unit_number=row["unit_number"],
            lease_id=row["lease_id"],
            amount=dollars_from(row["amount_cents"]),
            effective_date=row["effective_date"],
            charge_code=row["charge_code"],
            description=row["description"],
            created_at=row["created_at"],
        )
        for row in rows
    )


def post_charge(store: Store, charge: ChargeRequest, *, now: str, refuse_duplicates: bool) -> str:
    """Make a charge on the unit's active lease; return its id.

    Errors: Problem LEASE_NOT_FOUND, INVALID_CHARGE_CODE, AUTHORIZATION_FAILED, VALIDATION_FAILED
        when the month is closed, and DUPLICATE_CHARGE when duplicates are refused.
    Effects: committed when this returns. The same charge twice is two charges unless refused.
    """
    with store.changing() as connection:
        unit = _chargeable_unit(connection, charge.unit_id)
        lease = _chargeable_lease(connection, unit, charge.effective_date)
        code = _known_code(connection, unit["property_id"], charge.charge_code)
        _check_month(connection, unit, charge.effective_date)
        if refuse_duplicates:
            _check_not_there(connection, charge)
        return add_charge(
            connection,
            lease,
            {
                "amount_cents": charge.amount_cents,
                "effective_date": charge.effective_date.isoformat(),
                "post_month": charge.effective_date.isoformat()[:7],
                "charge_code": charge.charge_code,
                "charge_code_id": code["id"],
                "description": charge.description,
                "created_at": now,
                "readable_from": now,
            },
        )


def add_charge(
    connection: sqlite3.Connection, lease: Row, values: Mapping[str, SqlValue | None]
) -> str:
    """Put a charge on a lease into the ledger; return its id."""
    charge_id = f"chg_{secrets.token_hex(8)}"
    insert_row(
        connection,
        "charges",
        {
            "id": charge_id,
            "connection_id": lease["connection_id"],
            "property_id": lease["property_id"],
            "unit_id": lease["unit_id"],
            "lease_id": lease["id"],
            "resident_id": lease["resident_id"],
            **values,
        },
    )
    return charge_id


def active_lease(connection: sqlite3.Connection, unit_id: str, day: date) -> Row | None:
    """Find the lease that is charged; month-to-month goes on whatever its end date says."""
    row: Row | None = connection.execute(
        "SELECT * FROM leases WHERE gone_since IS NULL AND unit_id = ? AND start_date <= ?"
        " AND (status = 'month_to_month'"
        " OR status = 'active' AND (end_date IS NULL OR end_date > ?))"
        " ORDER BY start_date DESC, seq DESC",
        [unit_id, day.isoformat(), day.isoformat()],
    ).fetchone()
    return row


def _chargeable_unit(connection: sqlite3.Connection, unit_id: str) -> Row:
    unit = find_row(connection, "units", unit_id)
    if unit is None:
        raise Problem(404, "LEASE_NOT_FOUND", f"There is no unit {unit_id}, so it has no lease.")
    source = find_row(connection, "connections", unit["connection_id"])
    if source is not None and source["status"] == "auth_failed":
        raise login_expired(unit["connection_id"])
    return unit


def _chargeable_lease(connection: sqlite3.Connection, unit: Row, day: date) -> Row:
    lease = active_lease(connection, unit["id"], day)
    if lease is not None:
        return lease
    ended = connection.execute(
        "SELECT 1 FROM leases WHERE unit_id = ? AND (status = 'past' OR end_date <= ?)",
        [unit["id"], day.isoformat()],
    ).fetchone()
    reason = "Resident lease expired. " if ended else ""
    message = f"{reason}No active lease found for unit {unit['unit_number']}."
    raise Problem(404, "LEASE_NOT_FOUND", message, details={"unit_id": unit["id"]})


def _known_code(connection: sqlite3.Connection, property_id: str, code: str) -> Row:
    known: Row | None = connection.execute(
        "SELECT * FROM charge_codes WHERE property_id = ? AND code = ?", [property_id, code]
    ).fetchone()
    if known is None:
        raise Problem(
            422,
            "INVALID_CHARGE_CODE",
            f"Charge code {code} is not in the property's chart of accounts.",
            details={"charge_code": code, "property_id": property_id},
        )
    return known


def _check_month(connection: sqlite3.Connection, unit: Row, day: date) -> None:
    complaint = closed_complaint(
        connection,
        property_id=unit["property_id"],
        post_month=day.isoformat()[:7],
        behaviour=behaviour_of(connection, unit["connection_id"]),
    )
    if complaint is not None:
        # The contract has no word of its own for it: what the PMS says is handed on.
        details: dict[str, JsonValue] = {"effective_date": [complaint]}
        raise Problem(422, "VALIDATION_FAILED", complaint, details=details)


def _check_not_there(connection: sqlite3.Connection, charge: ChargeRequest) -> None:
    there = connection.execute(
        "SELECT id FROM charges WHERE unit_id = ? AND charge_code = ? AND effective_date = ?"
        " ORDER BY seq",
        [charge.unit_id, charge.charge_code, charge.effective_date.isoformat()],
    ).fetchone()
    if there is not None:
        raise Problem(
            409,
            "DUPLICATE_CHARGE",
            "A charge with the same unit, code and effective date exists already.",
            details={"charge_id": there["id"]},
        )
