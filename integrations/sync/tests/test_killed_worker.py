from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings

from integrations.sandbox.server import running_sandbox

UNITS = 500

Run = Callable[..., int]
Query = Callable[[str], tuple[object, ...]]


@pytest.fixture
def scratch(tmp_path: Path):
    """Give a way to run processes on a database of their own, and to look into it."""
    environment = {
        **os.environ,
        "METERBASE_ENV_FILE": "",
        "DJANGO_SETTINGS_MODULE": "meterbase.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'scratch.sqlite3'}",
        "STATE_DIR": str(tmp_path / "state"),
        "SECRET_KEY": "of the tests' own processes",
        "LOG_LEVEL": "CRITICAL",
        "PROPEXO_CONTRACT": "unified",
    }
    with running_sandbox(data_dir=tmp_path / "sandbox", properties=1, units=UNITS) as sandbox:
        environment["PROPEXO_BASE_URL"] = sandbox.base_url
        environment["PROPEXO_API_KEY"] = sandbox.api_key

        def run(*what: str) -> int:
            command = (sys.executable, "-m", "integrations.sync.tests.killed_worker", *what)
            return subprocess.run(
                command, cwd=settings.BASE_DIR, env=environment, check=False, timeout=60
            ).returncode

        def query(columns: str) -> tuple[object, ...]:
            with closing(sqlite3.connect(tmp_path / "scratch.sqlite3")) as database:
                row: tuple[object, ...] = database.execute(
                    f"SELECT {columns} FROM integrations_syncrun"  # noqa: S608 - our own words
                ).fetchone()
                return row

        yield run, query


def count(query: Query, table: str) -> object:
    return query(f"(SELECT count(*) FROM {table})")[0]  # noqa: S608 - our own words


@pytest.mark.processes
@pytest.mark.parametrize(("where", "stored"), [("after_commit", 2), ("before_commit", 1)])
def test_a_killed_workers_sync_goes_on_at_the_page_where_it_stopped(
    scratch: tuple[Run, Query], where: str, stored: int
) -> None:
    run, query = scratch
    assert run("prepare") == 0
    assert run("die", where, "2") == -signal.SIGKILL
    assert query("state, phase, pages_read, units_read") == (
        "running",
        "units",
        stored,
        200 * stored,
    )
    assert query("mark <> ''") == (1,)
    assert count(query, "portfolios_unit") == 200 * stored
    assert run("take_up") == 0
    assert query("state, units_read, unchanged, changed") == ("completed", UNITS, 0, 0)
    assert count(query, "portfolios_unit") == UNITS
    assert count(query, "portfolios_lease") == query("leases_read")[0]
    assert count(query, "integrations_syncrun") == 1
    assert query("(SELECT count(*) FROM portfolios_lease WHERE resident_name = '')") == (0,)
