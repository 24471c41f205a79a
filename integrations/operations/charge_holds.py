"""Holding a connection's charges up until a person lets them go; reading goes on."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from integrations.models import Connection
from portfolios.models import User
from portfolios.operations.audit import record_event


class NotHeld(Exception):
    """Nobody holds the charges of this connection up, or somebody just let them go."""


@transaction.atomic
def hold_charges(
    *,
    connection: Connection,
    because: str,
    by: User | None,
    now: datetime,
    backup_time: datetime | None = None,
) -> bool:
    """Send no charge over a connection any more; the ones that are being sent come to their end.

    Shape: False when they were held already. `backup_time` is that of the backup from which the
        database was restored: then the ledgers have to be read first. An earlier hold stays as it
        is, unless it asks for no ledgers, or is as old as the backup: what was read since that one
        says nothing about what was sent since the backup.
    Effects: workers claim no charge of the connection; an audit event when anything is new.
    """
    row = Connection.objects.filter(pk=connection.pk)
    taken = row.filter(charges_held_at=None).update(
        charges_held_at=now,
        charges_held_by=by,
        charges_held_because=because,
        reads_ledgers_first=backup_time is not None,
    )
    renewed = 0
    if not taken and backup_time is not None:
        outdated = Q(reads_ledgers_first=False) | Q(charges_held_at__lte=backup_time)
        renewed = row.filter(outdated, charges_held_at__isnull=False).update(
            reads_ledgers_first=True, charges_held_at=now, charges_held_because=because
        )
    if taken or renewed:
        record_event(
            verb="connection.charges_held", subject=connection, by=by, now=now, note=because
        )
    return bool(taken)


@transaction.atomic
def release_charges(*, connection: Connection, by: User, now: datetime, note: str = "") -> None:
    """Let a connection's charges go again.

    Errors: NotHeld.
    Effects: workers may claim them; an audit event.
    """
    released = Connection.objects.filter(pk=connection.pk, charges_held_at__isnull=False).update(
        charges_held_at=None,
        charges_held_by=None,
        charges_held_because="",
        reads_ledgers_first=False,
    )
    if not released:
        raise NotHeld("The charges of this connection are not held up.")
    record_event(
        verb="connection.charges_released",
        subject=connection,
        by=by,
        now=now,
        before={"because": connection.charges_held_because},
        note=note,
    )
