"""Read lists and records out of the store as JSON that is ready to be sent.

A page is one statement: the rows are found by an index alone, and only those that are shown are
written as JSON, by the views.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Row = sqlite3.Row
SqlValue = str | int


@dataclass(frozen=True, slots=True)
class Listing:
    """A table whose rows are listed, and the view that writes them.

    Shape: `shown` is the SQL condition under which a row is there at all.
    """

    table: str
    view: str
    shown: str = "1"


@dataclass(slots=True)
class Selection:
    """Which rows of a listing are meant: all of them until conditions are added."""

    listing: Listing
    conditions: list[str] = field(default_factory=list)
    values: list[SqlValue] = field(default_factory=list)

    def add(self, condition: str, *values: SqlValue) -> None:
        """Narrow the selection; the condition has a place for each value."""
        self.conditions.append(condition)
        self.values += values

    def where(self) -> str:
        """Write the selection as an SQL condition."""
        return " AND ".join([self.listing.shown, *self.conditions])


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list.

    Shape: `rows` is JSON, the records with commas between. `total` is None where nobody counted.
    """

    rows: str
    count: int
    last_seq: int
    total: int | None = None


def read_page(
    connection: sqlite3.Connection,
    selection: Selection,
    *,
    order: str,
    limit: int,
    offset: int,
) -> Page:
    """Read a page by its place in the list, and count the list."""
    table, where = selection.listing.table, selection.where()
    sql = (
        f"SELECT group_concat(v.body), count(*), max(page.seq),"  # noqa: S608  own names only
        f" (SELECT count(*) FROM {table} WHERE {where})"
        f" FROM (SELECT seq FROM {table} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?) page"
        f" CROSS JOIN {selection.listing.view} v ON v.seq = page.seq"
    )
    values = [*selection.values, *selection.values, limit, offset]
    return _page(connection, sql, values)


def read_after(
    connection: sqlite3.Connection, selection: Selection, *, after_seq: int, limit: int
) -> Page:
    """Read the rows that were made after a row, so that new rows never shift old ones."""
    table, where = selection.listing.table, selection.where()
    sql = (
        "SELECT group_concat(v.body), count(*), max(page.seq), NULL"  # noqa: S608  own names only
        f" FROM (SELECT seq FROM {table} WHERE {where} AND seq > ? ORDER BY seq LIMIT ?) page"
        f" CROSS JOIN {selection.listing.view} v ON v.seq = page.seq"
    )
    return _page(connection, sql, [*selection.values, after_seq, limit])


def has_more_after(connection: sqlite3.Connection, selection: Selection, *, after_seq: int) -> bool:
    """Tell whether there are rows after a row."""
    sql = (
        f"SELECT EXISTS (SELECT 1 FROM {selection.listing.table}"  # noqa: S608  own names only
        f" WHERE {selection.where()} AND seq > ?)"
    )
    return bool(connection.execute(sql, [*selection.values, after_seq]).fetchone()[0])


def read_body(connection: sqlite3.Connection, view: str, record_id: str) -> str | None:
    """Read one record as JSON; None when there is none."""
    sql = f"SELECT body FROM {view} WHERE id = ?"  # noqa: S608  own names only
    row: Row | None = connection.execute(sql, [record_id]).fetchone()
    return None if row is None else str(row["body"])


def find_row(connection: sqlite3.Connection, table: str, record_id: str) -> Row | None:
    """Read one row as it is stored; None when there is none."""
    sql = f"SELECT * FROM {table} WHERE id = ?"  # noqa: S608  own names only
    row: Row | None = connection.execute(sql, [record_id]).fetchone()
    return row


def insert_row(
    connection: sqlite3.Connection, table: str, values: Mapping[str, SqlValue | None]
) -> None:
    """Add a row."""
    columns, places = ", ".join(values), ", ".join("?" * len(values))
    connection.execute(
        f"INSERT INTO {table} ({columns}) VALUES ({places})",  # noqa: S608  own names only
        list(values.values()),
    )


def _page(connection: sqlite3.Connection, sql: str, values: Sequence[SqlValue]) -> Page:
    rows, count, last_seq, total = connection.execute(sql, values).fetchone()
    return Page(rows=rows or "", count=count, last_seq=last_seq or 0, total=total)
