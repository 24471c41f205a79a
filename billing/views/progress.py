"""How far a posting job has come, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from billing.go_live import items_in_the_way
from billing.models import PostingJob, PostingState
from billing.queries import JobCounts, last_beat
from integrations.beats import ClusterState, state_of, sweeper_works, took_up_since
from integrations.clusters import POSTING
from integrations.models import Connection, ConnectionStatus

# Workers look for work far more often than this.
_PATIENCE = timedelta(seconds=60)
_SAFE = "The charges are safe in MeterBase and none is sent twice."
_RUNBOOK = "The runbook says how."


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why nothing moves, and what to do about it."""

    title: str
    body: str
    tone: str
    action_label: str = ""
    action_url: str = ""


_WITHOUT_WORKER = {
    ClusterState.ABSENT: Waiting(
        "No worker has picked this up",
        f"{_SAFE} No worker for charges is running: ask whoever runs this installation to start "
        f"them. {_RUNBOOK}",
        "danger",
    ),
    ClusterState.DEAF: Waiting(
        "No worker has picked this up",
        f"{_SAFE} The workers for charges run, but do not work: ask whoever runs this "
        f"installation to restart them. {_RUNBOOK}",
        "danger",
    ),
    ClusterState.WORKING: Waiting(
        "This job waits for its turn",
        "The workers send other charges first, or wait for Propexo's rate limit. The job goes on "
        "by itself.",
        "info",
    ),
}
_NOBODY_YET = Waiting(
    "No worker has picked this up",
    f"{_SAFE} The workers for charges were there a moment ago and have taken nothing up since. "
    "They may be starting, or stuck: which of the two is known in two minutes at the latest.",
    "warning",
)


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
    reason = _of_installation() or _of_connection(job.connection, counts, now)
    return reason or _without_worker(job, now)


def _of_installation() -> Waiting | None:
    if not settings.PROPEXO_CHARGE_POSTING_ENABLED:
        return Waiting(
            "Charge posting is switched off",
            "This job goes on when PROPEXO_CHARGE_POSTING_ENABLED is true again.",
            "warning",
        )
    if not settings.PROPEXO_API_KEY:
        return Waiting(
            "Propexo is not set up",
            "This job goes on when PROPEXO_API_KEY is set again.",
            "warning",
        )
    return None


def _of_connection(connection: Connection, counts: JobCounts, now: datetime) -> Waiting | None:
    if connection.status == ConnectionStatus.LOGIN_EXPIRED:
        return Waiting(
            f"{connection} needs a new login",
            "What is not posted yet waits until somebody has logged in again. Nothing is lost.",
            "danger",
            "Open the connection",
            reverse("integrations:connection-detail", args=[connection.pk]),
        )
    items = items_in_the_way(connection.pk) if counts.pending else []
    if items:
        return Waiting(
            f"The go-live checklist of {connection} is not ticked off",
            f"Open: {'; '.join(item.label for item in items)}. This job goes on when all is "
            "ticked.",
            "warning",
            "Open the go-live checklist",
            reverse("billing:go-live", args=[connection.pk]),
        )
    if connection.charges_held_at is not None and counts.pending:
        return Waiting(
            f"The charges of {connection} are held",
            f"{connection.charges_held_because} They go on when an accountant lets them go.",
            "warning",
            "Open the charges of the connection",
            reverse("billing:connection-charges", args=[connection.pk]),
        )
    if connection.paused_until is not None and connection.paused_until > now:
        return Waiting(
            f"Waiting until {_clock(connection.paused_until)}",
            f"{connection.paused_because or 'MeterBase waits.'} The job goes on by itself.",
            "info",
        )
    return None


def _without_worker(job: PostingJob, now: datetime) -> Waiting | None:
    beat = last_beat(job)
    if beat is not None and now - beat <= _PATIENCE:
        return None
    pending = job.postings.filter(state=PostingState.PENDING)
    first = pending.order_by("not_before").values_list("not_before", "waiting_because").first()
    if first is None:
        return _without_look(job, now)
    if first[0] > now:
        return Waiting(
            f"The next try is at {_clock(first[0])}",
            first[1] or "The job goes on by itself.",
            "info",
        )
    if now - first[0] <= _PATIENCE:
        return None
    state = state_of(POSTING, now=now)
    if state == ClusterState.WORKING and not took_up_since(POSTING, first[0]):
        return _NOBODY_YET
    return _WITHOUT_WORKER[state]


def _without_look(job: PostingJob, now: datetime) -> Waiting | None:
    """Say when it is looked up what became of the charges that are out, or that nobody looks."""
    out = job.postings.exclude(settle_at=None).filter(
        state__in=[PostingState.ACCEPTED, PostingState.UNKNOWN]
    )
    first = out.order_by("settle_at").values_list("settle_at", flat=True).first()
    if first is None:
        return None
    if first > now:
        return Waiting(
            f"MeterBase asks the PMS at {_clock(first)}",
            "Every charge is sent. What became of the rest is looked up by itself.",
            "info",
        )
    works = sweeper_works(now=now) or state_of(POSTING, now=now) == ClusterState.WORKING
    return None if works or now - first <= _PATIENCE else _WITHOUT_WORKER[ClusterState.ABSENT]


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M:%S %Z}"
