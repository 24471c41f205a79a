"""One sync of one property, from the first request to the last row, page by page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from integrations.models import Connection, ConnectionStatus, ReviewItem, SyncRun
from integrations.pms import errors
from integrations.pms.gateway import PmsGateway
from integrations.rate_limit import waiting
from integrations.sync.claim import (
    Claim,
    TakenOver,
    fail_sync,
    note_wait,
    put_back,
    take,
    wait_until,
)
from integrations.sync.ending import finish_sync
from integrations.sync.pages import Planner
from integrations.sync.reader import OutOfTime, Reader
from integrations.sync.rows import has_rows
from portfolios.models import Unit

__all__ = ["fail_sync", "note_expired_login", "run_sync"]

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

# Propexo names no shorter time when it names none at all.
_SHORTEST_REST = timedelta(seconds=5)

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
    run = start.run
    planner = Planner(run, is_new=start.is_new)
    try:
        with waiting(longest=_PATIENCE, note=partial(_note_wait, claim, clock)):
            Reader(
                claim,
                run,
                gateway=gateway,
                planner=planner,
                has_items=start.has_items,
                clock=clock,
                out_of_time=out_of_time,
                before_last=before_last,
            ).read_all()
        finish_sync(
            claim=claim,
            run=run,
            units=planner.units_in_sight,
            leases=planner.leases_in_sight,
            has_items=start.has_items,
            clock=clock,
        )
    except OutOfTime:
        put_back(claim)
    except (SystemExit, KeyboardInterrupt):
        # The worker is told to stop, or has taken too long; the run goes on at the next page.
        put_back(claim)
        raise
    except TakenOver as taken:
        logger.warning("%s", taken)
    except errors.PmsError as error:
        _stop(claim, run, error, now=clock())
    except BaseException:
        # Whatever it was, the run must not look as if it still went on; the cause is in the log.
        logger.exception("Sync %s stopped", run.pk)
        fail_sync(
            run=run,
            claim=claim,
            code="INTERNAL_ERROR",
            message="The sync stopped because of a fault in MeterBase. Nothing was lost; start it "
            "again, and tell support if it happens twice.",
            now=clock(),
        )
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


def _note_wait(claim: Claim, clock: Clock, sentence: str) -> None:
    note_wait(claim, sentence=sentence, now=clock())


def _stop(claim: Claim, run: SyncRun, error: errors.PmsError, *, now: datetime) -> None:
    """Let a throttled run rest; end one that has no use in going on."""
    if isinstance(error, errors.Throttled):
        until = now + max(error.retry_after, _SHORTEST_REST)
        # A turn that MeterBase itself did not give out is no refusal of Propexo's.
        counts = error.http_status is not None
        if wait_until(claim, until=until, sentence=error.message, counts=counts):
            return
    with transaction.atomic():
        fail_sync(run=run, claim=claim, code=error.code, message=error.message, now=now)
        if isinstance(error, errors.PmsLoginExpired):
            note_expired_login(connection=run.property.link.connection, message=error.message)


def note_expired_login(*, connection: Connection, message: str) -> None:
    """Mark a connection as needing a new PMS login in Propexo."""
    Connection.objects.filter(pk=connection.pk).update(
        status=ConnectionStatus.LOGIN_EXPIRED, status_note=message
    )
