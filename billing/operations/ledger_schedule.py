"""Comparisons with the PMS's ledgers: every night by the clock, and whenever somebody asks.

A worker reads for some seconds and puts the rest back, so that a large ledger holds nothing up; a
check whose worker was lost is taken up at the page where it stood.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from billing.models import LedgerCheck
from billing.operations.ledger_checks import (
    connection_of,
    due_checks,
    fail_check,
    places_to_compare,
    read_on,
    request_check,
    take_due,
)
from integrations.clusters import GENERAL, has_room
from integrations.gateways import NotConnected, PropexoNotConfigured, open_gateway
from meterbase.lib.day_window import read_window
from portfolios.models import Property

logger = logging.getLogger(__name__)

SLICE_SECONDS = 20.0
# A slice, a wait for the rate limit and a slow answer; shorter than the queue's own patience.
_LONGEST_SECONDS = 200
_TASK = "billing.tasks.work_on_ledger_checks"
# A ledger that was compared by the clock so lately is not compared again in the same night.
_ONE_NIGHT = timedelta(hours=20)
# So many checks of a night are begun at a time; the others follow, minute by minute.
_AT_A_TIME = 20


def tick_ledger_checks(*, now: datetime) -> None:
    """Begin the comparisons of this night, and wake a worker for those that are due.

    Effects: checks; a nudge. Any number of machines may tick at once.
    """
    if _is_night(now):
        under_way = LedgerCheck.objects.filter(finished_at=None, job=None).count()
        for place in _due_places(now)[: max(0, _AT_A_TIME - under_way)]:
            request_check(place=place, by=None, now=now)
    if due_checks(now=now).exists():
        nudge_workers()


def nudge_workers() -> None:
    """Wake a worker for the comparisons that are due, unless enough is queued already.

    Effects: a row in the queue, in the caller's transaction if there is one.
    """
    if has_room(GENERAL):
        async_task(_TASK, timeout=_LONGEST_SECONDS, cluster=GENERAL)


def work_on_ledger_checks(*, clock: Callable[[], datetime], seconds: float = SLICE_SECONDS) -> None:
    """Read ledgers until the time is up; at the end of it, nudge for the rest.

    Effects: those of the comparisons; one that cannot be made holds no other up.
    """
    until = time.monotonic() + seconds

    def out_of_time() -> bool:
        return time.monotonic() >= until

    while not out_of_time():
        check = take_due(now=clock())
        if check is None:
            return
        _carry_on(check, clock=clock, out_of_time=out_of_time)
    if due_checks(now=clock()).exists():
        nudge_workers()


def _carry_on(
    check: LedgerCheck, *, clock: Callable[[], datetime], out_of_time: Callable[[], bool]
) -> None:
    try:
        gateway = open_gateway(connection_of(check))
    except (NotConnected, PropexoNotConfigured) as error:
        fail_check(check=check, message=str(error), now=clock(), token=check.token)
        return
    done = read_on(check=check, gateway=gateway, clock=clock, out_of_time=out_of_time)
    if done.is_over and not done.is_clean:
        logger.warning("The ledger of %s differs: %s", done.property, done.error or "see its page")


def _is_night(now: datetime) -> bool:
    if settings.LEDGER_CHECK_WINDOW.strip().lower() == "off":
        return False
    window = read_window(settings.LEDGER_CHECK_WINDOW)
    return window is None or window.holds(timezone.localtime(now).time())


def _due_places(now: datetime) -> QuerySet[Property]:
    lately = LedgerCheck.objects.filter(
        property=OuterRef("pk"), job=None, requested_by=None, started_at__gt=now - _ONE_NIGHT
    )
    connected = places_to_compare().filter(link__isnull=False, archived_at=None)
    return connected.exclude(Exists(lately))
