"""Databases of their own for processes that are killed, and the processes."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from django.conf import settings
from psycopg import sql

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

    def run(self, *command: str) -> None:
        """Run a process to its end, which has to be a good one."""
        with self.started(*command) as process:
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
        if _on_postgres():
            with _postgres(self.name) as connection:
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


def environ_of(*, name: str, state_dir: Path, base_url: str, api_key: str) -> dict[str, str]:
    """Describe a database, a folder and a sandbox to a process."""
    return {
        **os.environ,
        "METERBASE_ENV_FILE": "",
        "DJANGO_SETTINGS_MODULE": "meterbase.settings",
        "SECRET_KEY": "of the tests' own processes",
        "STATE_DIR": str(state_dir),
        "DATABASE_URL": _url(name),
        "PROPEXO_BASE_URL": base_url,
        "PROPEXO_API_KEY": api_key,
        "PROPEXO_CONTRACT": "unified",
        "PROPEXO_CHARGE_POSTING_ENABLED": "true",
        "LOG_LEVEL": "CRITICAL",
    }


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


@contextmanager
def created_database(state_dir: Path, *, template: str | None = None) -> Iterator[str]:
    """Make a database and drop it with the block; its name is a path on SQLite."""
    if not _on_postgres():
        path = state_dir / "scratch.sqlite3"
        if template is not None:
            shutil.copy(template, path)
        yield str(path)
        return
    name = f"scratch_{secrets.token_hex(6)}"
    _order("CREATE DATABASE {} TEMPLATE {}", name, template or "template0")
    try:
        yield name
    finally:
        _order("DROP DATABASE {} WITH (FORCE)", name)


def _on_postgres() -> bool:
    return str(settings.DATABASES["default"]["ENGINE"]).endswith("postgresql")


def _order(statement: str, *names: str) -> None:
    with _postgres("postgres") as connection:
        connection.autocommit = True
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _postgres(name: str) -> psycopg.Connection[tuple[object, ...]]:
    server = settings.DATABASES["default"]
    return psycopg.connect(
        dbname=name,
        host=server["HOST"] or None,
        port=server["PORT"] or None,
        user=server["USER"] or None,
        password=server["PASSWORD"] or None,
    )


def _url(name: str) -> str:
    if not _on_postgres():
        return f"sqlite:///{name}"
    server = settings.DATABASES["default"]
    user, password, host = (
        quote(str(server[key]), safe="") for key in ("USER", "PASSWORD", "HOST")
    )
    return f"postgres://{user}:{password}@{host}:{server['PORT']}/{name}"
