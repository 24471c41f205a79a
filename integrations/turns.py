"""Turns of what comes round again by the clock: each is taken by one process, on any machine."""

from __future__ import annotations

from datetime import datetime, timedelta

from integrations.models import Tick


def take_turn(name: str, *, every: timedelta, now: datetime) -> bool:
    """Take a turn of something that comes round again; False when it is not due, or was taken.

    Effects: the turn is noted as taken.
    """
    long_ago = now - 2 * every
    Tick.objects.get_or_create(name=name, defaults={"ticked_at": long_ago})
    due = Tick.objects.filter(name=name, ticked_at__lte=now - every)
    return bool(due.update(ticked_at=now))
