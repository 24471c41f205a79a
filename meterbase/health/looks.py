"""Every part of the installation, looked at one after the other; cheap enough for each minute."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial

from django import db
from django.conf import settings
from django.db.migrations.executor import MigrationExecutor

from integrations.clusters import GENERAL, POSTING
from meterbase.health.findings import Finding, Level, failing, ok, warning
from meterbase.health.mail import look_at_notices
from meterbase.health.work import (
    look_at_charges,
    look_at_queue,
    look_at_sweeper,
    look_at_webhooks,
    look_at_workers,
)

_MEGABYTE = 1_000_000
_LEAST_FREE = 200 * _MEGABYTE
_LITTLE_FREE = 1_000 * _MEGABYTE

Look = Callable[..., Finding]


def look_at_database(**_when: datetime) -> Finding:
    """Look whether the database answers."""
    with db.connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ok("The database answers.")


class MigrationsPending(Exception):
    """The database is older than the program."""

    def __init__(self, names: list[str]) -> None:
        super().__init__("The database is older than the program: run `manage.py migrate`.")
        self.names = names


def look_at_migrations(**_when: datetime) -> Finding:
    """Look whether the database fits the program."""
    try:
        _require_migrations()
    except MigrationsPending as error:
        return failing(str(error), pending=error.names)
    return ok("The database fits the program.")


@cache
def _require_migrations() -> None:
    """Refuse a database that lacks migrations; once it has them all, a program asks no more."""
    executor = MigrationExecutor(db.connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        raise MigrationsPending([str(migration) for migration, _backwards in plan])


def look_at_disk(**_when: datetime) -> Finding:
    """Look whether there is room for the database, locks and files."""
    free = shutil.disk_usage(settings.STATE_DIR).free
    details = {"free_megabytes": free // _MEGABYTE}
    if free < _LEAST_FREE:
        return failing("The disk is full.", **details)
    if free < _LITTLE_FREE:
        return warning("The disk is nearly full.", **details)
    return ok("There is room on the disk.", **details)


LOOKS: Mapping[str, Look] = {
    "database": look_at_database,
    "migrations": look_at_migrations,
    "general_workers": partial(look_at_workers, GENERAL),
    "posting_workers": partial(look_at_workers, POSTING),
    "general_queue": partial(look_at_queue, GENERAL),
    "posting_queue": partial(look_at_queue, POSTING),
    "charges": look_at_charges,
    "webhooks": look_at_webhooks,
    "sweeper": look_at_sweeper,
    "notices": look_at_notices,
    "disk": look_at_disk,
}


# What can be looked at while the database does not answer; asking it again would only take time.
WITHOUT_DATABASE = ("disk",)


def look_at_everything(*, now: datetime) -> dict[str, Finding]:
    """Look at every part; one that cannot be looked at is failing."""
    database = _look(LOOKS["database"], now)
    answers = database.level == Level.OK
    rest = [name for name in LOOKS if name != "database" and (answers or name in WITHOUT_DATABASE)]
    return {"database": database, **{name: _look(LOOKS[name], now) for name in rest}}


def is_failing(findings: Mapping[str, Finding]) -> bool:
    """Tell whether the installation does not do its work."""
    return any(finding.level == Level.FAILING for finding in findings.values())


def _look(look: Look, now: datetime) -> Finding:
    try:
        return look(now=now)
    except (db.Error, OSError) as error:
        return failing("This could not be looked at.", error=type(error).__name__)
