"""A whole installation as processes, and a browser to use it with."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from meterbase.bootstrap.system import free_port
from meterbase.demo.installation import Installation, running_installation


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Run sandbox, web server, workers and sweeper, on a database of the kind under test."""
    folder = tmp_path_factory.mktemp("installation")
    with _database() as database_url:
        found = Installation(
            folder=folder,
            port=free_port(),
            sandbox_port=free_port(),
            password="only-for-the-tests",
            database_url=database_url,
        )
        with running_installation(found, say=print):
            yield found


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """Use the machine's own Chromium, which talks to nobody but us."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or "google-chrome"
    return {
        "executable_path": found,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
        ],
    }


@contextmanager
def _database() -> Iterator[str]:
    """Make a database for one installation; SQLite makes its own file."""
    server = settings.DATABASES["default"]
    if not server["ENGINE"].endswith("postgresql"):
        yield ""
        return
    name = f"installation_{secrets.token_hex(6)}"
    _order("CREATE DATABASE {}", name)
    user, password = (quote(str(server[key]), safe="") for key in ("USER", "PASSWORD"))
    try:
        yield f"postgres://{user}:{password}@{server['HOST']}:{server['PORT']}/{name}"
    finally:
        _order("DROP DATABASE {} WITH (FORCE)", name)


def _order(statement: str, name: str) -> None:
    server = settings.DATABASES["default"]
    with psycopg.connect(
        dbname="postgres",
        host=server["HOST"] or None,
        port=server["PORT"] or None,
        user=server["USER"] or None,
        password=server["PASSWORD"] or None,
        autocommit=True,
    ) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
