from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from integrations.pms.timetable import MINUTE

ROOT = Path(__file__).resolve().parents[2]
WORKER = (sys.executable, "-m", "integrations.tests.rate_limit_worker")

LIMIT = 150
MINUTES = 2
# A minute of the workers' clock takes five seconds.
FASTER = 12


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "METERBASE_ENV_FILE": "",
        "DJANGO_SETTINGS_MODULE": "meterbase.settings",
        "STATE_DIR": str(tmp_path),
        "SECRET_KEY": "of the tests' own processes",
        "DATABASE_URL": _shared_database(tmp_path),
        "LOG_LEVEL": "CRITICAL",
    }


def _shared_database(folder: Path) -> str:
    """Name the tests' own database, or a file where theirs is in memory."""
    if connection.vendor == "sqlite":
        return f"sqlite:///{folder / 'shared.sqlite3'}"
    at = connection.settings_dict
    who = f"{quote(at['USER'])}:{quote(at['PASSWORD'])}"
    return f"postgres://{who}@{quote(at['HOST'], safe='')}:{at['PORT']}/{quote(at['NAME'])}"


@contextmanager
def _process(environ: dict[str, str], *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    command = [*WORKER, *map(str, arguments)]
    process = subprocess.Popen(command, cwd=ROOT, env=environ)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _departures(environ: dict[str, str], purposes: list[str], folder: Path) -> dict[str, list[int]]:
    # They begin together, once all of them are up.
    began = time.time_ns() // 1000 + 3_000_000
    outs = [(purpose, folder / f"left-{number}") for number, purpose in enumerate(purposes)]
    with ExitStack() as running:
        processes = [
            running.enter_context(_process(environ, "record", purpose, began, FASTER, MINUTES, out))
            for purpose, out in outs
        ]
        assert [process.wait(timeout=90) for process in processes] == [0] * len(purposes)
    left: dict[str, list[int]] = {purpose: [] for purpose in purposes}
    for purpose, out in outs:
        left[purpose] += [
            moment
            for moment in map(int, out.read_text().split())
            if 0 <= moment // MINUTE - began // MINUTE < MINUTES
        ]
    return left


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_processes_use_a_limit_together_and_never_pass_it(environ: dict[str, str], tmp_path: Path):
    if connection.vendor == "sqlite":
        with _process(environ, "table") as making:
            assert making.wait(timeout=30) == 0
    left = _departures(environ, ["read", "read", "read", "post"], tmp_path)
    by_minute = Counter(moment // MINUTE for moments in left.values() for moment in moments)
    assert len(by_minute) == MINUTES
    assert max(by_minute.values()) <= LIMIT
    # A machine that starts processes slowly misses turns of a clock as fast as this one.
    assert max(by_minute.values()) >= 0.9 * LIMIT
    assert len(left["post"]) >= 0.15 * LIMIT * MINUTES
