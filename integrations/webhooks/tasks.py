"""What the background workers and the schedules call about webhooks."""

from __future__ import annotations

from django.utils import timezone

from integrations.webhooks import catch_up, sweep, work


def work_events() -> None:
    """Work on every event that is due."""
    work.work_on_due_events(clock=timezone.now)


def sweep_events() -> None:
    """Wake a worker for what lost its nudge or its worker; called every few seconds."""
    sweep.sweep_events(now=timezone.now())


def catch_up_with_pms() -> None:
    """Sync what may have missed events, as after a downtime; forget what is old."""
    catch_up.catch_up(now=timezone.now())
    sweep.forget_old_events(now=timezone.now())
