"""What the background workers call."""

from __future__ import annotations

from django.utils import timezone

from integrations.operations import sync_schedule, sync_work


def work_on_syncs() -> None:
    """Carry out syncs that are due, for a while."""
    sync_work.work_on_syncs(clock=timezone.now)


def tick_syncs() -> None:
    """Start the syncs that are due by the clock."""
    sync_schedule.tick_syncs(now=timezone.now())


def show_life() -> None:
    """Do nothing: that a cluster carries this out is the sign."""
