"""Make the file that a sandbox works on: tables, first rows, indices."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from integrations.sandbox.seed import build_parts
from integrations.sandbox.world import World

SCHEMA_VERSION = 3
_HERE = Path(__file__).parent
_BEFORE_THE_ROWS = ("schema.sql", "views_unified.sql", "views_v1.sql")
_AFTER_THE_ROWS = ("indices.sql",)
# Where a part of the world is stored, when not in a table of its own name.
_TABLES = {"occupants": "residents"}


@dataclass(frozen=True, slots=True)
class Making:
    """What a world is made from; `pms` are words with commas between."""

    seed: int
    properties: int
    units: int
    pms: str = ""

    def __str__(self) -> str:
        also = f" and {self.pms}" if self.pms else ""
        return f"seed {self.seed}, {self.properties} properties of {self.units} units{also}"

    def words(self) -> tuple[str, ...]:
        """Name the PMSs that have a connection of their own."""
        return tuple(self.pms.split(",")) if self.pms else ()


def fill_file(path: Path, *, making: Making) -> None:
    """Make a new file in the place of one that may be there.

    Effects: the file is there completely or not at all, whenever the process is killed.
    """
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    connection = sqlite3.connect(unfinished, isolation_level=None)
    try:
        # Nobody reads it yet and a torn file is thrown away, so that nothing needs to be safe.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        _fill(connection, making=making)
        connection.execute("COMMIT")
    finally:
        connection.close()
    for rest in ("-wal", "-shm"):
        path.with_name(path.name + rest).unlink(missing_ok=True)
    unfinished.replace(path)


def _fill(connection: sqlite3.Connection, *, making: Making) -> None:
    for name in _BEFORE_THE_ROWS:
        _run_script(connection, name)
    connection.execute("INSERT INTO making VALUES (?, ?, ?, ?)", astuple(making))
    for part in build_parts(
        seed=making.seed,
        properties=making.properties,
        units=making.units,
        pms=making.words(),
    ):
        insert_part(connection, part)
    for name in _AFTER_THE_ROWS:
        _run_script(connection, name)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _run_script(connection: sqlite3.Connection, name: str) -> None:
    """Run a script statement by statement; executescript would commit the transaction."""
    statement = ""
    for line in (_HERE / name).read_text(encoding="utf-8").splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


def insert_part(connection: sqlite3.Connection, part: World) -> None:
    """Insert the rows of a part of the world."""
    for field in fields(part):
        rows = getattr(part, field.name)
        if rows:
            table = _TABLES.get(field.name, field.name)
            columns = type(rows[0]).__annotations__
            connection.executemany(_insertion(table, tuple(columns)), rows)


def _insertion(table: str, columns: tuple[str, ...]) -> str:
    places = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608  own names
