"""Notices about connections: whose PMS login has to be renewed."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from integrations.models import Connection, ConnectionStatus
from portfolios import access
from portfolios.access import Action
from portfolios.models import Notice, NoticeKind
from portfolios.notices.letters import Letter
from portfolios.notices.queue import members_who_may, queue_notice

_REMEDY = (
    "No charge is sent over it, and its data is not read, until the login is renewed in the "
    "Propexo dashboard and somebody says so on the connection's page."
)


def tell_login_needed(connection: Connection, *, now: datetime) -> None:
    """Tell the managers that a connection needs a new login, once for each time it does.

    Call it in the transaction that marks the connection.
    Effects: queued notices.
    """
    queue_notice(
        kind=NoticeKind.LOGIN_NEEDED,
        subject=_event(connection),
        about=str(connection),
        path=reverse("integrations:connection-detail", args=[connection.pk]),
        portfolio=connection.portfolio,
        people=members_who_may(connection.portfolio, Action.PREPARE),
        now=now,
    )


def _event(connection: Connection) -> str:
    """Name the time that a login expired: the one after this confirmation of it."""
    return f"{connection.pk} since {connection.validated_at:%Y-%m-%dT%H:%M:%S.%f}"


def write_login_needed(notice: Notice, *, now: datetime) -> Letter | None:  # noqa: ARG001 - a Writer
    """Write to a manager about a connection that still needs a new login."""
    pk = notice.subject.partition(" ")[0]
    mine = access.rows(Connection, user=notice.person, action=Action.PREPARE)
    connection = mine.filter(pk=pk, status=ConnectionStatus.LOGIN_EXPIRED).first()
    if connection is None or _event(connection) != notice.subject:
        return None
    said = connection.status_note or "Propexo can no longer log in to the PMS."
    return Letter((said, _REMEDY))
