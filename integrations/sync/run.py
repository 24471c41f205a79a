"""One sync of one property, from the first request to the last row, page by page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import DatabaseError, InterfaceError, connection, transaction

from integrations.expired_logins import note_expired_login
from integrations.models import Connection, ReviewItem, SyncRun
from integrations.pms import errors
from integrations.pms.gateway import PmsGateway
from integrations.rate_limit import waiting
from integrations.sync.claim import (
    Claim,
    TakenOver,
    fail_sync,
    note_wait,
    put_back,
    rest,
    take,
)
from integrations.sync.ending import finish_sync
from integrations.sync.pages import Planner
from integrations.sync.reader import OutOfTime, Reader
from integrations.sync.rests import DATABASE_AWAY, setback_of
from integrations.sync.rows import has_rows
from portfolios.models import Unit

__all__ = ["fail_sync", "run_sync"]

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

# A minute's limit is over after a minute; what takes longer, the queue waits for.
_PATIENCE = timedelta(seconds=65)


def run_sync(
    *,
    run_id: int,
    gateway: PmsGateway,
    clock: Clock,
    out_of_time: Callable[[], bool] = lambda: False,
    before_last: Callable[[], None] = lambda: None,
) -> None:
    """Carry out a sync from where it stands; one that another worker has is left alone.

    Shape: when `out_of_time` says so after a page, the rest goes back to the queue; `before_last`
        is called once everything is read, before the last of it is stored.
    Effects: reads the PMS, stores units, leases, names and flags, and writes on the run how it
        went.
    """
    claim = take(run_id, now=clock())
    if claim is None:
        return
    start = _read_start(run_id)
    try:
        _read_and_finish(claim, start, gateway, clock, out_of_time, before_last)
    except OutOfTime:
        put_back(claim)
    except (SystemExit, KeyboardInterrupt):
        # The worker is told to stop, or has taken too long; the run goes on at the next page.
        put_back(claim)
        raise
    except TakenOver as taken:
        logger.warning("%s", taken)
    except errors.PmsError as error:
        _stop(claim, start.run, error, now=clock())
    except DATABASE_AWAY as error:
        logger.exception("Sync %s could not reach the database", run_id)
        _rest_from_the_database(claim, start.run, error, now=clock())
    except BaseException:
        # Whatever it was, the run must not look as if it still went on; the cause is in the log.
        logger.exception("Sync %s stopped", run_id)
        _fail_for_a_fault(claim, start.run, now=clock())
        raise


@dataclass(frozen=True, slots=True)
class _Start:
    """A run that was taken, and what is stored of its property beforehand."""

    run: SyncRun
    is_new: bool
    has_items: bool


def _read_start(run_id: int) -> _Start:
    run = SyncRun.objects.select_related("property__link", "property__portfolio").get(pk=run_id)
    of_property = {"property_id": run.property_id}
    return _Start(
        run,
        is_new=not has_rows(Unit, where=of_property),
        has_items=has_rows(ReviewItem, where=of_property),
    )


def _read_and_finish(
    claim: Claim,
    start: _Start,
    gateway: PmsGateway,
    clock: Clock,
    out_of_time: Callable[[], bool],
    before_last: Callable[[], None],
) -> None:
    planner = Planner(start.run, is_new=start.is_new)
    with waiting(longest=_PATIENCE, note=partial(_note_wait, claim, clock)):
        Reader(
            claim,
            start.run,
            gateway=gateway,
            planner=planner,
            has_items=start.has_items,
            clock=clock,
            out_of_time=out_of_time,
            before_last=before_last,
        ).read_all()
    finish_sync(
        claim=claim,
        run=start.run,
        units=planner.units_in_sight,
        leases=planner.leases_in_sight,
        has_items=start.has_items,
        clock=clock,
    )


def _note_wait(claim: Claim, clock: Clock, sentence: str) -> None:
    note_wait(claim, sentence=sentence, now=clock())


def _stop(claim: Claim, run: SyncRun, error: errors.PmsError, *, now: datetime) -> None:
    """Let a run rest from what passes by itself; end one that has no use in going on."""
    setback = setback_of(error)
    if setback is not None and rest(claim, setback=setback, now=now):
        return
    message = error.message if setback is None else setback.gave_up()
    with transaction.atomic():
        fail_sync(run=run, claim=claim, code=error.code, message=message, now=now)
        if isinstance(error, errors.PmsLoginExpired):
            mine = Connection.objects.filter(pk=run.property.link.connection_id)
            note_expired_login(mine, message=error.message, now=now)


def _fail_for_a_fault(claim: Claim, run: SyncRun, *, now: datetime) -> None:
    fail_sync(
        run=run,
        claim=claim,
        code="INTERNAL_ERROR",
        message="The sync stopped because of a fault in MeterBase. Nothing was lost; start it "
        "again, and tell support if it happens twice.",
        now=now,
    )


def _rest_from_the_database(
    claim: Claim, run: SyncRun, error: DatabaseError | InterfaceError, *, now: datetime
) -> None:
    """Let a run rest until the database is back; if it still is not, the run counts as lost."""
    setback = setback_of(error)
    # Inside somebody's transaction it is not ours to close.
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    try:
        if setback is None or rest(claim, setback=setback, now=now):
            return
        fail_sync(run=run, claim=claim, code=setback.code, message=setback.gave_up(), now=now)
    except DATABASE_AWAY:
        logger.warning("The database is still away; another worker takes up sync %s.", run.pk)
