"""What a background worker does about syncs: a slice of work at a time, then make room.

Webhooks and comparisons with the PMS wait in the same queue, and a first sync may take an hour. So
a worker works on syncs for some seconds and puts the rest back; a run goes on at the page where it
stopped. Charges have a queue and workers of their own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import zip_longest

from django_q.tasks import async_task

from integrations.clusters import GENERAL, has_room, workers_of
from integrations.gateways import PropexoNotConfigured, open_gateway
from integrations.models import Connection, SyncPhase, SyncRun
from integrations.pms.gateway import PmsGateway
from integrations.sync.claim import STALE_AFTER, due_runs, fail_sync, running_count
from integrations.sync.run import run_sync
from meterbase.lib.durability import quick_commits

SLICE_SECONDS = 20.0

# A worker looks for work many times a second; after this long there is none, or others go first.
PICKED_UP_WITHIN = timedelta(seconds=60)

# A slice, a wait for the rate limit and a slow answer; shorter than the queue's own patience.
_LONGEST_SECONDS = 200

# Chosen at once; another worker may take some of them meanwhile, which does no harm.
_BATCH = 20

_TASK = "integrations.tasks.work_on_syncs"


def nudge_workers() -> None:
    """Wake a worker for the syncs that are due, unless enough is queued already.

    Effects: a row in the queue, in the caller's transaction if there is one. A lost nudge loses
        nothing: the schedule makes another.
    """
    if has_room(GENERAL):
        async_task(_TASK, timeout=_LONGEST_SECONDS, cluster=GENERAL)


def work_on_syncs(*, clock: Callable[[], datetime], seconds: float = SLICE_SECONDS) -> None:
    """Carry out syncs that are due until the time is up; at the end of it, nudge for the rest.

    Effects: those of the syncs.
    """
    until = time.monotonic() + seconds
    # One gateway for all properties of a connection: its network connection stays open.
    gateways: dict[int, PmsGateway] = {}

    def out_of_time() -> bool:
        return time.monotonic() >= until

    while not out_of_time():
        batch = _next_batch(now=clock())
        with quick_commits():
            for due, following in zip_longest(batch, batch[1:]):
                _carry_out(due, following, gateways, clock=clock, out_of_time=out_of_time)
                if out_of_time():
                    break
        if not batch:
            return
    if due_runs(now=clock()).exists():
        nudge_workers()


@dataclass(frozen=True, slots=True)
class _Due:
    """A run to work on next.

    Shape: `property_id` is the PMS's; `phase` and `mark` are where it stands.
    """

    run_id: int
    connection_id: int
    property_id: str
    updated_since: datetime | None
    phase: str
    mark: str


def _next_batch(*, now: datetime) -> list[_Due]:
    """Choose what to work on next; nothing while enough others run."""
    if running_count(now=now) >= most_at_once():
        return []
    runs = due_runs(now=now).values_list(
        "pk",
        "property__link__connection",
        "property__propexo_property_id",
        "updated_since",
        "phase",
        "mark",
    )
    return [_Due(*run) for run in runs[:_BATCH]]


def most_at_once() -> int:
    """Tell how many syncs may run at the same time, so that a worker is left for the rest."""
    return max(1, workers_of(GENERAL) - 1)


def is_lost(run: SyncRun, *, now: datetime) -> bool:
    """Tell whether a running sync has lost its worker, as far as anybody can see."""
    return now - (run.beat_at or run.queued_at) > STALE_AFTER


def due_ahead_of(run: SyncRun, *, now: datetime) -> int | None:
    """Count the syncs that are in the way of one that is due; None when no worker is at work."""
    if not running_count(now=now):
        return None
    due = list(due_runs(now=now).values_list("pk", flat=True))
    return running_count(now=now) + (due.index(run.pk) if run.pk in due else 0)


def _carry_out(
    due: _Due,
    following: _Due | None,
    gateways: dict[int, PmsGateway],
    *,
    clock: Callable[[], datetime],
    out_of_time: Callable[[], bool],
) -> None:
    try:
        if due.connection_id not in gateways:
            connection = Connection.objects.get(pk=due.connection_id)
            gateways[due.connection_id] = open_gateway(connection)
    except PropexoNotConfigured as error:
        run = SyncRun.objects.get(pk=due.run_id)
        fail_sync(run=run, code="NOT_CONFIGURED", message=str(error), now=clock())
        return
    gateway = gateways[due.connection_id]
    run_sync(
        run_id=due.run_id,
        gateway=gateway,
        clock=clock,
        out_of_time=out_of_time,
        before_last=partial(_expect, following, gateways),
    )


def _expect(following: _Due | None, gateways: Mapping[int, PmsGateway]) -> None:
    """Let Propexo get the first page of the next run ready while this one comes to its end."""
    if following is None or (following.phase, following.mark) != (SyncPhase.UNITS, ""):
        return
    gateway = gateways.get(following.connection_id)
    if gateway is not None:
        gateway.expect(
            "units", property_id=following.property_id, updated_since=following.updated_since
        )
