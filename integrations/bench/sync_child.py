"""The processes that `integrations.bench.sync` measures: one sync, or one bare download."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

_CONNECTION = "conn_001"
_ROWS_PER_PAGE = 200
_KILOBYTES = 1024
_PATIENCE = timedelta(minutes=2)


def main(what: str) -> None:
    """Run one measurement and print what it found as JSON."""
    figures = {"floor": download_only, "sync": sync_twice, "endless": sync_endlessly}[what]()
    sys.stdout.write(json.dumps(figures) + "\n")


def download_only() -> dict[str, float]:
    """Download and parse every page that a first sync reads, and do nothing else."""
    import requests

    base_url = os.environ["PROPEXO_BASE_URL"]
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {os.environ['PROPEXO_API_KEY']}"
    pages = 0

    def read(path: str, **filters: str) -> Iterator[list[dict[str, Any]]]:
        nonlocal pages
        cursor: str | None = ""
        while cursor is not None:
            params = {**filters, "cursor": cursor, "per_page": str(_ROWS_PER_PAGE)}
            answer = session.get(base_url + path, params=params, timeout=60)
            pages += 1
            body = json.loads(answer.content)
            yield body["data"]
            cursor = body["pagination"]["next_cursor"]

    places = [row for page in read("/v1/properties", connection_id=_CONNECTION) for row in page]
    pages = 0
    began, cpu = time.perf_counter(), time.process_time()
    for place in places:
        for path in ("/v1/units", "/v1/leases", "/v1/residents"):
            for _page in read(path, property_id=place["id"]):
                pass
    return {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "pages": pages,
    }


def sync_twice() -> dict[str, float]:
    """Sync everything, and once more when nothing has changed."""
    _set_up()
    from django.db.models import F, Sum

    from integrations.models import SyncRun, SyncState

    connection = _connect()
    began, cpu = time.perf_counter(), time.process_time()
    _request(connection)
    count = SyncRun.objects.count()
    early = _work(until_completed=max(1, count // 10))
    _work()
    first, cpu = time.perf_counter() - began, time.process_time() - cpu
    if SyncRun.objects.exclude(state=SyncState.COMPLETED).exists():
        raise RuntimeError("Not every sync was completed.")
    rows = F("units_read") + F("leases_read") + F("residents_read")
    totals = SyncRun.objects.aggregate(records=Sum(rows), pages=Sum("pages_read"))
    began = time.perf_counter()
    _request(connection)
    _work()
    second = time.perf_counter() - began
    return {
        "first": first,
        "cpu": cpu,
        "second": second,
        "peak_rss_mb": _peak_rss_mb(),
        "rss_after_a_tenth_mb": early,
        **totals,
    }


def sync_endlessly() -> Mapping[str, float]:
    """Read everything again and again, until the process is ended."""
    _set_up()
    from integrations.rate_limit import waiting

    with waiting(longest=_PATIENCE):
        connection = _connect()
        while True:
            _request(connection, full=True)
            _work()


def _set_up() -> None:
    """Make an empty database, straight from the models."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    settings.MIGRATION_MODULES = no_migrations()
    call_command("migrate", run_syncdb=True, verbosity=0)


def no_migrations() -> dict[str, None]:
    """Say of every app that it has no migrations, so that tables come straight from the models."""
    from django.apps import apps

    return {app.label: None for app in apps.get_app_configs()}


def _connect() -> Any:
    """Connect the sandbox and import all of its properties."""
    from django.utils import timezone

    from integrations.gateways import find_gateway
    from integrations.operations.connections import add_connection
    from integrations.operations.imports import import_properties
    from integrations.pms.records import PmsProperty
    from portfolios.models import Portfolio, User

    now = timezone.now()
    user = User.objects.create_user("bench")
    portfolio = Portfolio.objects.create(name="Bench", created_at=now)
    gateway = find_gateway(propexo_connection_id=_CONNECTION)
    connection = add_connection(
        portfolio=portfolio,
        propexo_connection_id=_CONNECTION,
        pms="yardi_voyager",
        integration_id="",
        gateway=gateway,
        by=user,
        now=now,
    )
    offered = gateway.list_properties(connection_id=_CONNECTION)
    import_properties(
        connection=connection,
        portfolio=portfolio,
        propexo_property_ids=[row.property_id for row in offered if isinstance(row, PmsProperty)],
        gateway=gateway,
        by=user,
        now=now,
    )
    return connection


def _request(connection: Any, *, full: bool = False) -> None:
    from django.utils import timezone

    from integrations.operations.syncs import request_connection_sync

    request_connection_sync(connection=connection, by=None, now=timezone.now(), full=full)


def _work(*, until_completed: int | None = None) -> float:
    """Work like a background worker until nothing is due.

    Shape: returns the memory used at most; `until_completed` ends it after so many syncs.
    Units: megabytes.
    """
    from django.utils import timezone

    from integrations.models import SyncRun, SyncState
    from integrations.operations.sync_work import work_on_syncs

    under_way = SyncRun.objects.filter(state__in=[SyncState.QUEUED, SyncState.RUNNING])
    completed = SyncRun.objects.filter(state=SyncState.COMPLETED)
    while under_way.exists():
        work_on_syncs(clock=timezone.now, seconds=20.0 if until_completed is None else 0.1)
        if until_completed is not None and completed.count() >= until_completed:
            break
    return _peak_rss_mb()


def _peak_rss_mb() -> float:
    # Not getrusage: that counts what the process was before it began to run this program.
    status = Path("/proc/self/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / _KILOBYTES


if __name__ == "__main__":
    main(sys.argv[1])
