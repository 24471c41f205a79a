"""Whether the background work is done: by each cluster, by the sweeper, and for charges."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min
from django_q.models import OrmQ

from billing.models import PostingAttempt
from billing.posting.due import due_postings
from integrations.beats import (
    SWEEPER,
    ClusterState,
    last_beats,
    monitor_of,
    state_of,
    sweeper_works,
    worker_of,
)
from integrations.clusters import POSTING
from integrations.models import Connection, Delivery, DeliveryState, Tick
from integrations.outgoing.work import ready_endpoints
from meterbase.health.findings import Finding, failing, ok, warning

# What is queued is taken up within a second by whoever has nothing else to do.
_QUEUED_FOR = timedelta(seconds=60)
# A busy worker takes the next task up at least this often.
_BUSY_FOR = timedelta(seconds=90)
# As long as this, even busy workers are too few.
_TOO_LONG = timedelta(minutes=10)
# A charge that is due is sent within seconds.
_UNSENT_FOR = timedelta(seconds=120)

_LATELY = timedelta(days=1)

_WHOSE = {POSTING: "charges"}


def look_at_workers(cluster: str, *, now: datetime) -> Finding:
    """Look whether a cluster shows signs of life."""
    whose = _WHOSE.get(cluster, "syncs and webhooks")
    beats = last_beats()
    seen = {"worker": beats.get(worker_of(cluster)), "monitor": beats.get(monitor_of(cluster))}
    match state_of(cluster, now=now):
        case ClusterState.WORKING:
            return ok(f"The workers for {whose} are at work.", **seen)
        case ClusterState.DEAF:
            return failing(f"The workers for {whose} run, but do not work. Restart them.", **seen)
        case _:
            return failing(f"No worker for {whose} is running. Start one.", **seen)


def look_at_queue(cluster: str, *, now: datetime) -> Finding:
    """Look whether what is queued for a cluster is taken up."""
    ready = OrmQ.objects.filter(key=cluster, lock__lte=now)
    oldest = ready.order_by("lock").values_list("lock", flat=True).first()
    waits = now - oldest if oldest is not None else timedelta(0)
    details = {"oldest_seconds": int(waits.total_seconds())}
    if waits <= _QUEUED_FOR:
        return ok("What is queued is taken up at once.", **details)
    busy = Tick.objects.filter(name=worker_of(cluster), ticked_at__gt=now - _BUSY_FOR).exists()
    if not busy:
        return failing("Tasks wait for a worker, and none takes them up.", **details)
    if waits > _TOO_LONG:
        return warning(
            "Tasks have waited for over ten minutes: more workers are needed.", **details
        )
    return ok("The workers are busy; tasks wait for their turn.", **details)


def look_at_sweeper(*, now: datetime) -> Finding:
    """Look whether the loop runs that takes up what lost its worker."""
    seen = Tick.objects.filter(name=SWEEPER).values_list("ticked_at", flat=True).first()
    if sweeper_works(now=now):
        return ok("The sweeper is at work.", seen=seen)
    return warning(
        "No sweeper is running: the workers look after what waits, once a minute only.", seen=seen
    )


def look_at_webhooks(*, now: datetime) -> Finding:
    """Look whether webhooks that are due are sent; what receivers do with them is their affair."""
    late = ready_endpoints(now=now - _UNSENT_FOR).count()
    given_up = Delivery.objects.filter(
        state=DeliveryState.GIVEN_UP, finished_at__gt=now - _LATELY
    ).count()
    details = {"webhooks_waiting": late, "given_up_in_a_day": given_up}
    if late:
        return warning(
            "Webhooks have been due for over two minutes, and nobody sends them.", **details
        )
    return ok("Every webhook that is due is being sent.", **details)


def look_at_charges(*, now: datetime) -> Finding:
    """Look whether charges that are due are sent."""
    if not settings.PROPEXO_CHARGE_POSTING_ENABLED:
        return ok("Charges are not sent from here: PROPEXO_CHARGE_POSTING_ENABLED is false.")
    late = (
        due_postings(now=now)
        .filter(not_before__lte=now - _UNSENT_FOR)
        .order_by()
        .values_list("connection")
        .annotate(Count("pk"), Min("not_before"))
    )
    stuck = [
        {"connection": str(Connection.objects.get(pk=pk)), "charges": count, "due_since": since}
        for pk, count, since in late
        if not _sends(pk, now=now)
    ]
    if stuck:
        return failing(
            "Charges have been due for over two minutes, and none of them is being sent.",
            stuck=stuck,
        )
    return ok("Every charge that is due is being sent.")


def _sends(connection_id: int, *, now: datetime) -> bool:
    """Tell whether a charge went out over a connection lately, as when there are many of them."""
    attempts = PostingAttempt.objects.filter(posting__connection_id=connection_id)
    last = attempts.order_by("-pk").values_list("started_at", flat=True).first()
    return last is not None and last > now - _UNSENT_FOR
