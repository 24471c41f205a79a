"""Holding a posting job up, letting it go on, and ending it; what is in the PMS stays there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from billing.models import Posting, PostingEvent, PostingJob, PostingState
from billing.operations.calculations import WrongState
from billing.operations.failures import retry_posting
from billing.posting.nudge import nudge_workers
from billing.queries import JobCounts, count_job
from portfolios.models import User
from portfolios.operations.audit import record_event


@dataclass(frozen=True, slots=True)
class Retried:
    """What came of sending several failures again; each refusal is a sentence with its unit."""

    count: int
    refusals: tuple[str, ...]


@transaction.atomic
def pause_job(*, job: PostingJob, by: User, now: datetime) -> None:
    """Hold a job up; charges that are being sent come to their end.

    Errors: WrongState when nothing waits to be sent, or it is paused already.
    Effects: no worker claims a charge of the job any more; an audit event.
    """
    waiting = job.postings.filter(state=PostingState.PENDING).exists()
    paused = PostingJob.objects.filter(pk=job.pk, paused_at=None, stopped_at=None)
    if not waiting or not paused.update(paused_at=now, paused_by=by):
        raise WrongState("Only a job with charges that wait to be sent can be paused.")
    record_event(verb="job.paused", subject=job, by=by, now=now)


@transaction.atomic
def resume_job(*, job: PostingJob, by: User, now: datetime) -> None:
    """Let a paused job go on.

    Errors: WrongState when it is not paused.
    Effects: a nudge for the workers and an audit event.
    """
    paused = PostingJob.objects.filter(pk=job.pk, paused_at__isnull=False)
    if not paused.update(paused_at=None, paused_by=None):
        raise WrongState("This job is not paused.")
    record_event(verb="job.resumed", subject=job, by=by, now=now)
    nudge_workers(connection_id=job.connection_id)


@transaction.atomic
def stop_job(*, job: PostingJob, by: User, now: datetime) -> JobCounts:
    """End a job after the charges that are being sent now; the others are never sent.

    Shape: the counts after it, which say what is in the PMS all the same.
    Errors: WrongState when nothing waits to be sent.
    Effects: the waiting charges are skipped, and can be posted by a new job; an audit event.
    """
    waiting = list(
        job.postings.select_for_update().filter(state=PostingState.PENDING).only("pk", "token")
    )
    if not waiting:
        raise WrongState("Nothing of this job waits to be sent any more.")
    skipped = _skip(waiting, by, now)
    PostingJob.objects.filter(pk=job.pk).update(
        stopped_at=now, stopped_by=by, paused_at=None, paused_by=None
    )
    job.refresh_from_db()
    counts = count_job(job)
    record_event(
        verb="job.stopped",
        subject=job,
        by=by,
        now=now,
        after={"skipped": skipped, "posted": counts.posted, "posted_cents": counts.posted_cents},
    )
    return counts


def _skip(waiting: list[Posting], by: User, now: datetime) -> int:
    """Skip what no worker has claimed meanwhile, in one statement with its events."""
    keys = [posting.pk for posting in waiting]
    PostingEvent.objects.bulk_create(
        PostingEvent(
            posting_id=key,
            at=now,
            from_state=PostingState.PENDING,
            to_state=PostingState.CANCELLED,
            actor=by,
            note="The job was stopped.",
        )
        for key in keys
    )
    skipped = Posting.objects.filter(pk__in=keys, state=PostingState.PENDING).update(
        state=PostingState.CANCELLED, state_at=now
    )
    if skipped != len(keys):
        raise WrongState("Workers were quicker: look at the job again, and stop it once more.")
    return skipped


def retry_failures(*, failures: QuerySet[Posting], by: User, now: datetime) -> Retried:
    """Send all of these refused charges again; one that cannot be sent stops no other.

    Effects: as `retry_posting`, each in a transaction of its own.
    """
    refusals: list[str] = []
    count = 0
    for posting in failures.filter(state=PostingState.REJECTED, resolved_at=None):
        try:
            retry_posting(posting=posting, by=by, now=now)
        except WrongState as refusal:
            refusals.append(f"Unit {posting.charge.unit_label}: {refusal}")
        else:
            count += 1
    return Retried(count, tuple(refusals))
