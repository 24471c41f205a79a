"""Counting what is turned away, at a price that no flood can drive up.

Anybody can send rubbish to a public address. Nothing of it is stored: the counts of a moment are
added up in memory, and written, to the database and to the log, once in a while.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import F, Sum

from integrations.models import RejectionReason, WebhookRejection

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_WRITES = 1.0


class RejectionCounter:
    """What one process has turned away and not written down yet."""

    def __init__(self, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._waiting: Counter[RejectionReason] = Counter()
        self._next_write = 0.0

    def add(self, reason: RejectionReason, *, sender: str, now: datetime) -> None:
        """Count one; the first is written at once, those right after it together.

        Effects: a row per hour and reason, a line in the log; at most once a second.
        """
        with self._lock:
            self._waiting[reason] += 1
            if self._seconds() < self._next_write:
                return
            self._next_write = self._seconds() + _SECONDS_BETWEEN_WRITES
            taken, self._waiting = self._waiting, Counter()
        said = ", ".join(f"{count} × {why.label.lower()}" for why, count in taken.items())
        logger.warning("Webhooks turned away: %s; the last came from %s", said, sender[:60])
        try:
            _write(taken, now=now)
        except (DatabaseError, InterfaceError):
            with self._lock:
                self._waiting += taken


def _write(counts: Counter[RejectionReason], *, now: datetime) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    with transaction.atomic():
        for reason, count in sorted(counts.items()):
            row, _ = WebhookRejection.objects.get_or_create(
                hour=hour, reason=reason, defaults={"last_at": now}
            )
            WebhookRejection.objects.filter(pk=row.pk).update(count=F("count") + count, last_at=now)


def count_rejections(*, since: datetime) -> dict[RejectionReason, int]:
    """Add up what was turned away in the hours that ended after a time, by reason."""
    rows = WebhookRejection.objects.filter(hour__gt=since - timedelta(hours=1)).order_by()
    sums = rows.values_list("reason").annotate(Sum("count"))
    return {RejectionReason(reason): count for reason, count in sums}


rejections = RejectionCounter()
