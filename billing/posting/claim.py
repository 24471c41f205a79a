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
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection as db_connection
from django.db import transaction
from django.db.models import QuerySet

from billing.causes import moved_out
from billing.models import Posting, PostingAttempt, PostingState
from billing.posting.breaker import may_probe
from billing.posting.ledger_first import look_first
from billing.posting.liveness import StillHeld, hold
from billing.posting.states import is_called_off, move
from billing.residents import would_hit_another
from integrations.models import Connection, ConnectionStatus
from meterbase.lib.kept_question import KeptQuestion, blank

# How many due postings are tried when others hold the first ones.
_CANDIDATES = 8
# What is read of them: to build and fill whole rows would take longer than to send a charge.
_READ = (
    *("connection_id", "reverses_id", "business_key", "reference", "amount_cents", "body"),
    *("sent_as", "state", "token", "tries", "created_at", "job__stopped_at"),
    *("charge__unit_label", "charge__resident_name", "charge__propexo_lease_id"),
    *("charge__propexo_resident_id", "charge__lease__status"),
    *("connection__status", "connection__paused_until", "connection__charges_held_at"),
    *("connection__unknowns_in_row", "connection__ledger_showed_unknown"),
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A charge that this process, and nobody else, may send now.

    Shape: `answers_lost` is how many answers in a row the connection had lost by then.
    Units: claimed_at in seconds since boot, suspended time included.
    """

    posting: Posting
    attempt: PostingAttempt
    claimed_at: float
    answers_lost: int


@contextmanager
def claim_next(*, connection_id: int, now: datetime) -> Iterator[Claim | None]:
    """Claim the next due posting of a connection, and hold its lock for the length of the block.

    Shape: None when nothing is due, or the connection has to wait.
    Effects: the posting is `sending` and has an open attempt, both committed.
    """
    with ExitStack() as held:
        yield _first_claim(held, connection_id, now)


def _first_claim(held: ExitStack, connection_id: int, now: datetime) -> Claim | None:
    passed: list[int] = []
    while len(passed) < _CANDIDATES:
        with ExitStack() as lock:
            claim = _claim(lock, connection_id, passed, now)
            if isinstance(claim, Claim):
                held.push(lock.pop_all())
                return claim
        if claim is None:
            return None
        passed.append(claim)
    return None


def boot_clock() -> float:
    """Read a clock that no one can set and that goes on while the machine sleeps.

    Units: seconds.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def may_send(connection: Connection, *, now: datetime) -> bool:
    """Tell whether calls may be made over a connection now."""
    waits = connection.paused_until is not None and connection.paused_until > now
    is_held = connection.charges_held_at is not None
    return connection.status == ConnectionStatus.ACTIVE and not waits and not is_held


@transaction.atomic
def _claim(
    lock: ExitStack, connection_id: int, passed: list[int], now: datetime
) -> Claim | int | None:
    """Claim the first posting that is due and was not passed over; its lock outlives this call.

    Shape: None when there is none; the number of one that is held, or that is not to be sent.
    """
    posting = _first_due(connection_id, passed, now)
    if posting is None or not may_send(posting.connection, now=now):
        return None
    try:
        lock.enter_context(hold(posting.pk))
    except StillHeld:
        return posting.pk
    connection = posting.connection
    # What may be in the PMS already is looked for before anything else is said of it.
    if connection.ledger_showed_unknown and look_first(posting, now=now):
        return posting.pk
    if is_called_off(posting, stopped_at=posting.job.stopped_at):
        # It came back from a worker while its job was being stopped.
        because = "The job was stopped."
        move(posting, PostingState.CANCELLED, now=now, waiting_because="", note=because)
        return posting.pk
    if would_hit_another(posting):
        _refuse_moved_out(posting, now)
        return posting.pk
    if not may_probe(connection, now=now):
        return None
    return Claim(
        posting=posting,
        attempt=_write_intent(posting, now),
        claimed_at=boot_clock(),
        answers_lost=connection.unknowns_in_row,
    )


def _first_due(connection_id: int, passed: list[int], now: datetime) -> Posting | None:
    if passed:
        due = _pending().filter(connection_id=connection_id, not_before__lte=now)
        return due.exclude(pk__in=passed).first()
    by_now = db_connection.ops.adapt_datetimefield_value(now)
    return _due_question().first(connection_id=connection_id, now=by_now)


@cache
def _due_question() -> KeptQuestion[Posting]:
    due = _pending().filter(connection_id=blank("connection_id"), not_before__lte=blank("now"))
    return KeptQuestion(due[:1])


def _pending() -> QuerySet[Posting]:
    return (
        Posting.objects.filter(state=PostingState.PENDING, job__paused_at=None)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("connection", "job", "charge__lease")
        .only(*_READ)
        .order_by("not_before", "id")
    )


def _write_intent(posting: Posting, now: datetime) -> PostingAttempt:
    """Write down that a posting is about to be sent, before anything else may know of it."""
    # What was never claimed has no attempt; that is nearly all, and spares a look.
    earlier = posting.attempts.count() if posting.token else 0
    claimed: dict[str, Any] = {
        "token": secrets.token_hex(16),
        "lease_until": now + timedelta(seconds=settings.POSTING_LEASE_SECONDS),
        "tries": posting.tries + 1,
        "negative_looks": 0,
        "waiting_because": "",
    }
    move(posting, PostingState.SENDING, now=now, **claimed)
    for name, value in (claimed | {"state": PostingState.SENDING, "state_at": now}).items():
        setattr(posting, name, value)
    return PostingAttempt.objects.create(
        posting=posting,
        number=earlier + 1,
        token=posting.token,
        host=socket.gethostname(),
        pid=os.getpid(),
        started_at=now,
    )


def _refuse_moved_out(posting: Posting, now: datetime) -> None:
    """Fail what would be booked on whoever lives in the unit now: its resident left meanwhile."""
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
