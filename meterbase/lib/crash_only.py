"""End a background cluster that has lost a part of itself.

When a worker or the monitor of django-q2 is killed, the queues that they share can stay locked for
ever: the cluster looks alive and does nothing, or does everything again and again. It says so at
level CRITICAL. Ending the whole process group at once, and letting the supervisor start another, is
safe because every piece of work can be taken up again from our tables.
"""

from __future__ import annotations

import logging
import os
import signal


class CrashOnly(logging.Handler):
    """Kill the own process group on a CRITICAL record; the cluster must lead its group."""

    def emit(self, record: logging.LogRecord) -> None:
        """End everything when a child of the cluster died.

        Effects: SIGKILL to the process group.
        """
        if record.levelno >= logging.CRITICAL:
            os.killpg(os.getpgrp(), signal.SIGKILL)
