"""The lock that proves a sender alive, and that its death frees."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from django.db import connection, connections

from billing.posting.liveness import StillHeld, _session_lock, hold
from billing.posting.tests.scratch import ROOT

HOLDER = """
import sys, django
django.setup()
from billing.posting.liveness import hold
with hold(int(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def is_free(posting_id: int) -> bool:
    """Try the lock."""
    try:
        with hold(posting_id):
            return True
    except StillHeld:
        return False


@contextmanager
def held_by_a_process(state_dir, posting_id: int) -> Iterator[subprocess.Popen[str]]:
    """Have another process of this machine hold a posting."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(posting_id)],
        cwd=ROOT,
        env={
            "METERBASE_ENV_FILE": "",
            "DJANGO_SETTINGS_MODULE": "meterbase.settings",
            "STATE_DIR": str(state_dir),
            "DATABASE_URL": "sqlite://:memory:",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.django_db
@pytest.mark.processes
def test_another_process_holds_until_it_is_killed(settings):
    with held_by_a_process(settings.STATE_DIR, 5) as holder:
        assert not is_free(5)
        assert is_free(6)
        holder.kill()
        holder.wait(timeout=10)
        assert is_free(5)


@pytest.mark.django_db
def test_another_thread_is_kept_out():
    found: list[bool] = []

    def look() -> None:
        found.append(is_free(7))
        connections.close_all()

    with hold(7):
        thread = Thread(target=look)
        thread.start()
        thread.join()

    assert found == [False]
    assert is_free(7)


@pytest.mark.django_db
def test_holding_twice_in_a_row_frees_nothing():
    with hold(8):
        assert not is_free(8)
        assert not is_free(8)


@pytest.mark.django_db
def test_a_block_that_fails_frees_the_lock():
    with pytest.raises(ZeroDivisionError), hold(9):
        raise ZeroDivisionError

    assert is_free(9)


@pytest.mark.django_db
def test_a_session_on_another_machine_is_kept_out(settings, tmp_path):
    if connection.vendor != "postgresql":
        pytest.skip("several machines need PostgreSQL")
    found: list[bool] = []

    def look() -> None:
        # Another machine has another state folder, so only the database can tell.
        settings.STATE_DIR = tmp_path / "elsewhere"
        settings.STATE_DIR.mkdir()
        found.append(is_free(10))
        connections.close_all()

    with _session_lock(10):
        thread = Thread(target=look)
        thread.start()
        thread.join()

    assert found == [False]
