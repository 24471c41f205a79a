"""Jobs that wait for their workers, and PMSs that do with charges what a test wants."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from django.db import connections

from billing.models import Calculation, PostingJob
from billing.operations.posting_jobs import PostingOrder, create_posting_job
from billing.posting.tests.fake_pms import FakePms
from billing.posting.tests.scratch import Scratch, copied, prepared
from billing.tests.small_place import small_job
from conftest import Cast, Clock
from integrations.pms.gateway import PmsGateway
from integrations.sandbox.server import RunningSandbox, running_sandbox


@pytest.fixture
def job(
    settings, cast: Cast, approved: Calculation, gateway: PmsGateway, now: datetime
) -> PostingJob:
    """Confirm the posting of the approved calculation; nothing is sent yet."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return create_posting_job(
        calculation=approved,
        order=PostingOrder(
            charge_date=date(2026, 4, 1),
            charge_code="UTIL",
            description="March 2026 Utility Charge (RUBS)",
        ),
        gateway=gateway,
        by=cast.accountant,
        now=now,
    )


@pytest.fixture
def short_job(settings, cast: Cast, now: datetime) -> PostingJob:
    """Confirm the posting of three charges for units that the sandbox has, too."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return small_job(cast, now)


@pytest.fixture
def pms(clock: Clock) -> FakePms:
    """Make a PMS in memory that takes every charge until it is told otherwise."""
    return FakePms(clock)


@pytest.fixture
def own_database(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """Let threads write at once, as processes do.

    SQLite's database in memory refuses a second writer outright instead of letting it wait, so the
    test works on a copy in a file.
    """
    memory = connections["default"]
    if memory.vendor != "sqlite":
        yield
        return
    memory.ensure_connection()
    name = memory.settings_dict["NAME"]
    path = tmp_path / "threads.sqlite3"
    copy = sqlite3.connect(path)
    memory.connection.backup(copy)
    copy.close()
    memory.settings_dict["NAME"] = str(path)
    connections["default"] = connections.create_connection("default")
    yield
    connections["default"].close()
    memory.settings_dict["NAME"] = name
    connections["default"] = memory


@pytest.fixture
def world(tmp_path: Path) -> Iterator[RunningSandbox]:
    """Run the sandbox that the processes of a test talk to."""
    with running_sandbox(data_dir=tmp_path / "world") as running:
        yield running


@pytest.fixture(scope="session")
def prepared_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    """Make one database with a job of 45 charges, to be copied for each test."""
    folder = tmp_path_factory.mktemp("prepared")
    with (
        running_sandbox(data_dir=folder / "world") as running,
        prepared(folder / "state", running) as scratch,
    ):
        yield scratch


@pytest.fixture
def scratch(prepared_database: Scratch, world: RunningSandbox, tmp_path: Path) -> Iterator[Scratch]:
    """Copy the prepared database for processes that work on it and may be killed."""
    with copied(prepared_database, tmp_path / "state", world) as scratch:
        yield scratch
