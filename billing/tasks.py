"""What the background workers call."""

from __future__ import annotations

import logging
import time

from django.utils import timezone

from billing import outgoing_events
from billing.notices import by_clock
from billing.operations import ledger_schedule
from billing.operations.prepared_files import drop_old_files, due_files
from billing.operations.prepared_files import nudge_workers as nudge_for_files
from billing.posting.drain import drain
from billing.posting.sweep import sweep
from billing.records import work
from integrations.beats import sweeper_works
from integrations.gateways import PropexoNotConfigured, open_gateway
from integrations.models import Connection
from portfolios.operations.kept_answers import forget_old_answers

logger = logging.getLogger(__name__)

# With the last look, a sweep still ends before it counts as lost.
_SWEEP_SECONDS = 60.0


def drain_connection(connection_id: int) -> None:
    """Send what is due over a connection."""
    try:
        gateway = open_gateway(Connection.objects.get(pk=connection_id))
    except PropexoNotConfigured as error:
        logger.warning("Charges wait: %s", error)
        return
    drain(connection_id=connection_id, gateway=gateway, clock=timezone.now)


def tick_ledger_checks() -> None:
    """Begin tonight's comparisons with the PMS's ledgers, and see that none is left lying."""
    ledger_schedule.tick_ledger_checks(now=timezone.now())


def work_on_ledger_checks() -> None:
    """Compare with the PMS's ledgers for a while."""
    ledger_schedule.work_on_ledger_checks(clock=timezone.now)


def report_ended_jobs() -> None:
    """Tell other programs which posting jobs have come to their end."""
    outgoing_events.report_ended_jobs(now=timezone.now())


def sweep_notices() -> None:
    """Queue notices of jobs that ended, and wake a worker for the notices that are due."""
    by_clock.sweep_notices(now=timezone.now())


def tick_notices() -> None:
    """Queue the notices that come round by the clock."""
    by_clock.tick_notices(now=timezone.now())


def tick_files() -> None:
    """See that no file that somebody asked for is left lying; drop old ones, and old answers."""
    now = timezone.now()
    if due_files(now=now).exists():
        nudge_for_files()
    drop_old_files(now=now)
    forget_old_answers(now=now)


def work_on_files() -> None:
    """Make files that somebody asked for, for a while."""
    work.work_on_files(clock=timezone.now)


def sweep_postings() -> None:
    """Move on everything whose time has come, for about a minute at most."""
    until = time.monotonic() + _SWEEP_SECONDS
    try:
        sweep(
            gateway_for=open_gateway,
            clock=timezone.now,
            out_of_time=lambda: time.monotonic() >= until,
        )
    except PropexoNotConfigured as error:
        logger.warning("Charges are not looked after: %s", error)


def sweep_by_clock() -> None:
    """Move on everything whose time has come, unless the sweeper's loop is there to do it."""
    if not sweeper_works(now=timezone.now()):
        sweep_postings()
