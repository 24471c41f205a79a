"""Moving on everything whose time has come; any number of sweepers may run at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from billing.models import Posting, PostingState
from billing.posting.liveness import StillHeld, hold
from billing.posting.nudge import nudge_workers
from billing.posting.reconcile import look_up
from billing.posting.states import MovedMeanwhile, move
from integrations.models import ConnectionStatus
from integrations.pms.gateway import PmsGateway

# One pass takes this many postings of a kind, so that a pass never gets long.
_BATCH = 100


def sweep(*, gateway: PmsGateway, clock: Callable[[], datetime]) -> None:
    """Take up again what lost its worker, look up what is in doubt, wake workers for what is due.

    Effects: reads the PMS's ledger; moves postings; queues nudges.
    """
    for posting in _expired(clock()):
        doubt_lost_sender(posting, now=clock())
    for posting_id in _settled(clock()).values_list("pk", flat=True)[:_BATCH]:
        try:
            with hold(posting_id):
                # Read again under the lock: another sweeper may have been here.
                settled = _settled(clock()).filter(pk=posting_id).first()
                if settled is not None:
                    look_up(settled, gateway=gateway, now=clock())
        except StillHeld:
            continue
    wake_workers(now=clock())


def doubt_lost_sender(posting: Posting, *, now: datetime) -> None:
    """Put a charge in doubt when its sender is over time and provably gone.

    Effects: `unknown`, to be looked up after the settling time; a sender that lives is left alone.
    """
    settle = timedelta(seconds=settings.POSTING_SETTLE_SECONDS)
    why = "The worker was lost while it was sending this charge. MeterBase looks it up in the PMS."
    try:
        with hold(posting.pk), transaction.atomic():
            move(
                posting,
                PostingState.UNKNOWN,
                now=now,
                settle_at=now + settle,
                error_code="OUTCOME_UNKNOWN",
                error=why,
                note=why,
            )
    except (StillHeld, MovedMeanwhile):
        return


def wake_workers(*, now: datetime) -> None:
    """Queue a nudge for each connection that has something due.

    Effects: rows in the queue.
    """
    if not settings.PROPEXO_CHARGE_POSTING_ENABLED:
        return
    due = Posting.objects.filter(
        state=PostingState.PENDING,
        not_before__lte=now,
        connection__status=ConnectionStatus.ACTIVE,
    ).exclude(connection__paused_until__gt=now)
    for connection_id in due.values_list("connection_id", flat=True).order_by().distinct():
        nudge_workers(connection_id=connection_id)


def _expired(now: datetime) -> list[Posting]:
    return list(
        Posting.objects.filter(state=PostingState.SENDING, lease_until__lt=now).order_by("pk")[
            :_BATCH
        ]
    )


def _settled(now: datetime) -> QuerySet[Posting]:
    return (
        Posting.objects.filter(
            state=PostingState.UNKNOWN,
            settle_at__lte=now,
            connection__status=ConnectionStatus.ACTIVE,
        )
        .exclude(connection__paused_until__gt=now)
        .select_related("charge", "job__calculation__bill__property")
        .order_by("settle_at", "pk")
    )
