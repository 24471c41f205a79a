"""Accounting months that a property has closed in its PMS: nothing can be charged into them."""

from __future__ import annotations

import re
import sqlite3
from datetime import date

from integrations.sandbox.changes import PROPERTIES, find_record
from integrations.sandbox.listing import Row
from integrations.sandbox.pms_behaviour import BY_VENDOR, Behaviour
from integrations.sandbox.store import Store

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def is_month(text: str) -> bool:
    """Tell whether a text is a month like 2026-03."""
    return _MONTH.fullmatch(text) is not None


def close_through(store: Store, *, property_id: str, month: str) -> None:
    """Close all of a property's months up to one; an earlier one opens those after it again.

    Errors: Problem 404 when there is no such property.
    Effects: committed when this returns; it lasts beyond a restart.
    """
    with store.changing() as connection:
        find_record(connection, PROPERTIES, property_id)
        connection.execute(
            "INSERT OR REPLACE INTO closed_periods VALUES (?, ?)", [property_id, month]
        )


def close_everywhere(store: Store, *, month: str) -> None:
    """Close all months up to one, in every property that there is."""
    with store.changing() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO closed_periods SELECT id, ? FROM properties", [month]
        )


def open_all(store: Store, *, property_id: str) -> None:
    """Open every month of a property again.

    Errors: Problem 404 when there is no such property.
    """
    with store.changing() as connection:
        find_record(connection, PROPERTIES, property_id)
        connection.execute("DELETE FROM closed_periods WHERE property_id = ?", [property_id])


def closed_periods(store: Store) -> tuple[Row, ...]:
    """Read through which month each property is closed, where it is."""
    with store.reading() as connection:
        return tuple(
            connection.execute("SELECT * FROM closed_periods ORDER BY property_id").fetchall()
        )


def closed_complaint(
    connection: sqlite3.Connection, *, property_id: str, post_month: str, behaviour: Behaviour
) -> str | None:
    """Give what a PMS says to a charge into a closed month; None when the month is open."""
    row: Row | None = connection.execute(
        "SELECT through FROM closed_periods WHERE property_id = ?", [property_id]
    ).fetchone()
    if row is None or post_month > row["through"]:
        return None
    return behaviour.closed_period.format(_first_day(post_month))


def behaviour_of(connection: sqlite3.Connection, connection_id: str) -> Behaviour:
    """Find how the PMS behind a connection behaves."""
    row = connection.execute(
        "SELECT vendor FROM connections WHERE id = ?", [connection_id]
    ).fetchone()
    return BY_VENDOR[row["vendor"]]


def _first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")
