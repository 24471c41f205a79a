"""What every test can ask for: a cast of people, a portfolio, and a sandbox to talk to."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db import transaction
from django.test import Client

from meterbase.tests.told_once import begin_at_one, told_once

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker

    from billing.models import Calculation, UtilityBill
    from integrations.models import Connection
    from integrations.pms.gateway import PmsGateway
    from integrations.sandbox.server import RunningSandbox
    from portfolios.models import Portfolio, Property, User

NOW = datetime(2026, 4, 2, 9, 0, tzinfo=UTC)

_BESIDE_SQLITE = "--beside-sqlite"
_IN_THE_DATABASE = {"db", "transactional_db", "live_server"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option by which the run on the second database saves time."""
    told = "leave out what a run on SQLite tells as well"
    parser.addoption(_BESIDE_SQLITE, action="store_true", help=told)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the run on SQLite tells as well, if asked to."""
    if config.getoption(_BESIDE_SQLITE):
        left_out = [item for item in items if _is_same_everywhere(item)]
        config.hook.pytest_deselected(items=left_out)
        kept = set(items).difference(left_out)
        items[:] = [item for item in items if item in kept]


def _is_same_everywhere(item: pytest.Item) -> bool:
    marks = {mark.name for mark in item.iter_markers()}
    touches_one = _is_in_the_database(item) or bool(marks & {"processes", "browser"})
    return "once" in marks or not touches_one


def _is_in_the_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & _IN_THE_DATABASE)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays to the end: thousands of tests and all modules."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _own_state_folder(settings, tmp_path: Path) -> None:
    settings.STATE_DIR = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let gateways ask as fast as they can; the pace has tests of its own."""
    monkeypatch.setattr("integrations.gateways.pacer_for", lambda **_which: None)


@pytest.fixture
def now() -> datetime:
    """Tell the time at which the tests' stories happen."""
    return NOW


class Clock:
    """A clock that a test moves by hand."""

    def __init__(self, start: datetime) -> None:
        self.time = start

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **how_far: float) -> None:
        """Move the clock on."""
        self.time += timedelta(**how_far)


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still until the test moves it."""
    return Clock(NOW)


@dataclass(frozen=True)
class Cast:
    """The people of every story, and the portfolio that all but the stranger belong to."""

    portfolio: Portfolio
    manager: User
    accountant: User
    viewer: User
    stranger: User


def make_cast() -> Cast:
    """Make the people and their portfolio."""
    begin_at_one()
    return _make_cast()


@told_once
def _make_cast() -> Cast:
    from portfolios.models import Membership, Portfolio, Role, User

    portfolio = Portfolio.objects.create(name="Lakeside", created_at=NOW)
    elsewhere = Portfolio.objects.create(name="Elsewhere", created_at=NOW)
    people = {
        name: User.objects.create_user(name, password="correct horse", first_name=name.title())
        for name in ("manager", "accountant", "viewer", "stranger")
    }
    for role in Role:
        Membership.objects.create(user=people[role.value], portfolio=portfolio, role=role)
    Membership.objects.create(user=people["stranger"], portfolio=elsewhere, role=Role.ACCOUNTANT)
    return Cast(portfolio=portfolio, **people)


@pytest.fixture
def cast(db: None) -> Cast:
    """Make the people and their portfolio."""
    return make_cast()


@pytest.fixture(scope="module")
def kept_rows(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Keep what fixtures of a module write: each of its tests is rolled back to that."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """Give a function that signs a person in."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture(scope="session")
def filled_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a folder with what a new sandbox begins with, to be copied: that is quicker."""
    from integrations.sandbox.server import running_sandbox

    folder = tmp_path_factory.mktemp("filled") / "sandbox"
    with running_sandbox(data_dir=folder):
        return folder


@pytest.fixture
def sandbox(settings, tmp_path: Path, filled_sandbox: Path) -> Iterator[RunningSandbox]:
    """Run a sandbox of Propexo over HTTP, and point the settings to it."""
    from integrations.sandbox.server import running_sandbox

    shutil.copytree(filled_sandbox, tmp_path / "sandbox")
    with running_sandbox(data_dir=tmp_path / "sandbox") as running:
        settings.PROPEXO_BASE_URL = running.base_url
        settings.PROPEXO_API_KEY = running.api_key
        # The stories were told in this contract; a suite of its own goes over both.
        settings.PROPEXO_CONTRACT = "unified"
        yield running


@pytest.fixture
def gateway(sandbox: RunningSandbox) -> PmsGateway:
    """Open a gateway to the sandbox."""
    from integrations.gateways import find_gateway

    return find_gateway(propexo_connection_id="conn_001")


@pytest.fixture
def connection(cast: Cast, gateway: PmsGateway) -> Connection:
    """Connect the portfolio to the sandbox's Yardi."""
    from integrations.operations.connections import add_connection

    return add_connection(
        portfolio=cast.portfolio,
        propexo_connection_id="conn_001",
        pms="yardi_voyager",
        integration_id="",
        gateway=gateway,
        by=cast.manager,
        now=NOW,
    )


@pytest.fixture
def place(cast: Cast, connection: Connection, sandbox: RunningSandbox) -> Property:
    """Import and sync the sandbox's first property: 48 units, three of them vacant."""
    return _import_first(cast, connection, sandbox)


@told_once
def _import_first(cast: Cast, connection: Connection, _pms: RunningSandbox) -> Property:
    from integrations.gateways import find_gateway
    from integrations.models import SyncRun
    from integrations.operations.imports import import_properties
    from integrations.sync.run import run_sync

    gateway = find_gateway(propexo_connection_id=connection.propexo_connection_id)
    report = import_properties(
        connection=connection,
        portfolio=cast.portfolio,
        propexo_property_ids=["prop_001"],
        gateway=gateway,
        by=cast.manager,
        now=NOW,
    )
    run = SyncRun.objects.create(property=report.created[0], queued_at=NOW)
    run_sync(run_id=run.pk, gateway=gateway, clock=lambda: NOW)
    return report.created[0]


@pytest.fixture
def bill(cast: Cast, place: Property) -> UtilityBill:
    """Enter the March water bill, with a rule by square footage and 10 % common area."""
    return _march_bill(cast, place)


@told_once
def _march_bill(cast: Cast, place: Property) -> UtilityBill:
    from billing.tests.march import march_bill

    return march_bill(place, 566_161, cast=cast, now=NOW)


@pytest.fixture
def approved(cast: Cast, bill: UtilityBill) -> Calculation:
    """Calculate, submit and approve the bill: 45 charges."""
    return _approve(cast, bill)


@told_once
def _approve(cast: Cast, bill: UtilityBill) -> Calculation:
    from billing.tests.march import approve_bill

    return approve_bill(bill, cast=cast, now=NOW)
