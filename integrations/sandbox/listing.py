"""Read rows out of the store for lists: filtered, in the order in which they were made."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from integrations.sandbox.problems import login_expired, not_found

Row = sqlite3.Row


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of a view are meant.

    Shape: `equal` maps columns to values; `updated_since` is a stamp and includes itself.
    """

    view: str
    equal: Mapping[str, str] = field(default_factory=dict)
    updated_since: str | None = None
    includes_locked: bool = False

    def condition(self) -> tuple[str, list[str | int]]:
        """Write the selection as an SQL condition and its values."""
        parts, values = ["1"], list[str | int](self.equal.values())
        parts += [f"{column} = ?" for column in self.equal]
        if self.updated_since is not None:
            parts.append("updated_at >= ?")
            values.append(self.updated_since)
        if not self.includes_locked:
            parts.append("connection_status <> 'auth_failed'")
        return " AND ".join(parts), values


def count_rows(connection: sqlite3.Connection, selection: Selection) -> int:
    """Count the selected rows."""
    condition, values = selection.condition()
    sql = f"SELECT count(*) FROM {selection.view} WHERE {condition}"  # noqa: S608  own names only
    count: int = connection.execute(sql, values).fetchone()[0]
    return count


def select_rows(
    connection: sqlite3.Connection,
    selection: Selection,
    *,
    limit: int,
    offset: int = 0,
    after_seq: int = 0,
) -> list[Row]:
    """Read selected rows in the order in which they were made."""
    condition, values = selection.condition()
    sql = (
        f"SELECT * FROM {selection.view} WHERE {condition} AND seq > ?"  # noqa: S608  own names only
        " ORDER BY seq LIMIT ? OFFSET ?"
    )
    return connection.execute(sql, [*values, after_seq, limit, offset]).fetchall()


def find_row(connection: sqlite3.Connection, view: str, record_id: str, *, called: str) -> Row:
    """Read one row that must be there and may be read.

    Errors: Problem 404 when there is none, 403 when its PMS login has expired.
    """
    sql = f"SELECT * FROM {view} WHERE id = ?"  # noqa: S608  own names only
    row: Row | None = connection.execute(sql, [record_id]).fetchone()
    if row is None:
        raise not_found(called, record_id)
    if row["connection_status"] == "auth_failed":
        raise login_expired(row["connection_id"])
    return row
