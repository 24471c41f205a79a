"""Who has a sync: one worker at a time, and another one when it is lost.

A worker holds a run by a token that it wrote on the row. Every page is stored together with a
conditional update on that token, so a worker that was taken for lost, wakes up and goes on finds
that nothing of it is stored any more. The stored pages are the signs of life; being wrong about a
worker's death costs a page that is read twice, never one that is stored twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Coalesce

from integrations.models import PropertyReading, SyncRun, SyncState
from integrations.sync.queueing import new_run
from integrations.sync.rests import Setback
from integrations.sync.rows import update_row

# A worker that stored nothing for this long is lost: no request and no wait for the rate limit
# takes as long.
STALE_AFTER = timedelta(minutes=3)

# So many workers in a row may be lost without having stored a page.
MOST_LOSSES = 6

_LONGEST_SENTENCE = 300


class TakenOver(Exception):
    """Another worker has the run by now, or somebody closed it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to carry out a run."""

    run_id: int
    token: str


def due_runs(*, now: datetime) -> QuerySet[SyncRun]:
    """Select the runs that a worker may take, the ones that people wait for first."""
    waiting = Q(state=SyncState.QUEUED) & (Q(not_before=None) | Q(not_before__lte=now))
    lost = Q(state=SyncState.RUNNING, beat_at__lt=now - STALE_AFTER)
    return SyncRun.objects.filter(waiting | lost).order_by(
        Case(When(requested_by=None, then=1), default=0), "queued_at", "pk"
    )


def running_count(*, now: datetime) -> int:
    """Count the runs that a living worker has."""
    alive = Q(state=SyncState.RUNNING, beat_at__gte=now - STALE_AFTER)
    return SyncRun.objects.filter(alive).count()


def take(run_id: int, *, now: datetime) -> Claim | None:
    """Take a run that is due, or one whose worker is lost; None when somebody else has it.

    Effects: the run is running, at the page where it stopped.
    """
    claim = Claim(run_id, secrets.token_hex(16))
    taken: dict[str, object] = {
        "state": SyncState.RUNNING.value,
        "token": claim.token,
        "beat_at": now,
        "not_before": None,
        "waits_for": "",
    }
    queued: dict[str, object] = {"id": run_id, "state": SyncState.QUEUED.value}
    # The usual case in one plain statement: there may be thousands of runs.
    new = queued | {"started_at": None, "not_before": None}
    if update_row(SyncRun, where=new, values=taken | {"started_at": now}):
        return claim
    values = taken | {"started_at": Coalesce("started_at", now)}
    due = due_runs(now=now).filter(pk=run_id).order_by()
    if due.filter(state=SyncState.QUEUED).update(**values):
        return claim
    lost = due.filter(state=SyncState.RUNNING)
    if lost.filter(losses__lt=MOST_LOSSES).update(**values, losses=F("losses") + 1):
        return claim
    for run in lost:
        fail_sync(
            run=run,
            code="WORKER_LOST",
            message="The workers that ran this sync were lost several times at the same page. "
            "Nothing that was stored is wrong.",
            now=now,
        )
    return None


def held(claim: Claim) -> QuerySet[SyncRun]:
    """Select the run as long as the claim holds."""
    return SyncRun.objects.filter(
        pk=claim.run_id, token=claim.token, state=SyncState.RUNNING
    ).order_by()


def advance(
    claim: Claim,
    *,
    now: datetime,
    values: Mapping[str, object],
    added: Mapping[str, int] | None = None,
) -> bool:
    """Write on the run how far it got, in the transaction that stores the chunk.

    Shape: `added` is added to counts; returns whether somebody has asked for another run.
    Errors: TakenOver; the caller's transaction must end without effect then.
    Effects: the run, which gives a sign of life.
    """
    mine = {"id": claim.run_id, "token": claim.token, "state": SyncState.RUNNING.value}
    alive = {"beat_at": now, "waits": 0, "losses": 0, "waits_for": ""}
    found = update_row(
        SyncRun,
        where=mine,
        values=alive | dict(values),
        added=added,
        returning=("asked_again_at",),
    )
    if found is None:
        raise TakenOver(f"Sync {claim.run_id} was taken over by another worker.")
    return found[0] is not None


def put_back(claim: Claim) -> None:
    """Give a run back to the queue, to be taken up at the next page.

    Effects: the run is due again.
    """
    held(claim).update(state=SyncState.QUEUED, token="")


def note_wait(claim: Claim, *, sentence: str, now: datetime) -> None:
    """Say on the run what its worker waits for; an empty sentence ends the wait.

    Errors: TakenOver.
    Effects: the run, which gives a sign of life.
    """
    said = sentence[:_LONGEST_SENTENCE]
    if not held(claim).update(waits_for=said, beat_at=now):
        raise TakenOver(f"Sync {claim.run_id} was taken over by another worker.")


def rest(claim: Claim, *, setback: Setback, now: datetime) -> bool:
    """Let a run rest until a setback may have passed, unless it has rested too often.

    Shape: False when it has rested too often without storing a page, or is somebody else's.
    Effects: the run is due again when the rest is over, and says what it waits for.
    """
    rests = held(claim).values_list("waits", flat=True).first()
    if rests is None or rests >= setback.most:
        return False
    sentence = setback.waits_for(rests=rests)
    rested = held(claim).update(
        state=SyncState.QUEUED,
        token="",
        not_before=now + setback.rest(rests=rests),
        waits_for=sentence[:_LONGEST_SENTENCE],
        waits=F("waits") + int(setback.counts),
    )
    return bool(rested)


@transaction.atomic
def fail_sync(
    *, run: SyncRun, code: str, message: str, now: datetime, claim: Claim | None = None
) -> None:
    """Write down why a sync ended early; what it stored before stays.

    Shape: with a claim, only as long as it holds.
    Effects: the run is over; what was asked for meanwhile is queued.
    """
    under_way = SyncRun.objects.filter(pk=run.pk, state__in=[SyncState.QUEUED, SyncState.RUNNING])
    ended = (under_way if claim is None else held(claim)).update(
        state=SyncState.FAILED, token="", error_code=code, error=message, finished_at=now
    )
    if ended:
        queue_follow_up(run.pk, now=now)


def queue_follow_up(run_id: int, *, now: datetime) -> None:
    """Queue the run that was asked for while this one was under way.

    Effects: a run, if one was asked for; call it in the transaction that ends this one.
    """
    run = SyncRun.objects.get(pk=run_id)
    if run.asked_again_at is None:
        return
    new_run(
        property_id=run.property_id,
        reading=PropertyReading.objects.filter(property=run.property_id).first(),
        by=run.asked_again_by,
        now=now,
        full=run.asked_again_for_all,
    ).save()
