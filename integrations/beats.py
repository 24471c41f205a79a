"""Signs of life of the background work, kept in the database for pages and the health check.

A cluster of django-q2 can look alive and be deaf: its workers take nothing up any more, or its
monitor takes no result in, and then every task is done again and again. So both leave a beat.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django import db
from django.utils import timezone
from django_q.models import Schedule

from integrations.models import Tick

logger = logging.getLogger(__name__)

# An idle cluster is asked for a sign of life once a minute, by a clock that may be 30 s late.
FRESH_FOR = timedelta(seconds=150)

# A cluster looks at its schedules every 30 s and then sets their next time ahead.
_CLOCK_LATE_BY = timedelta(seconds=60)

# The loop that looks after what waits, which needs no cluster.
SWEEPER = "sweeper"

# Carried out by each cluster once a minute; it does nothing.
CANARY = "integrations.tasks.show_life"

# A busy process writes no more often than this.
_SECONDS_BETWEEN_BEATS = 20.0
_written: dict[str, float] = {}


class ClusterState(Enum):
    """Whether anybody works on a queue."""

    WORKING = "working"
    # Its clock is running and its workers or its monitor are not: it has to be started again.
    DEAF = "deaf"
    # Nothing of it is running.
    ABSENT = "absent"


def worker_of(cluster: str) -> str:
    """Name the beat of a cluster's workers."""
    return f"worker of {cluster}"


def monitor_of(cluster: str) -> str:
    """Name the beat of the process that takes in what a cluster's workers have done."""
    return f"monitor of {cluster}"


def canary_of(cluster: str) -> str:
    """Name the schedule by which a cluster is asked for a sign of life."""
    return f"Sign of life of {cluster}"


def note_worker(task: dict[str, Any], **_signal: Any) -> None:  # Any: what django-q2 sends
    """Note that a worker takes a task up; called by django-q2 in the worker."""
    beat(worker_of(str(task.get("cluster"))))


def note_monitor(task: dict[str, Any], **_signal: Any) -> None:  # Any: what django-q2 sends
    """Note that a monitor has taken a result in; called by django-q2 in the monitor."""
    beat(monitor_of(str(task.get("cluster"))))


def beat(name: str) -> None:
    """Leave a sign of life, unless this process has left it a moment ago.

    Effects: at most one small write in 20 seconds. A database that is away costs the beat and
        nothing else: what is raised here would end the worker or the monitor.
    """
    if time.monotonic() - _written.get(name, float("-inf")) < _SECONDS_BETWEEN_BEATS:
        return
    _written[name] = time.monotonic()
    now = timezone.now()
    try:
        if not Tick.objects.filter(name=name).update(ticked_at=now):
            Tick.objects.get_or_create(name=name, defaults={"ticked_at": now})
    except db.Error:
        logger.warning("No sign of life could be left for the %s", name, exc_info=True)


def last_beats() -> dict[str, datetime]:
    """Tell when each beat was left last."""
    return dict(Tick.objects.values_list("name", "ticked_at"))


def sweeper_works(*, now: datetime) -> bool:
    """Tell whether a loop looks after what waits."""
    return Tick.objects.filter(name=SWEEPER, ticked_at__gt=now - FRESH_FOR).exists()


def took_up_since(cluster: str, moment: datetime) -> bool:
    """Tell whether a worker of a cluster has taken anything up since a moment."""
    return Tick.objects.filter(name=worker_of(cluster), ticked_at__gte=moment).exists()


def state_of(cluster: str, *, now: datetime) -> ClusterState:
    """Tell whether a cluster works: a worker takes tasks up and the monitor takes results in."""
    names = [worker_of(cluster), monitor_of(cluster)]
    fresh = Tick.objects.filter(name__in=names, ticked_at__gt=now - FRESH_FOR).count()
    if fresh == len(names):
        return ClusterState.WORKING
    clock_runs = Schedule.objects.filter(
        name=canary_of(cluster), task__isnull=False, next_run__gt=now - _CLOCK_LATE_BY
    ).exists()
    return ClusterState.DEAF if clock_runs or fresh else ClusterState.ABSENT
