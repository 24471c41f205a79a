"""Syncs that start by themselves: how often, at which hours, and only once on many machines."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_q.models import Schedule

from integrations.gateways import PropexoNotConfigured
from integrations.models import Connection, ConnectionStatus, Tick
from integrations.operations.sync_work import nudge_workers
from integrations.operations.syncs import request_connection_sync
from integrations.pms.errors import PmsError
from integrations.sync.claim import due_runs
from meterbase.lib.day_window import read_window

logger = logging.getLogger(__name__)

SCHEDULE = "Syncs with the PMS"
_TASK = "integrations.tasks.tick_syncs"
_MINUTES = 1


@transaction.atomic
def declare_schedule(*, now: datetime) -> None:
    """Make sure that exactly one schedule wakes the workers for syncs.

    Effects: a row in the table of schedules; nothing when it is there.
    """
    # The row's unique name lets one machine after the other through, on any database.
    Tick.objects.get_or_create(name=SCHEDULE, defaults={"ticked_at": now})
    Tick.objects.select_for_update().get(name=SCHEDULE)
    values = {"func": _TASK, "schedule_type": Schedule.MINUTES, "minutes": _MINUTES, "repeats": -1}
    kept = Schedule.objects.filter(name=SCHEDULE).order_by("pk").first()
    if kept is None:
        Schedule.objects.create(name=SCHEDULE, next_run=now, **values)
        return
    Schedule.objects.filter(pk=kept.pk).exclude(**values).update(**values)
    Schedule.objects.filter(name=SCHEDULE).exclude(pk=kept.pk).delete()


def tick_syncs(*, now: datetime) -> None:
    """Take up what lost its worker, and start what is due by the clock.

    Effects: nudges; syncs of connections whose interval has passed, within the window. Any number
        of machines may tick at once: each interval of a connection is claimed by one of them.
    """
    if due_runs(now=now).exists():
        nudge_workers()
    if not settings.PROPEXO_SYNC_INTERVAL or not _within_window(now):
        return
    for connection in Connection.objects.filter(status=ConnectionStatus.ACTIVE).order_by("pk"):
        if _claim(connection, now=now):
            _sync(connection, now=now)


def _within_window(now: datetime) -> bool:
    window = read_window(settings.PROPEXO_SYNC_WINDOW)
    return window is None or window.holds(timezone.localtime(now).time())


def _claim(connection: Connection, *, now: datetime) -> bool:
    """Take this interval of a connection; False when it is not over or somebody else has it."""
    name = f"sync of connection {connection.pk}"
    Tick.objects.get_or_create(name=name, defaults={"ticked_at": connection.created_at})
    due = now - timedelta(seconds=settings.PROPEXO_SYNC_INTERVAL)
    return bool(Tick.objects.filter(name=name, ticked_at__lte=due).update(ticked_at=now))


def _sync(connection: Connection, *, now: datetime) -> None:
    try:
        request_connection_sync(connection=connection, by=None, now=now)
    except (PmsError, PropexoNotConfigured) as error:
        logger.warning("%s was not synced: %s", connection, error)
