"""The sandbox's ledger: every charge that was ever committed, in order."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from integrations.sandbox.amounts import dollars_from
from integrations.sandbox.listing import Row
from integrations.sandbox.problems import Problem, login_expired
from integrations.sandbox.store import Store


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


def post_charge(store: Store, charge: ChargeRequest, *, now: str, refuse_duplicates: bool) -> Row:
    """Make a charge on the unit's active lease.

    Errors: Problem LEASE_NOT_FOUND, INVALID_CHARGE_CODE, AUTHORIZATION_FAILED, and
        DUPLICATE_CHARGE when duplicates are refused.
    Effects: committed when this returns. The same charge twice is two charges unless refused.
    """
    with store.changing() as connection:
        unit = _chargeable_unit(connection, charge.unit_id)
        lease_id = _active_lease(connection, unit, charge.effective_date)
        _check_code(connection, unit["property_id"], charge.charge_code)
        if refuse_duplicates:
            _check_not_there(connection, charge)
        charge_id = f"chg_{secrets.token_hex(8)}"
        connection.execute(
            "INSERT INTO charges (id, property_id, unit_id, lease_id, amount_cents,"
            " effective_date, charge_code, description, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                charge_id,
                unit["property_id"],
                charge.unit_id,
                lease_id,
                charge.amount_cents,
                charge.effective_date.isoformat(),
                charge.charge_code,
                charge.description,
                now,
            ),
        )
        row: Row = connection.execute("SELECT * FROM charges WHERE id = ?", [charge_id]).fetchone()
    return row


def _chargeable_unit(connection: sqlite3.Connection, unit_id: str) -> Row:
    unit: Row | None = connection.execute(
        "SELECT * FROM listed_units WHERE id = ?", [unit_id]
    ).fetchone()
    if unit is None:
        raise Problem(404, "LEASE_NOT_FOUND", f"There is no unit {unit_id}, so it has no lease.")
    if unit["connection_status"] == "auth_failed":
        raise login_expired(unit["connection_id"])
    return unit


def _active_lease(connection: sqlite3.Connection, unit: Row, day: date) -> str:
    """Find the lease that is charged; month-to-month goes on whatever its end date says."""
    row = connection.execute(
        "SELECT id FROM leases WHERE unit_id = ? AND start_date <= ?"
        " AND (status = 'month_to_month'"
        " OR status = 'active' AND (end_date IS NULL OR end_date > ?))"
        " ORDER BY start_date DESC, seq DESC",
        [unit["id"], day.isoformat(), day.isoformat()],
    ).fetchone()
    if row is not None:
        lease_id: str = row["id"]
        return lease_id
    ended = connection.execute(
        "SELECT 1 FROM leases WHERE unit_id = ? AND (status = 'past' OR end_date <= ?)",
        [unit["id"], day.isoformat()],
    ).fetchone()
    reason = "Resident lease expired. " if ended else ""
    message = f"{reason}No active lease found for unit {unit['unit_number']}."
    raise Problem(404, "LEASE_NOT_FOUND", message, details={"unit_id": unit["id"]})


def _check_code(connection: sqlite3.Connection, property_id: str, code: str) -> None:
    known = connection.execute(
        "SELECT 1 FROM charge_codes WHERE property_id = ? AND code = ?", [property_id, code]
    ).fetchone()
    if known is None:
        raise Problem(
            422,
            "INVALID_CHARGE_CODE",
            f"Charge code {code} is not in the property's chart of accounts.",
            details={"charge_code": code, "property_id": property_id},
        )


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
