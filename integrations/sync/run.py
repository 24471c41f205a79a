"""One sync of one property, from the first request to the last row."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet

from integrations.models import Connection, ConnectionStatus, PropertyLink, SyncRun, SyncState
from integrations.pms import errors
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import MalformedRecord
from integrations.sync.apply import (
    apply_plan,
    read_known_leases,
    read_known_units,
    store_flags,
)
from integrations.sync.plan import Flag, SyncPlan, plan_sync
from portfolios.operations.audit import record_event

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
RecordT = TypeVar("RecordT")

# How many rows are read between two looks at the progress page's numbers.
_BEAT_EVERY = 50
_LONGEST_ID = 100


def run_sync(*, run_id: int, gateway: PmsGateway, clock: Clock) -> None:
    """Carry out a queued sync; one that somebody else took already is left alone.

    Effects: reads the PMS, stores units, leases and flags, and writes how it went on the run.
    """
    started = SyncRun.objects.filter(pk=run_id, state=SyncState.QUEUED).update(
        state=SyncState.RUNNING, started_at=clock(), beat_at=clock(), phase="Reading units"
    )
    if not started:
        return
    run = SyncRun.objects.select_related("property__link__connection").get(pk=run_id)
    try:
        plan = _Reading(run, gateway, clock).plan()
        run.phase = "Storing"
        run.save(update_fields=["phase"])
        apply_plan(place=run.property, plan=plan, now=clock())
        _finish(run, plan, now=clock())
    except errors.PmsError as error:
        fail_sync(run=run, code=error.code, message=error.message, now=clock())
        if isinstance(error, errors.PmsLoginExpired):
            note_expired_login(connection=run.property.link.connection, message=error.message)
    except BaseException:
        # Whatever it was, the run must not look as if it still went on; the cause is in the log.
        logger.exception("Sync %s stopped", run.pk)
        fail_sync(
            run=run,
            code="INTERNAL_ERROR",
            message="The sync stopped because of a fault in MeterBase. Nothing was lost; start it "
            "again, and tell support if it happens twice.",
            now=clock(),
        )
        raise


class _Reading:
    """What was read so far, with the progress written down on the way."""

    def __init__(self, run: SyncRun, gateway: PmsGateway, clock: Clock) -> None:
        self.run = run
        self.gateway = gateway
        self.clock = clock
        self.flags: list[Flag] = []

    def plan(self) -> SyncPlan:
        """Read everything and work out what it changes."""
        place = self.run.property
        property_id = place.propexo_property_id
        units = self._read("units", self.gateway.list_units(property_id=property_id))
        leases = self._read("leases", self.gateway.list_leases(property_id=property_id))
        residents = self._read("residents", self.gateway.list_residents(property_id=property_id))
        plan = plan_sync(
            units=units,
            leases=leases,
            residents=residents,
            known_units=read_known_units(place),
            known_leases=read_known_leases(place),
        )
        return SyncPlan(plan.units, plan.leases, (*self.flags, *plan.flags))

    def _read(self, what: str, rows: Iterable[RecordT | MalformedRecord]) -> list[RecordT]:
        self._beat(what, 0)
        found: list[RecordT] = []
        for row in rows:
            if isinstance(row, MalformedRecord):
                self.flags.append(_flag_unreadable(row))
            else:
                found.append(row)
            if len(found) % _BEAT_EVERY == 0:
                self._beat(what, len(found))
        self._beat(what, len(found))
        return found

    def _beat(self, what: str, count: int) -> None:
        SyncRun.objects.filter(pk=self.run.pk).update(
            **{f"{what}_read": count}, phase=f"Reading {what}", beat_at=self.clock()
        )


def _flag_unreadable(row: MalformedRecord) -> Flag:
    label = f"{row.kind.replace('_', ' ').capitalize()} {row.remote_id or 'without an id'}"
    return Flag(
        "unreadable",
        row.kind,
        _name_of(row),
        label,
        f"{label} could not be read and was left out: {' '.join(row.problems)}",
        row.raw,
    )


def _name_of(row: MalformedRecord) -> str:
    """Name a row by its id, or by its content where the id is missing or no id at all."""
    if 0 < len(row.remote_id) <= _LONGEST_ID:
        return row.remote_id
    return "content " + hashlib.sha256(row.raw.encode()).hexdigest()[:32]


@transaction.atomic
def _finish(run: SyncRun, plan: SyncPlan, *, now: datetime) -> None:
    place = run.property
    connection = place.link.connection
    flagged = store_flags(connection=connection, place=place, flags=plan.flags, now=now)
    counts = {
        "created": plan.created,
        "changed": plan.changed,
        "unchanged": plan.unchanged,
        "flagged": flagged,
    }
    _running(run).update(
        state=SyncState.COMPLETED, phase="", finished_at=now, beat_at=now, **counts
    )
    PropertyLink.objects.filter(property=place).update(last_synced_at=now)
    Connection.objects.filter(pk=connection.pk).update(last_completed_sync=now)
    record_event(verb="sync.completed", subject=place, by=run.requested_by, now=now, after=counts)


def fail_sync(*, run: SyncRun, code: str, message: str, now: datetime) -> None:
    """Write down why a sync ended early; what it stored before stays."""
    under_way = SyncRun.objects.filter(pk=run.pk, state__in=[SyncState.QUEUED, SyncState.RUNNING])
    under_way.update(state=SyncState.FAILED, error_code=code, error=message, finished_at=now)


def _running(run: SyncRun) -> QuerySet[SyncRun]:
    """Select a run that nobody has closed meanwhile."""
    return SyncRun.objects.filter(pk=run.pk, state=SyncState.RUNNING)


def note_expired_login(*, connection: Connection, message: str) -> None:
    """Mark a connection as needing a new PMS login in Propexo."""
    Connection.objects.filter(pk=connection.pk).update(
        status=ConnectionStatus.LOGIN_EXPIRED, status_note=message
    )
