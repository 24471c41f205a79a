"""Taking the next due charge, with the intent to send it written down before any socket opens."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from billing.causes import moved_out
from billing.models import Posting, PostingAttempt, PostingState
from billing.posting.breaker import slow_down_if_lossy
from billing.posting.liveness import StillHeld, hold
from billing.posting.states import move
from integrations.models import Connection, ConnectionStatus
from portfolios.models import LeaseStatus

# How many due postings are tried when others hold the first ones.
_CANDIDATES = 8


@dataclass(frozen=True, slots=True)
class Claim:
    """A charge that this process, and nobody else, may send now.

    Units: claimed_at in seconds since boot, suspended time included.
    """

    posting: Posting
    attempt: PostingAttempt
    claimed_at: float


@contextmanager
def claim_next(*, connection_id: int, now: datetime) -> Iterator[Claim | None]:
    """Claim the next due posting of a connection, and hold its lock for the length of the block.

    Shape: None when nothing is due, or the connection has to wait.
    Effects: the posting is `sending` and has an open attempt, both committed.
    """
    with ExitStack() as held:
        yield _first_claim(held, connection_id, now)


def _first_claim(held: ExitStack, connection_id: int, now: datetime) -> Claim | None:
    for candidate in _due(connection_id, now):
        with ExitStack() as lock:
            try:
                lock.enter_context(hold(candidate))
            except StillHeld:
                continue
            claim = _claim(connection_id, candidate, now)
            if claim is not None:
                held.push(lock.pop_all())
                return claim
    return None


def boot_clock() -> float:
    """Read a clock that no one can set and that goes on while the machine sleeps.

    Units: seconds.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def may_send(connection: Connection, *, now: datetime) -> bool:
    """Tell whether calls may be made over a connection now."""
    waits = connection.paused_until is not None and connection.paused_until > now
    return connection.status == ConnectionStatus.ACTIVE and not waits


def _due(connection_id: int, now: datetime) -> list[int]:
    due = Posting.objects.filter(
        connection_id=connection_id,
        state=PostingState.PENDING,
        not_before__lte=now,
        job__paused_at=None,
    )
    return list(due.order_by("not_before", "id").values_list("pk", flat=True)[:_CANDIDATES])


@transaction.atomic
def _claim(connection_id: int, posting_id: int, now: datetime) -> Claim | None:
    connection = Connection.objects.select_for_update().get(pk=connection_id)
    if not may_send(connection, now=now):
        return None
    posting = (
        Posting.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("job", "charge__lease")
        .filter(pk=posting_id, state=PostingState.PENDING, not_before__lte=now, job__paused_at=None)
        .first()
    )
    if posting is None:
        return None
    if posting.charge.lease.status == LeaseStatus.PAST:
        _refuse_moved_out(posting, now)
        return None
    slow_down_if_lossy(connection, now=now)
    token = secrets.token_hex(16)
    lease_until = now + timedelta(seconds=settings.POSTING_LEASE_SECONDS)
    move(
        posting,
        PostingState.SENDING,
        now=now,
        token=token,
        lease_until=lease_until,
        tries=posting.tries + 1,
        negative_looks=0,
        waiting_because="",
    )
    attempt = PostingAttempt.objects.create(
        posting=posting,
        number=posting.attempts.count() + 1,
        token=token,
        host=socket.gethostname(),
        pid=os.getpid(),
        started_at=now,
    )
    posting.refresh_from_db()
    return Claim(posting=posting, attempt=attempt, claimed_at=boot_clock())


def _refuse_moved_out(posting: Posting, now: datetime) -> None:
    """Fail a charge whose resident left while it waited: it would bill whoever lives there now."""
    charge = posting.charge
    why = moved_out(unit=charge.unit_label, resident=charge.resident_name)
    move(
        posting,
        PostingState.REJECTED,
        now=now,
        error_code="LEASE_NOT_FOUND",
        error=why,
        waiting_because="",
        note=why,
    )
