"""What is done about notices by the clock; any number of machines may do it at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.notices.digest import queue_digests
from billing.notices.findings import tell_of_failed_jobs, tell_of_missing_bills
from integrations.operations.notice_work import wake_sender
from integrations.turns import take_turn
from portfolios.notices.sending import forget_old_notices

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def sweep_notices(*, now: datetime) -> None:
    """Look for jobs that ended with failures, and wake a worker for what is due.

    Effects: queued notices; a row in the queue.
    """
    tell_of_failed_jobs(now=now)
    wake_sender(now=now)


def tick_notices(*, now: datetime) -> None:
    """Queue what comes round by the clock, and wake a worker for what is due.

    Effects: queued notices; what ended long ago is forgotten; a row in the queue.
    """
    # Whatever may take long is somebody's turn only now and then.
    if take_turn("missing bills", every=_HOUR, now=now):
        tell_of_missing_bills(now=now)
    if take_turn("old notices", every=_DAY, now=now):
        forget_old_notices(now=now)
    queue_digests(now=now)
    sweep_notices(now=now)
