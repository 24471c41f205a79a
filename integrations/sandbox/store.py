"""The sandbox's memory: one SQLite file, committed before anything is answered."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from integrations.sandbox.filling import SCHEMA_VERSION, Making, fill_file

FILE_NAME = "sandbox.sqlite3"
_MAPPED_BYTES = 2**30

__all__ = ["FILE_NAME", "Making", "Store", "StoreUnusable", "open_store"]


class StoreUnusable(Exception):
    """The data directory cannot be used; the sentence says why."""


class Store:
    """One connection that writes, behind a lock, and as many that read as are asked for at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = _connect(path)
        self._writing = threading.Lock()
        self._idle: list[sqlite3.Connection] = []

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that reads what is committed; one statement sees one moment."""
        # Taking from and adding to a list is atomic; two at once get two connections.
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = _connect(self._path)
            connection.execute("PRAGMA query_only = ON")
        try:
            yield connection
        finally:
            self._idle.append(connection)

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for a change.

        Effects: everything is committed when the block ends, and nothing when it raises.
        """
        with self._writing, self._writer:
            self._writer.execute("BEGIN IMMEDIATE")
            yield self._writer

    def making(self) -> Making:
        """Tell what this store's world was made from."""
        with self.reading() as connection:
            return Making(*connection.execute("SELECT * FROM making").fetchone())

    def close(self) -> None:
        """Close the file once the change under way is done."""
        with self._writing:
            while self._idle:
                self._idle.pop().close()
            self._writer.close()


def open_store(*, directory: Path, making: Making, fresh: bool = False) -> Store:
    """Open the store in a directory, and fill it when it is new.

    Shape: a store that is there is kept, whatever it was made from, unless `fresh`.
    Errors: StoreUnusable when the directory or the file in it cannot be used.
    """
    path = directory / FILE_NAME
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if fresh or not path.exists():
            fill_file(path, making=making)
        return _open(path)
    except (OSError, sqlite3.Error) as problem:
        raise StoreUnusable(f"The sandbox cannot use {path}: {problem}.") from problem


def _open(path: Path) -> Store:
    store = Store(path)
    with store.reading() as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != SCHEMA_VERSION:
        store.close()
        raise StoreUnusable(
            "The sandbox's data was written by another version; start it with --fresh."
        )
    return store


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=20, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    # A killed process loses nothing that was committed; only a power cut could.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA mmap_size = {_MAPPED_BYTES}")
    return connection
