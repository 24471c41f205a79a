"""Databases that are made for a measurement or a test and thrown away after it."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from django.conf import settings
from psycopg import sql


@contextmanager
def created_database(state_dir: Path, *, template: str | None = None) -> Iterator[str]:
    """Make a database beside the installation's own, and drop it with the block.

    Shape: the name is a file's path on SQLite; `template` is the name of one that nobody uses now.
    """
    if not on_postgres():
        path = state_dir / "scratch.sqlite3"
        if template is not None:
            # Not a copy of the file: what was written last may be in another one beside it.
            with closing(sqlite3.connect(template)) as source, closing(sqlite3.connect(path)) as it:
                source.backup(it)
        yield str(path)
        return
    name = f"scratch_{secrets.token_hex(6)}"
    _order("CREATE DATABASE {} TEMPLATE {}", name, template or "template0")
    try:
        yield name
    finally:
        _order("DROP DATABASE {} WITH (FORCE)", name)


def environ_of(*, name: str, state_dir: Path, base_url: str, api_key: str) -> dict[str, str]:
    """Describe a database, a folder and a sandbox to a process."""
    return {
        **os.environ,
        "METERBASE_ENV_FILE": "",
        "DJANGO_SETTINGS_MODULE": "meterbase.settings",
        "SECRET_KEY": "of a process beside the installation",
        "STATE_DIR": str(state_dir),
        "DATABASE_URL": _url(name),
        "PROPEXO_BASE_URL": base_url,
        "PROPEXO_API_KEY": api_key,
        "PROPEXO_CONTRACT": "unified",
        "PROPEXO_CHARGE_POSTING_ENABLED": "true",
        "LOG_LEVEL": "CRITICAL",
    }


def on_postgres() -> bool:
    """Tell which kind of database this installation runs on."""
    return str(settings.DATABASES["default"]["ENGINE"]).endswith("postgresql")


def connect_to_postgres(name: str) -> psycopg.Connection[tuple[object, ...]]:
    """Connect to a database of the installation's server."""
    server = settings.DATABASES["default"]
    return psycopg.connect(
        dbname=name,
        host=server["HOST"] or None,
        port=server["PORT"] or None,
        user=server["USER"] or None,
        password=server["PASSWORD"] or None,
    )


def _order(statement: str, *names: str) -> None:
    with connect_to_postgres("postgres") as connection:
        connection.autocommit = True
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _url(name: str) -> str:
    if not on_postgres():
        return f"sqlite:///{name}"
    server = settings.DATABASES["default"]
    user, password, host = (
        quote(str(server[key]), safe="") for key in ("USER", "PASSWORD", "HOST")
    )
    return f"postgres://{user}:{password}@{host}:{server['PORT']}/{name}"
