"""Connections whose PMS login has expired: marked in one place, however it was noticed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from integrations.models import Connection, ConnectionStatus, OutgoingKind
from integrations.notices import tell_login_needed
from integrations.outgoing import queue_event


def note_expired_login(connections: QuerySet[Connection], *, message: str, now: datetime) -> None:
    """Mark connections as needing a new PMS login in Propexo, where they are not marked yet.

    Effects: the connections, and for each that was not marked before a webhook and notices to its
        managers, in one transaction.
    """
    with transaction.atomic():
        newly = list(connections.exclude(status=ConnectionStatus.LOGIN_EXPIRED).select_for_update())
        connections.update(status=ConnectionStatus.LOGIN_EXPIRED, status_note=message)
        for connection in newly:
            tell_login_needed(connection, now=now)
            data = {
                "connection_id": connection.pk,
                "propexo_connection_id": connection.propexo_connection_id,
                "connection": str(connection),
                "pms": connection.pms,
                "message": message,
            }
            queue_event(
                kind=OutgoingKind.CONNECTION_NEEDS_LOGIN,
                portfolio_id=connection.portfolio_id,
                data=data,
                now=now,
            )
