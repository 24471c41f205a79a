"""What the background workers and the schedules call about webhooks that leave."""

from __future__ import annotations

from django.utils import timezone

from integrations.outgoing import sweep, work


def send_deliveries() -> None:
    """Send what is due, for a while."""
    work.send_due_deliveries(clock=timezone.now)


def sweep_deliveries() -> None:
    """Wake a worker for what lost its nudge or its worker; called every few seconds."""
    sweep.sweep_deliveries(now=timezone.now())
