"""New records in the world: a unit, a lease with its resident, a whole property."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date

from integrations.sandbox.change_fields import Stored
from integrations.sandbox.changes import PROPERTIES, UNITS, find_record, touch_connection
from integrations.sandbox.happenings import Happening, Kind
from integrations.sandbox.listing import Row, insert_row
from integrations.sandbox.problems import invalid
from integrations.sandbox.store import Store

_RENT_CENTS = 185_000
_UNIT: Mapping[str, Stored] = {"sqft": 800, "bedrooms": 1, "bathrooms": "1", "status": "vacant"}


def add_unit(store: Store, values: Mapping[str, Stored], *, now: str) -> tuple[Happening, ...]:
    """Add a unit to a property, vacant unless it says otherwise.

    Errors: Problem 404 when there is no such property.
    Effects: committed when this returns.
    """
    with store.changing() as connection:
        place = find_record(connection, PROPERTIES, str(values["property_id"]))
        row = add_row(
            connection,
            "units",
            {
                **_UNIT,
                **values,
                "id": new_id(connection, "units", "unit"),
                "connection_id": place["connection_id"],
                "created_at": now,
                "updated_at": now,
            },
        )
        touch_connection(connection, row["connection_id"], now=now)
    return (arrival("units", row, {"number": row["unit_number"]}),)


def add_lease(
    store: Store, values: Mapping[str, Stored], *, today: date, now: str
) -> tuple[Happening, ...]:
    """Let somebody sign a lease: from today on they live there, a later start is a future lease.

    Errors: Problem 404 when there is no such unit, 422 when it is let already.
    Effects: committed when this returns.
    """
    person = {name: values[name] for name in ("first_name", "last_name")}
    terms = {name: value for name, value in values.items() if name not in person}
    begun = str(values["start_date"]) <= today.isoformat()
    with store.changing() as connection:
        unit = find_record(connection, UNITS, str(values["unit_id"]))
        if begun and unit["current_lease_id"] is not None:
            raise invalid({"unit_id": [f"is let already, by {unit['current_lease_id']}"]})
        common = {
            "connection_id": unit["connection_id"],
            "property_id": unit["property_id"],
            "created_at": now,
            "updated_at": now,
        }
        lease, resident = _sign(connection, {**terms, **common}, {**person, **common}, begun=begun)
        told = [arrival("leases", lease, {"start_date": lease["start_date"]})]
        told.append(arrival("residents", resident, person))
        if begun:
            told.append(_let(connection, unit, lease["id"], now=now))
        touch_connection(connection, unit["connection_id"], now=now)
    return tuple(told)


def new_id(connection: sqlite3.Connection, table: str, prefix: str) -> str:
    """Make the id of a record that comes after the first ones."""
    sql = f"SELECT coalesce(max(seq), 0) + 1 FROM {table}"  # noqa: S608  own names
    return f"{prefix}_new_{connection.execute(sql).fetchone()[0]:04d}"


def add_row(connection: sqlite3.Connection, table: str, values: Mapping[str, Stored]) -> Row:
    """Add a row that has an id, and read it back."""
    insert_row(connection, table, values)
    row: Row = connection.execute(
        f"SELECT * FROM {table} WHERE id = ?",  # noqa: S608  own names
        [values["id"]],
    ).fetchone()
    return row


def arrival(model: str, row: Row, payload: Mapping[str, Stored]) -> Happening:
    """Tell of a new record; the payload is partial, as Propexo's is."""
    return Happening(
        kind=Kind.DATA_NEW,
        connection_id=row["connection_id"],
        model=model,
        record_id=row["id"],
        property_id=row["id"] if model == "properties" else row["property_id"],
        new={"id": row["id"], **payload},
    )


def _sign(
    connection: sqlite3.Connection,
    terms: Mapping[str, Stored],
    person: Mapping[str, Stored],
    *,
    begun: bool,
) -> tuple[Row, Row]:
    resident_id = new_id(connection, "residents", "res")
    usual: dict[str, Stored] = {
        "end_date": None,
        "rent_cents": _RENT_CENTS,
        "status": "active" if begun else "future",
        "occupant_count": 1,
    }
    own: dict[str, Stored] = {
        "id": new_id(connection, "leases", "lease"),
        "resident_id": resident_id,
        "unit_linked": 1,
    }
    lease = add_row(connection, "leases", {**usual, **terms, **own})
    role: dict[str, Stored] = {"id": resident_id, "lease_id": lease["id"], "role": "primary"}
    return lease, add_row(connection, "residents", {**person, **role})


def _let(connection: sqlite3.Connection, unit: Row, lease_id: str, *, now: str) -> Happening:
    connection.execute(
        "UPDATE units SET status = 'occupied', current_lease_id = ?, updated_at = ? WHERE id = ?",
        [lease_id, now, unit["id"]],
    )
    return Happening(
        kind=Kind.DATA_UPDATE,
        connection_id=unit["connection_id"],
        model="units",
        record_id=unit["id"],
        property_id=unit["property_id"],
        new={"is_vacant": False},
        previous={"is_vacant": True},
    )
