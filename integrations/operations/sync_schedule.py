"""Syncs that start by themselves: how often, at which hours, and only once on many machines."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from integrations.gateways import PropexoNotConfigured
from integrations.models import Connection, ConnectionStatus, Tick
from integrations.operations.sync_work import nudge_workers
from integrations.operations.syncs import request_connection_sync
from integrations.pms.errors import PmsError
from integrations.sync.claim import due_runs
from integrations.sync.rests import setback_of
from meterbase.lib.day_window import read_window

logger = logging.getLogger(__name__)

# A connection that could not be asked just now is asked again before its next interval.
_AGAIN_AFTER = timedelta(minutes=5)


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
    name = _tick_of(connection)
    Tick.objects.get_or_create(name=name, defaults={"ticked_at": connection.created_at})
    due = now - timedelta(seconds=settings.PROPEXO_SYNC_INTERVAL)
    return bool(Tick.objects.filter(name=name, ticked_at__lte=due).update(ticked_at=now))


def _tick_of(connection: Connection) -> str:
    return f"sync of connection {connection.pk}"


def _sync(connection: Connection, *, now: datetime) -> None:
    try:
        request_connection_sync(connection=connection, by=None, now=now)
    except (PmsError, PropexoNotConfigured) as error:
        logger.warning("%s was not synced: %s", connection, error)
        if isinstance(error, PmsError) and setback_of(error) is not None:
            _give_back(connection, now=now)


def _give_back(connection: Connection, *, now: datetime) -> None:
    """Let a connection that could not be asked just now have its turn in some minutes."""
    interval = timedelta(seconds=settings.PROPEXO_SYNC_INTERVAL)
    again = now - interval + min(interval, _AGAIN_AFTER)
    Tick.objects.filter(name=_tick_of(connection), ticked_at=now).update(ticked_at=again)
