"""Catching up after a time in which events could not arrive.

Propexo repeats a delivery for a while and then gives it up, so a long downtime loses events.
Contract v1 keeps a list of changes (its data-diffs), but a sync of the connection finds the same
changes in both contracts, and those that no event was made for: so a sync is what is asked for.
The hours that are set for the regular syncs do not matter here: what changed is only late by then.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings

from integrations.gateways import PropexoNotConfigured
from integrations.models import Connection, ConnectionStatus, Tick
from integrations.operations import syncs
from integrations.pms.errors import PmsError
from integrations.pms.signatures import split_secrets

logger = logging.getLogger(__name__)

# v1 repeats for two and a half hours; how long the unified contract does, it does not say.
DOWNTIME = timedelta(minutes=30)


def catch_up(*, now: datetime) -> list[Connection]:
    """Ask for a sync of every connection for which nobody could listen for a while.

    Shape: the connections for which a sync was asked; one that cannot be reached comes up again at
        the next call. Called every minute, it notes for each connection that somebody listens.
    Effects: a note per connection; queued syncs.
    """
    if not split_secrets(settings.PROPEXO_WEBHOOK_SECRET):
        return []
    asked = []
    for connection in Connection.objects.filter(status=ConnectionStatus.ACTIVE).order_by("pk"):
        tick, is_new = Tick.objects.get_or_create(name=_name(connection), defaults=_at(now))
        if is_new or now - tick.ticked_at <= DOWNTIME:
            listens = True
        elif listens := _ask(connection, since=tick.ticked_at, now=now):
            asked.append(connection)
        if listens:
            Tick.objects.filter(pk=tick.pk).update(**_at(now))
    return asked


def _name(connection: Connection) -> str:
    return f"webhooks of connection {connection.pk}"


def _at(now: datetime) -> dict[str, datetime]:
    return {"ticked_at": now}


def _ask(connection: Connection, *, since: datetime, now: datetime) -> bool:
    try:
        syncs.request_connection_sync(connection=connection, by=None, now=now)
    except (PmsError, PropexoNotConfigured) as error:
        logger.warning("No sync of %s could be asked for: %s", connection, error)
        return False
    logger.info("A sync of %s was asked for: nobody listened since %s", connection, since)
    return True
