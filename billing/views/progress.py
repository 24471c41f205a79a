"""How far a posting job has come, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from billing.models import PostingJob, PostingState
from billing.queries import JobCounts, last_beat
from integrations.models import ConnectionStatus

# The parts of the bar in their order, with the states that each is made of.
STATES_OF = {
    "posted": (PostingState.POSTED,),
    "failed": (PostingState.REJECTED, PostingState.REVIEW),
    "unknown": (PostingState.UNKNOWN,),
    "pending": (PostingState.PENDING, PostingState.SENDING, PostingState.ACCEPTED),
    "skipped": (PostingState.CANCELLED,),
}
_PARTS = {
    "posted": ("posted", "success"),
    "failed": ("failed", "danger"),
    "unknown": ("not known yet", "unknown"),
    "pending": ("waiting", "neutral"),
    "skipped": ("skipped", "info"),
}
# Workers look for work far more often than this.
_PATIENCE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the bar, which links to the charges in it."""

    label: str
    count: int
    tone: str
    url: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why nothing moves, and what to do about it."""

    title: str
    body: str
    tone: str
    action_label: str = ""
    action_url: str = ""


def segments(job: PostingJob, counts: JobCounts) -> list[Segment]:
    """Divide a job by what became of its charges; the parts add up to the total."""
    page = reverse("billing:job-detail", args=[job.public_id])
    return [
        Segment(label, getattr(counts, name), tone, f"{page}?state={name}")
        for name, (label, tone) in _PARTS.items()
    ]


def percent_done(counts: JobCounts) -> int:
    """Tell which part of the charges has come to rest, in whole percent, rounded down."""
    if not counts.total:
        return 100
    return 100 * (counts.total - counts.pending - counts.unknown) // counts.total


def waiting_for(job: PostingJob, counts: JobCounts, *, now: datetime) -> Waiting | None:
    """Say what keeps a job from going on; None while it goes on or is over."""
    if counts.is_over:
        return None
    if counts.is_paused:
        return Waiting(
            "This job is paused",
            f"By {job.paused_by}. Nothing more is sent until an accountant resumes it; what was "
            "sent before stays in the PMS.",
            "warning",
        )
    connection = job.connection
    if connection.status == ConnectionStatus.LOGIN_EXPIRED:
        return Waiting(
            f"{connection} needs a new login",
            "What is not posted yet waits until somebody has logged in again. Nothing is lost.",
            "danger",
            "Open the connection",
            reverse("integrations:connection-detail", args=[connection.pk]),
        )
    if not settings.PROPEXO_CHARGE_POSTING_ENABLED:
        return Waiting(
            "Charge posting is switched off",
            "This job goes on when PROPEXO_CHARGE_POSTING_ENABLED is true again.",
            "warning",
        )
    if connection.paused_until is not None and connection.paused_until > now:
        return Waiting(
            f"Waiting until {_clock(connection.paused_until)}",
            f"{connection.paused_because or 'MeterBase waits.'} The job goes on by itself.",
            "info",
        )
    return _without_worker(job, counts, now)


def _without_worker(job: PostingJob, counts: JobCounts, now: datetime) -> Waiting | None:
    beat = last_beat(job)
    if not counts.pending or (beat is not None and now - beat <= _PATIENCE):
        return None
    pending = job.postings.filter(state=PostingState.PENDING)
    first = pending.order_by("not_before").values_list("not_before", "waiting_because").first()
    if first is not None and first[0] > now:
        return Waiting(
            f"The next try is at {_clock(first[0])}",
            first[1] or "The job goes on by itself.",
            "info",
        )
    if first is not None and now - first[0] <= _PATIENCE:
        return None
    return Waiting(
        "No worker has picked this up",
        "The charges are safe in MeterBase and none is sent twice. Ask whoever runs this "
        "installation to look whether the background workers are running.",
        "warning",
    )


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M:%S %Z}"
