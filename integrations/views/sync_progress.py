"""How far syncs have come, what they wait for, and how long they will take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.template.defaultfilters import date as written
from django.utils import timezone

from integrations.beats import ClusterState, state_of
from integrations.clusters import GENERAL
from integrations.models import PropertyLink, SyncRun, SyncState
from integrations.operations.sync_work import PICKED_UP_WITHIN, due_ahead_of, is_lost

# A rate of fewer seconds says little.
_LEAST_TIME = timedelta(seconds=2)
_RECENTLY = timedelta(minutes=10)

_REMEDIES = {
    ClusterState.ABSENT: "Whoever runs this installation starts the background workers: none runs.",
    ClusterState.DEAF: "Whoever runs this installation restarts the background workers: they run, "
    "but do not work.",
    ClusterState.WORKING: "The background workers run; they are busy with other work.",
}

_PARTS = {
    SyncState.COMPLETED.value: ("complete", "success"),
    SyncState.RUNNING.value: ("running", "info"),
    SyncState.QUEUED.value: ("waiting", "neutral"),
    SyncState.FAILED.value: ("failed", "danger"),
    None: ("never read", "unknown"),
}


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the bar."""

    label: str
    count: int
    tone: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What keeps a sync from going on, and what to do about it."""

    title: str
    body: str
    tone: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sync has come.

    Shape: an empty `total` is not known; `rate` is in records per second, None when it says
        little; `left` is about how long it will take, in words.
    """

    label: str
    done: int
    total: int | None
    rate: float | None
    left: str


def progress_of(run: SyncRun, *, now: datetime) -> Progress:
    """Tell how far a sync has come."""
    queued = run.state == SyncState.QUEUED and run.started_at is None
    label = SyncState.QUEUED.label if queued else run.get_phase_display()
    expected = run.rows_expected or 0
    total = max(expected, run.rows_read) if expected else None
    rate = _rate(run.rows_read, since=run.started_at, now=run.finished_at or now)
    left = ""
    if total and rate and not run.is_over:
        left = in_words(timedelta(seconds=(total - run.rows_read) / rate))
    return Progress(label, run.rows_read, total, rate, left)


def _rate(count: int, *, since: datetime | None, now: datetime) -> float | None:
    if since is None or not count or now - since < _LEAST_TIME:
        return None
    return round(count / (now - since).total_seconds(), 1)


def in_words(time: timedelta) -> str:
    """Say about how long something takes."""
    minutes = round(time.total_seconds() / 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 90:
        return f"about {minutes} minute{'' if minutes == 1 else 's'}"
    return f"about {round(minutes / 60)} hours"


def waiting_for(run: SyncRun, *, now: datetime) -> Waiting | None:
    """Say what keeps a sync from going on; None while it goes on or is over."""
    if run.is_over:
        return None
    if run.state == SyncState.RUNNING:
        return _running_waits(run, now)
    if run.rests_at(now):
        until = written(timezone.localtime(run.not_before), "j M Y, H:i:s T")
        return Waiting(f"Waits until {until}", run.waits_for, "info")
    if now - (run.not_before or run.queued_at) <= PICKED_UP_WITHIN:
        return None
    ahead = due_ahead_of(run, now=now)
    if ahead is not None:
        return Waiting(
            "Other syncs run first",
            f"{ahead} of them: so many run at once that a worker is left for the rest.",
            "info",
        )
    return Waiting(
        "No worker has picked this up",
        "The sync has waited for more than a minute. It starts by itself as soon as a worker runs.",
        "warning",
        _REMEDIES[state_of(GENERAL, now=now)],
    )


def _running_waits(run: SyncRun, now: datetime) -> Waiting | None:
    if is_lost(run, now=now):
        return Waiting(
            "No sign of life for some minutes",
            "The worker that ran this sync may be lost. Another one takes it up by itself where it "
            "stopped; what was stored stays.",
            "warning",
        )
    return Waiting("Waits for the rate limit", run.waits_for, "info") if run.waits_for else None


def latest_states(links: QuerySet[PropertyLink]) -> dict[str | None, int]:
    """Count properties by how their latest sync stands; None for those never read."""
    latest = SyncRun.objects.filter(property=OuterRef("property")).order_by("-queued_at", "-pk")
    rows = (
        links.order_by()
        .annotate(latest_state=Subquery(latest.values("state")[:1]))
        .values_list("latest_state")
        .annotate(Count("pk"))
    )
    return dict(rows)


def segments(counts: dict[str | None, int]) -> list[Segment]:
    """Divide a connection's properties; the parts add up."""
    return [Segment(label, counts.get(state, 0), tone) for state, (label, tone) in _PARTS.items()]


def runs_under_way(links: QuerySet[PropertyLink]) -> QuerySet[SyncRun]:
    """Select what is queued or running of some properties."""
    under_way = Q(state=SyncState.RUNNING) | Q(state=SyncState.QUEUED)
    runs = SyncRun.objects.filter(under_way, property__in=links.values("property"))
    return runs.select_related("property").order_by("-started_at", "queued_at", "pk")


def time_left(links: QuerySet[PropertyLink], *, waiting: int, now: datetime) -> str:
    """Estimate how long so many properties take, from how many were done lately."""
    since = now - _RECENTLY
    recent = SyncRun.objects.filter(
        property__in=links.values("property"), state=SyncState.COMPLETED, finished_at__gte=since
    )
    finished = recent.order_by("started_at").values_list("started_at", "finished_at")
    rate = _finished_per_second(finished, now=now)
    return in_words(timedelta(seconds=waiting / rate)) if rate and waiting else ""


def _finished_per_second(
    runs: Iterable[tuple[datetime | None, datetime | None]], *, now: datetime
) -> float | None:
    times = [started for started, _ in runs if started is not None]
    if not times:
        return None
    return len(times) / max((now - max(times[0], now - _RECENTLY)).total_seconds(), 1.0)
