"""What the background clusters do by the clock, declared once however often it is declared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django_q.models import Schedule

from integrations.models import Tick

_LOCK = "schedules"


@dataclass(frozen=True, slots=True)
class Timed:
    """A task that comes round again.

    Units: `every` in minutes, whose real resolution is half of one; `longest` in seconds.
    """

    name: str
    task: str
    cluster: str
    every: int = 1
    longest: int = 60


@transaction.atomic
def declare_schedule(timed: Timed, *, now: datetime) -> None:
    """Make sure that a task has exactly one schedule, with these values.

    Effects: a row in the table of schedules; nothing when it is there. Its next time is kept.
    """
    # The row's unique name lets one machine after the other through, on any database.
    Tick.objects.get_or_create(name=_LOCK, defaults={"ticked_at": now})
    Tick.objects.select_for_update().get(name=_LOCK)
    values = {
        "func": timed.task,
        "schedule_type": Schedule.MINUTES,
        "minutes": timed.every,
        "repeats": -1,
        "cluster": timed.cluster,
        "kwargs": f"q_options={{'timeout': {timed.longest}}}",
    }
    kept = Schedule.objects.filter(name=timed.name).order_by("pk").first()
    if kept is None:
        Schedule.objects.create(name=timed.name, next_run=now, **values)
        return
    Schedule.objects.filter(pk=kept.pk).exclude(**values).update(**values)
    Schedule.objects.filter(name=timed.name).exclude(pk=kept.pk).delete()
