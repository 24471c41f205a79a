"""Asking for a sync, and closing the ones that a lost worker left behind."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django_q.tasks import async_task

from integrations.models import PropertyLink, SyncRun, SyncState
from integrations.sync.run import fail_sync
from portfolios.models import Property, User

# A sync that has given no sign of life for this long has lost its worker.
STALE_AFTER = timedelta(minutes=5)

# A first sync may take an hour; the queue's own limit is meant for short work.
LONGEST_SYNC_SECONDS = 7_200


class NotLinked(Exception):
    """The property came through no connection, so there is nothing to sync it with."""


def request_sync(*, place: Property, by: User | None, now: datetime) -> SyncRun:
    """Queue a sync of a property; while one is under way, that one is returned.

    Errors: NotLinked.
    Effects: a run and a nudge for the workers, in one transaction.
    """
    if not PropertyLink.objects.filter(property=place).exists():
        raise NotLinked(
            f"{place} is not connected to a PMS. Import it through Integrations > Propexo first."
        )
    close_stale_runs(now=now)
    try:
        with transaction.atomic():
            run = SyncRun.objects.create(property=place, requested_by=by, queued_at=now)
            _nudge(run)
    except IntegrityError:
        under_way = place.sync_runs.filter(state__in=[SyncState.QUEUED, SyncState.RUNNING])
        run = under_way.get()
        if run.state == SyncState.QUEUED:
            _nudge(run)
    return run


def close_stale_runs(*, now: datetime) -> None:
    """End the runs whose worker was lost, so that a new sync can start.

    Effects: such runs become failed and say so.
    """
    for run in SyncRun.objects.filter(state=SyncState.RUNNING, beat_at__lt=now - STALE_AFTER):
        fail_sync(
            run=run,
            code="WORKER_LOST",
            message="The worker that ran this sync was lost. Start the sync again; nothing that "
            "was stored is wrong.",
            now=now,
        )


def _nudge(run: SyncRun) -> None:
    async_task("integrations.tasks.sync_property", run.pk, timeout=LONGEST_SYNC_SECONDS)
