"""The time line of a posting job: what happened when, how fast it goes, and when it may be over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min

from billing.approval_tiers import Approvals, approvals_of
from billing.models import PostingAttempt, PostingJob, PostingState
from billing.queries import JobCounts, last_beat
from billing.views.progress import Waiting
from integrations.freshness import in_words

# The rate is that of the last minutes: a job that has waited overnight is no slower for it.
_WINDOW = timedelta(minutes=2)
_AT_REST = (PostingState.POSTED, PostingState.REJECTED, PostingState.REVIEW)


@dataclass(frozen=True, slots=True)
class JobTimes:
    """When things happened to a job; texts are empty where there is nothing to say.

    Shape: `started` is when the first charge was sent, `finished` when the last one came to rest.
    """

    approvals: Approvals
    started: datetime | None
    beat: datetime | None
    beat_ago: str
    rate: str
    estimate: str
    finished: datetime | None


def job_times(
    job: PostingJob, counts: JobCounts, *, waiting: Waiting | None, now: datetime
) -> JobTimes:
    """Gather the time line of a job."""
    started = _started(job)
    beat = last_beat(job) if started else None
    stands = counts.is_over or waiting is not None
    per_minute = 0.0 if stands else _per_minute(job, started, now)
    return JobTimes(
        approvals=approvals_of(job.calculation),
        started=started,
        beat=beat,
        beat_ago=ago(now - beat) if beat else "",
        rate=_rate(per_minute),
        estimate=_estimate(counts.pending + counts.unknown, per_minute),
        finished=(beat or job.stopped_at or job.created_at) if counts.is_over else None,
    )


def ago(duration: timedelta) -> str:
    """Say how long ago something was, to the second while it is fresh: "8 s ago"."""
    seconds = max(0, int(duration.total_seconds()))
    return f"{seconds} s ago" if seconds < 120 else f"{in_words(duration)} ago"


def _started(job: PostingJob) -> datetime | None:
    attempts = PostingAttempt.objects.filter(posting__job=job)
    found: datetime | None = attempts.aggregate(first=Min("started_at"))["first"]
    return found


def _per_minute(job: PostingJob, started: datetime | None, now: datetime) -> float:
    """Measure how many charges come to rest in a minute."""
    if started is None or now <= started:
        return 0.0
    since = max(started, now - _WINDOW)
    done = job.postings.filter(state__in=_AT_REST, state_at__gte=since).count()
    # A job of a second ago has no rate yet.
    minutes = max(now - since, timedelta(seconds=5)) / timedelta(minutes=1)
    return done / minutes


def _rate(per_minute: float) -> str:
    if per_minute <= 0:
        return ""
    if per_minute < 1:
        return "less than one charge a minute"
    return f"{round(per_minute):,} charge{'' if round(per_minute) == 1 else 's'} a minute"


def _estimate(left: int, per_minute: float) -> str:
    if not left or per_minute <= 0:
        return ""
    duration = timedelta(minutes=left / per_minute)
    return (
        f"about {in_words(duration)} left"
        if duration >= timedelta(minutes=1)
        else ("less than a minute left")
    )
