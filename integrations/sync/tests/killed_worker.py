"""Processes of their own for a sync whose worker is killed: `prepare`, `die` and `take_up`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import django

LATER = timedelta(minutes=10)


def main(what: str, *details: str) -> None:
    """Do one process's part."""
    django.setup()
    parts: dict[str, Callable[..., None]] = {"prepare": prepare, "die": die, "take_up": take_up}
    parts[what](*details)


def prepare() -> None:
    """Make a database with a sync that waits, straight from the models."""
    from django.conf import settings
    from django.core.management import call_command
    from django.utils import timezone

    from integrations.bench.sync_child import no_migrations
    from integrations.gateways import find_gateway
    from integrations.operations.connections import add_connection
    from integrations.operations.imports import import_properties
    from integrations.operations.syncs import request_sync
    from portfolios.models import Portfolio, User

    settings.MIGRATION_MODULES = no_migrations()
    call_command("migrate", run_syncdb=True, verbosity=0)
    now = timezone.now()
    user = User.objects.create_user("manager")
    portfolio = Portfolio.objects.create(name="Lakeside", created_at=now)
    gateway = find_gateway(propexo_connection_id="conn_001")
    connection = add_connection(
        portfolio=portfolio,
        propexo_connection_id="conn_001",
        pms="yardi_voyager",
        integration_id="",
        gateway=gateway,
        by=user,
        now=now,
    )
    report = import_properties(
        connection=connection,
        portfolio=portfolio,
        propexo_property_ids=["prop_001"],
        gateway=gateway,
        by=user,
        now=now,
    )
    request_sync(place=report.created[0], by=user, now=now)


def die(where: str, after: str) -> None:
    """Work on the sync and be killed at a stored page: right before its commit or right after."""
    from integrations.sync import reader
    from integrations.sync.claim import advance

    reader.CHUNK_ROWS = 1
    store = reader.Reader._store
    left = [int(after)]

    def store_and_die(self: Any, *args: Any, **values: Any) -> None:
        store(self, *args, **values)
        left[0] -= 1
        if where == "after_commit" and not left[0]:
            _kill()

    def advance_and_die(*args: Any, **values: Any) -> None:
        advance(*args, **values)
        if where == "before_commit" and left[0] == 1:
            _kill()

    reader.Reader._store = store_and_die  # type: ignore[method-assign]
    setattr(reader, "advance", advance_and_die)  # noqa: B010 - as the module itself calls it
    _work(lambda now: now)


def take_up() -> None:
    """Work on whatever is due, when the killed worker counts as lost."""
    _work(lambda now: now + LATER)


def _work(shift: Callable[[datetime], datetime]) -> None:
    from django.utils import timezone

    from integrations.operations.sync_work import work_on_syncs

    work_on_syncs(clock=lambda: shift(timezone.now()))


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
