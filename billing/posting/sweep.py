"""Moving on everything whose time has come; any number of sweepers may run at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from billing.go_live import items_in_the_way
from billing.models import Posting, PostingState
from billing.posting.due import due_postings
from billing.posting.follow import follow_job
from billing.posting.liveness import StillHeld, hold
from billing.posting.nudge import nudge_workers
from billing.posting.reconcile import look_up
from billing.posting.states import MovedMeanwhile, move
from integrations.models import Connection, ConnectionStatus
from integrations.pms.gateway import PmsGateway

# One pass takes this many postings of a kind, so that a pass never gets long.
_BATCH = 100

Clock = Callable[[], datetime]
GatewayFor = Callable[[Connection], PmsGateway]
Selection = Callable[[datetime], QuerySet[Posting]]


class Look(Protocol):
    """A way to find out what became of a posting."""

    def __call__(self, posting: Posting, *, gateway: PmsGateway, now: datetime) -> None:
        """Find out and store it."""


def sweep(
    *, gateway_for: GatewayFor, clock: Clock, out_of_time: Callable[[], bool] = lambda: False
) -> None:
    """Take up again what lost its worker, look up what is in doubt, wake workers for what is due.

    Shape: a gateway is asked for once for each connection that something is in doubt on. When the
        time is up, the next sweep looks up the rest.
    Effects: reads the PMS's ledger; moves postings; queues nudges.
    """
    open_for = cache(gateway_for)
    for posting in _expired(clock()):
        doubt_lost_sender(posting, now=clock())
    # First, because a PMS that answers slowly holds up what follows.
    wake_workers(now=clock())
    _take_up(_taken, follow_job, open_for, clock, out_of_time)
    _take_up(_settled, look_up, open_for, clock, out_of_time)
    wake_workers(now=clock())


def _take_up(
    select: Selection,
    look: Look,
    open_for: GatewayFor,
    clock: Clock,
    out_of_time: Callable[[], bool],
) -> None:
    for posting_id in select(clock()).values_list("pk", flat=True)[:_BATCH]:
        if out_of_time():
            return
        try:
            with hold(posting_id):
                # Read again under the lock: another sweeper may have been here.
                posting = select(clock()).filter(pk=posting_id).first()
                if posting is not None:
                    look(posting, gateway=open_for(posting.connection), now=clock())
        except StillHeld:
            continue


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
    """Queue a nudge for each connection that has something due and may send it.

    Effects: rows in the queue.
    """
    if not settings.PROPEXO_CHARGE_POSTING_ENABLED:
        return
    connections = due_postings(now=now).order_by().values_list("connection_id", flat=True)
    for connection_id in connections.distinct():
        if items_in_the_way(connection_id):
            continue
        nudge_workers(connection_id=connection_id)


def _expired(now: datetime) -> list[Posting]:
    return list(
        Posting.objects.filter(state=PostingState.SENDING, lease_until__lt=now).order_by("pk")[
            :_BATCH
        ]
    )


def _taken(now: datetime) -> QuerySet[Posting]:
    """Select what Propexo has taken and whose job is to be looked at."""
    return _to_look_at(PostingState.ACCEPTED, now)


def _settled(now: datetime) -> QuerySet[Posting]:
    """Select what is in doubt and whose settling time is over."""
    return _to_look_at(PostingState.UNKNOWN, now)


def _to_look_at(state: PostingState, now: datetime) -> QuerySet[Posting]:
    return (
        Posting.objects.filter(
            state=state,
            settle_at__lte=now,
            connection__status=ConnectionStatus.ACTIVE,
        )
        .exclude(connection__paused_until__gt=now)
        .select_related("connection", "charge", "job__calculation__bill__property")
        .order_by("settle_at", "pk")
    )
