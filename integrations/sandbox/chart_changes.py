"""Changes of a property's chart of accounts: codes are added, renamed and removed."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from integrations.sandbox.arrivals import add_row, arrival, new_id
from integrations.sandbox.change_fields import CHARGE_CODE_FIELDS, Stored
from integrations.sandbox.changes import PROPERTIES, find_record, touch_connection
from integrations.sandbox.happenings import Happening, Kind
from integrations.sandbox.listing import Row
from integrations.sandbox.problems import Problem, not_found
from integrations.sandbox.store import Store


def add_code(
    store: Store, property_id: str, values: Mapping[str, Stored], *, now: str
) -> tuple[Happening, ...]:
    """Add a charge code to a property.

    Errors: Problem 404 when there is no such property, 409 when it has the code.
    """
    with store.changing() as connection:
        place = find_record(connection, PROPERTIES, property_id)
        _check_free(connection, property_id, str(values["code"]))
        row = add_row(
            connection,
            "charge_codes",
            {
                "gl_account": "4999-0000",
                "name": values["code"],
                **values,
                "id": new_id(connection, "charge_codes", "cc"),
                "connection_id": place["connection_id"],
                "property_id": property_id,
                "created_at": now,
                "updated_at": now,
            },
        )
        touch_connection(connection, place["connection_id"], now=now)
    return (arrival("charge_codes", row, {"name": row["name"]}),)


def change_code(
    store: Store, property_id: str, code: str, values: Mapping[str, Stored], *, now: str
) -> tuple[Happening, ...]:
    """Change a charge code; with another `code` it is renamed and keeps its id.

    Errors: Problem 404 when there is no such code, 409 when the new one is taken.
    """
    with store.changing() as connection:
        before = _find_code(connection, property_id, code)
        if values.get("code", code) != code:
            _check_free(connection, property_id, str(values["code"]))
        pairs = ", ".join(f"{column} = ?" for column in values)
        connection.execute(
            f"UPDATE charge_codes SET {pairs}, updated_at = ? WHERE id = ?",  # noqa: S608  own names
            [*values.values(), now, before["id"]],
        )
        touch_connection(connection, before["connection_id"], now=now)
    words = {field.column: field.v1 for field in CHARGE_CODE_FIELDS.values()}
    return (
        Happening(
            kind=Kind.DATA_UPDATE,
            connection_id=before["connection_id"],
            model="charge_codes",
            record_id=before["id"],
            property_id=property_id,
            new={words[column]: value for column, value in values.items()},
            previous={words[column]: before[column] for column in values},
        ),
    )


def remove_code(store: Store, property_id: str, code: str, *, now: str) -> None:
    """Take a charge code out of a property's chart of accounts; charges keep what they carry.

    Errors: Problem 404 when there is no such code.
    """
    with store.changing() as connection:
        before = _find_code(connection, property_id, code)
        connection.execute("DELETE FROM charge_codes WHERE id = ?", [before["id"]])
        touch_connection(connection, before["connection_id"], now=now)


def _find_code(connection: sqlite3.Connection, property_id: str, code: str) -> Row:
    row: Row | None = connection.execute(
        "SELECT * FROM charge_codes WHERE property_id = ? AND code = ?", [property_id, code]
    ).fetchone()
    if row is None:
        raise not_found("charge code", f"{code} in {property_id}")
    return row


def _check_free(connection: sqlite3.Connection, property_id: str, code: str) -> None:
    taken = connection.execute(
        "SELECT 1 FROM charge_codes WHERE property_id = ? AND code = ?", [property_id, code]
    ).fetchone()
    if taken is not None:
        raise Problem(409, "CODE_EXISTS", f"{property_id} has a charge code {code} already.")
