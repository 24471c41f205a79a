"""Databases of their own for processes that are killed, and the processes."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from billing.bench.databases import (
    connect_to_postgres,
    created_database,
    environ_of,
    on_postgres,
)
from integrations.sandbox.server import RunningSandbox

ROOT = Path(__file__).resolve().parents[3]
WORKER = (sys.executable, "-m", "billing.posting.tests.worker")
MANAGE = (sys.executable, "manage.py")


@dataclass(frozen=True)
class Scratch:
    """A database, a state folder and a sandbox that processes share.

    Shape: `name` is a file's path on SQLite, a database's name on PostgreSQL.
    """

    name: str
    state_dir: Path
    sandbox: RunningSandbox

    @contextmanager
    def started(self, *command: str, **extra: str) -> Iterator[subprocess.Popen[bytes]]:
        """Start a process that leads its group, and end the whole group with the block."""
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**self.environ(), **extra},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            kill_group(process)

    def run(self, *command: str, **extra: str) -> None:
        """Run a process to its end, which has to be a good one."""
        with self.started(*command, **extra) as process:
            assert process.wait(timeout=60) == 0

    def environ(self) -> dict[str, str]:
        """Describe this place to a process, with the waits cut short."""
        return {
            **environ_of(
                name=self.name,
                state_dir=self.state_dir,
                base_url=self.sandbox.base_url,
                api_key=self.sandbox.api_key,
            ),
            "POSTING_LEASE_SECONDS": "1",
            "POSTING_SETTLE_SECONDS": "1",
            "POSTING_LOOK_GAP_SECONDS": "0",
        }

    def query(self, statement: str) -> list[tuple[object, ...]]:
        """Run one statement and give its rows."""
        if on_postgres():
            with connect_to_postgres(self.name) as connection:
                cursor = connection.execute(statement.encode())
                return list(cursor) if cursor.description else []
        with closing(sqlite3.connect(self.name, timeout=20)) as lite, lite:
            return list(lite.execute(statement))

    def states(self) -> dict[str, int]:
        """Count the live postings by state."""
        rows = self.query(
            "SELECT state, count(*) FROM billing_posting WHERE state <> 'cancelled' GROUP BY state"
        )
        return {str(state): int(str(count)) for state, count in rows}

    def keep(self, count: int) -> None:
        """Cancel all postings but the first ones."""
        self.query(
            "UPDATE billing_posting SET state = 'cancelled' WHERE id NOT IN"  # noqa: S608  a number
            f" (SELECT id FROM billing_posting ORDER BY id LIMIT {count:d})"
        )


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, stopped or not, with all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)


def wait_for(condition: Callable[[], bool], *, what: str, seconds: float = 30) -> None:
    """Wait until something is so, or fail."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited {seconds} s in vain for {what}"
        # Another process brings it about, and has no way to tell this one.
        time.sleep(0.02)


@contextmanager
def prepared(state_dir: Path, sandbox: RunningSandbox) -> Iterator[Scratch]:
    """Make a database with a job of 45 charges that nobody has begun to send."""
    state_dir.mkdir()
    with created_database(state_dir) as name:
        scratch = Scratch(name, state_dir, sandbox)
        scratch.run(*WORKER, "prepare")
        yield scratch


@contextmanager
def copied(original: Scratch, state_dir: Path, sandbox: RunningSandbox) -> Iterator[Scratch]:
    """Copy a database that nobody uses at the moment."""
    state_dir.mkdir()
    with created_database(state_dir, template=original.name) as name:
        yield Scratch(name, state_dir, sandbox)
