"""`manage.py posting_sweeper`: look after charges and webhooks that wait, every few seconds."""

from __future__ import annotations

import logging
import signal
from typing import Any

from django.core.management import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections

from billing.tasks import sweep_notices, sweep_postings
from integrations.beats import SWEEPER, beat
from integrations.outgoing.tasks import sweep_deliveries
from integrations.webhooks.tasks import sweep_events

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Sweep until told to stop; any number of these may run, on any number of machines."""

    help = (
        "Take up charges and webhooks that lost their worker, look up charges in doubt, wake the "
        "workers."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the pace."""
        parser.add_argument("--every", type=float, default=5.0, help="seconds between two sweeps")
        parser.add_argument("--once", action="store_true", help="sweep once and end")

    def handle(self, *_args: Any, every: float, once: bool, **_options: Any) -> None:
        """Sweep again and again."""
        stop = {signal.SIGTERM, signal.SIGINT}
        # Blocked, the signals wait until a sweep is over; then they end the loop.
        signal.pthread_sigmask(signal.SIG_BLOCK, stop)
        while True:
            try:
                sweep_postings()
                sweep_events()
                sweep_deliveries()
                sweep_notices()
                beat(SWEEPER)
            except DatabaseError:
                logger.exception("The sweep could not reach the database; it tries again")
            close_old_connections()
            if once or signal.sigtimedwait(stop, every):
                return
