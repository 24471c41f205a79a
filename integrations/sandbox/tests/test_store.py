from __future__ import annotations

import sqlite3

import pytest

from integrations.sandbox.server import running_sandbox
from integrations.sandbox.store import FILE_NAME, Making, StoreUnusable, open_store
from integrations.sandbox.tests.client import CHARGE, Client

SMALL = Making(seed=1, properties=1, units=4)


def rows(directory, table):
    with open_store(directory=directory, making=SMALL).reading() as connection:
        found = [tuple(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608
        connection.close()
    return found


def forget_people_and_leases(store):
    with store.changing() as connection:
        connection.execute("DELETE FROM residents")
        connection.execute("DELETE FROM units")


@pytest.mark.parametrize("table", ["units", "leases", "residents", "payments", "charge_codes"])
def test_the_same_making_fills_two_stores_alike(tmp_path, table):
    assert rows(tmp_path / "one", table) == rows(tmp_path / "two", table)


def test_data_and_ledger_survive_a_restart(tmp_path):
    with running_sandbox(data_dir=tmp_path, properties=1) as running:
        Client(running.base_url).post("/v1/charges", CHARGE)
        kept = running.ledger()
    with running_sandbox(data_dir=tmp_path, properties=1) as running:
        assert running.ledger() == kept
    assert len(kept) == 1


def test_a_store_of_another_making_is_kept(tmp_path):
    open_store(directory=tmp_path, making=SMALL).close()
    store = open_store(directory=tmp_path, making=Making(seed=9, properties=2, units=8))
    assert store.making() == SMALL
    store.close()


def test_a_fresh_start_forgets_everything(tmp_path):
    with running_sandbox(data_dir=tmp_path, properties=1) as running:
        Client(running.base_url).post("/v1/charges", CHARGE)
    made = Making(seed=9, properties=2, units=8)
    store = open_store(directory=tmp_path, making=made, fresh=True)
    assert store.making() == made
    with store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM charges").fetchone()[0] == 0
        assert connection.execute("SELECT count(*) FROM units").fetchone()[0] == 22
    store.close()


def test_a_change_that_fails_leaves_nothing_behind(tmp_path):
    store = open_store(directory=tmp_path, making=SMALL)
    with pytest.raises(sqlite3.IntegrityError):
        forget_people_and_leases(store)
    with store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM residents").fetchone()[0] > 0
    store.close()


def test_a_file_that_is_no_store_is_refused_with_a_sentence(tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b"this is not a database, however long it may be" * 50)
    with pytest.raises(StoreUnusable, match="cannot use"):
        open_store(directory=tmp_path, making=SMALL)


def test_a_directory_that_cannot_be_made_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnusable, match="cannot use"):
        open_store(directory=tmp_path / "file" / "data", making=SMALL)


def test_the_data_of_another_version_is_refused_and_a_fresh_start_helps(tmp_path):
    open_store(directory=tmp_path, making=SMALL).close()
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreUnusable, match="--fresh"):
        open_store(directory=tmp_path, making=SMALL)
    open_store(directory=tmp_path, making=SMALL, fresh=True).close()
