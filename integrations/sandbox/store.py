"""The sandbox's memory: one SQLite file, committed before anything is answered."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from integrations.sandbox.seed import build_world

FILE_NAME = "sandbox.sqlite3"
_SCHEMA = Path(__file__).with_name("schema.sql")
_SCHEMA_VERSION = 1


class StoreUnusable(Exception):
    """The data directory cannot be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Making:
    """What a world is made from."""

    seed: int
    properties: int
    units: int

    def __str__(self) -> str:
        return f"seed {self.seed}, {self.properties} properties of {self.units} units"


class Store:
    """One connection behind one lock: the sandbox is about order, not about speed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for reads that belong together."""
        with self._lock:
            yield self._connection

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for a change.

        Effects: everything is committed when the block ends, and nothing when it raises.
        """
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection

    def making(self) -> Making:
        """Tell what this store's world was made from."""
        with self.reading() as connection:
            return Making(*connection.execute("SELECT * FROM making").fetchone())

    def close(self) -> None:
        """Close the file once the change under way is done."""
        with self._lock:
            self._connection.close()


def open_store(*, directory: Path, making: Making, fresh: bool = False) -> Store:
    """Open the store in a directory, and fill it when it is new.

    Shape: a store that is there is kept, whatever it was made from, unless `fresh`.
    Errors: StoreUnusable when the directory or the file in it cannot be used.
    """
    path = directory / FILE_NAME
    try:
        directory.mkdir(parents=True, exist_ok=True)
        connection = _connect(path)
    except (OSError, sqlite3.Error) as problem:
        raise StoreUnusable(f"The sandbox cannot use {path}: {problem}.") from problem
    store = Store(connection)
    try:
        _prepare(store, making=making, fresh=fresh)
    except sqlite3.Error as problem:
        store.close()
        raise StoreUnusable(f"The sandbox cannot read {path}: {problem}.") from problem
    except StoreUnusable:
        store.close()
        raise
    return store


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=20, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    # A killed process loses nothing that was committed; only a power cut could.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _prepare(store: Store, *, making: Making, fresh: bool) -> None:
    with store.changing() as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version and fresh:
            _drop_all(connection)
        elif version == _SCHEMA_VERSION:
            return
        elif version:
            raise StoreUnusable(
                "The sandbox's data was written by another version; start it with --fresh."
            )
        _fill(connection, making=making)


def _fill(connection: sqlite3.Connection, *, making: Making) -> None:
    for statement in _statements(_SCHEMA.read_text(encoding="utf-8")):
        connection.execute(statement)
    world = build_world(seed=making.seed, properties=making.properties, units=making.units)
    _insert(connection, "making", [making])
    for table in fields(world):
        _insert(connection, table.name, getattr(world, table.name))
    connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")


def _statements(script: str) -> Iterator[str]:
    """Split a script; executescript would commit the transaction around it."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[Any]) -> None:
    if not rows:
        return
    columns = [column.name for column in fields(rows[0])]
    places = ", ".join("?" * len(columns))
    connection.executemany(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})",  # noqa: S608  own names
        [astuple(row) for row in rows],
    )


def _drop_all(connection: sqlite3.Connection) -> None:
    # Views before tables, and the youngest table first, because it points at the older ones.
    found = connection.execute(
        "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view')"
        " AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, rowid DESC"
    ).fetchall()
    for kind, name in found:
        connection.execute(f"DROP {kind} {name}")
