"""`manage.py declare_schedules`: what the background clusters do by the clock."""

from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand
from django.utils import timezone
from django_q.tasks import async_task

from integrations.beats import CANARY, canary_of
from integrations.clusters import CLUSTERS, GENERAL, POSTING, has_room
from integrations.operations.schedules import Timed, declare_schedule

# Shorter than the queue's patience, after which it hands a task to the next worker as well.
_LONGEST = 200
_HOUR = 60

SCHEDULES = (
    Timed("Syncs with the PMS", "integrations.tasks.tick_syncs", GENERAL, longest=_LONGEST),
    Timed("Webhooks that wait", "integrations.webhooks.tasks.sweep_events", GENERAL),
    Timed("Webhooks to send", "integrations.outgoing.tasks.sweep_deliveries", GENERAL),
    Timed("Posting jobs that ended", "billing.tasks.report_ended_jobs", GENERAL),
    Timed("Notices by e-mail", "billing.tasks.tick_notices", GENERAL, longest=_LONGEST),
    Timed("Charges that wait", "billing.tasks.sweep_by_clock", POSTING, longest=_LONGEST),
    Timed("Comparisons with ledgers", "billing.tasks.tick_ledger_checks", GENERAL),
    Timed("Files that wait", "billing.tasks.tick_files", GENERAL),
    Timed(
        "Statistics of tables",
        "meterbase.lib.table_statistics.refresh_statistics",
        GENERAL,
        every=_HOUR,
    ),
    *(Timed(canary_of(cluster), CANARY, cluster) for cluster in CLUSTERS),
)


class Command(BaseCommand):
    """Declare the schedules; run it as often and on as many machines as you like."""

    help = "Make sure that each schedule of the background clusters is there, once."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Declare them, and ask each cluster for a first sign of life."""
        now = timezone.now()
        for timed in SCHEDULES:
            declare_schedule(timed, now=now)
        for cluster in CLUSTERS:
            if has_room(cluster):
                async_task(CANARY, cluster=cluster)
