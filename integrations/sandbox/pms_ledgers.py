"""What a PMS does with a charge of contract v1: look for the lease, check the code, book it."""

from __future__ import annotations

import sqlite3

from integrations.sandbox.closed_periods import closed_complaint
from integrations.sandbox.ledger import add_charge
from integrations.sandbox.listing import Row, find_row
from integrations.sandbox.pms_behaviour import Behaviour, Duplicates
from integrations.sandbox.v1_charge_bodies import ChargeBody
from integrations.sandbox.v1_problems import Issue, bad_request, wrong_value

_LOGIN_EXPIRED = '{"statusCode":403,"message":"The credentials were refused by the PMS."}'
_NAMED = {
    "lease_id": "leases",
    "resident_id": "residents",
    "unit_id": "units",
    "property_id": "properties",
    "charge_code_id": "charge_codes",
    "financial_account_id": "financial_accounts",
}


class PmsRefusal(Exception):
    """The PMS does not take the charge; the text is what it says, as it says it."""


def book(
    connection: sqlite3.Connection,
    charge: ChargeBody,
    behaviour: Behaviour,
    *,
    now: str,
    readable_from: str,
    refuse_duplicates: bool,
) -> str:
    """Book a charge in the PMS; return its id.

    Errors: Problem 400 for ids that Propexo does not know; PmsRefusal for what the PMS refuses.
    """
    named = _named_records(connection, charge)
    _check_login(connection, charge.integration_id)
    lease = _lease(connection, charge, behaviour, named)
    code = _code(connection, charge, behaviour, lease, named)
    _check_month(connection, charge, behaviour, lease)
    _check_duplicate(connection, charge, behaviour, lease, code, everything=refuse_duplicates)
    waits = behaviour.needs_approval or charge.is_approval_required
    return add_charge(
        connection,
        lease,
        {
            "resident_id": charge.resident_id or lease["resident_id"],
            "charge_code_id": charge.charge_code_id,
            "financial_account_id": charge.financial_account_id,
            "amount_cents": charge.amount_in_cents,
            "effective_date": charge.transaction_date.isoformat(),
            "post_month": charge.post_month,
            "charge_code": code,
            "description": charge.description,
            "reference_number": charge.reference_number,
            "third_party_charge_id": charge.third_party_charge_id,
            "created_at": now,
            "readable_from": None if waits else readable_from,
        },
    )


def _named_records(connection: sqlite3.Connection, charge: ChargeBody) -> dict[str, Row]:
    """Read the records that the body names; Propexo itself refuses ids that it does not know."""
    found: dict[str, Row] = {}
    issues: list[Issue] = []
    for field, table in _NAMED.items():
        record_id = getattr(charge, field)
        if record_id is None:
            continue
        row = find_row(connection, table, record_id)
        if row is None or row["connection_id"] != charge.integration_id:
            message = f"No record found with id {record_id}"
            issues.append(wrong_value(field, message, "custom"))
        else:
            found[field] = row
    if issues:
        raise bad_request("The request names records that this integration does not have.", issues)
    return found


def _check_login(connection: sqlite3.Connection, connection_id: str) -> None:
    source = find_row(connection, "connections", connection_id)
    if source is None or source["status"] == "auth_failed":
        raise PmsRefusal(_LOGIN_EXPIRED)


def _lease(
    connection: sqlite3.Connection,
    charge: ChargeBody,
    behaviour: Behaviour,
    named: dict[str, Row],
) -> Row:
    """Find the lease that is charged: it must be in force and fit everything else that is named."""
    lease = named.get("lease_id")
    if lease is None and "resident_id" in named:
        lease = find_row(connection, "leases", named["resident_id"]["lease_id"])
    if lease is None:
        raise PmsRefusal(behaviour.no_lease.format("?"))
    unit = find_row(connection, "units", lease["unit_id"])
    number = unit["unit_number"] if unit else "?"
    fits = all(
        lease[column] == getattr(charge, field)
        for field, column in (("unit_id", "unit_id"), ("property_id", "property_id"))
        if field in named
    )
    if not (fits and _in_force(lease, charge.transaction_date.isoformat())):
        raise PmsRefusal(behaviour.no_lease.format(number))
    return lease


def _in_force(lease: Row, day: str) -> bool:
    if lease["start_date"] > day:
        return False
    if lease["status"] == "month_to_month":
        return True
    return lease["status"] == "active" and (lease["end_date"] is None or lease["end_date"] > day)


def _code(
    connection: sqlite3.Connection,
    charge: ChargeBody,
    behaviour: Behaviour,
    lease: Row,
    named: dict[str, Row],
) -> str:
    """Give the code that the ledger carries; an account alone stands for the code booked to it."""
    for field in ("charge_code_id", "financial_account_id"):
        if field in named and named[field]["property_id"] != lease["property_id"]:
            raise PmsRefusal(behaviour.bad_code.format(getattr(charge, field)))
    if "charge_code_id" in named:
        return str(named["charge_code_id"]["code"])
    number = named["financial_account_id"]["account_number"]
    row = connection.execute(
        "SELECT code FROM charge_codes WHERE property_id = ? AND gl_account = ?",
        [lease["property_id"], number],
    ).fetchone()
    return str(row["code"] if row else number)


def _check_month(
    connection: sqlite3.Connection, charge: ChargeBody, behaviour: Behaviour, lease: Row
) -> None:
    complaint = closed_complaint(
        connection,
        property_id=lease["property_id"],
        post_month=charge.post_month,
        behaviour=behaviour,
    )
    if complaint is not None:
        raise PmsRefusal(complaint)


def _check_duplicate(
    connection: sqlite3.Connection,
    charge: ChargeBody,
    behaviour: Behaviour,
    lease: Row,
    code: str,
    *,
    everything: bool,
) -> None:
    """Refuse a repeated reference where the PMS looks at it; `everything` looks at all charges."""
    conditions = [("third_party_charge_id = ?", [charge.third_party_charge_id])]
    if behaviour.duplicates is Duplicates.REFUSE:
        conditions.append(("reference_number = ?", [charge.reference_number]))
    if everything:
        day = charge.transaction_date.isoformat()
        same = "unit_id = ? AND charge_code = ? AND effective_date = ?"
        conditions.append((same, [lease["unit_id"], code, day]))
    for condition, values in conditions:
        there = connection.execute(
            f"SELECT id FROM charges WHERE connection_id = ? AND {condition}",  # noqa: S608  own words
            [charge.integration_id, *values],
        ).fetchone()
        if there is not None:
            raise PmsRefusal(behaviour.duplicate.format(values[0]))
