"""Starting again on a database that was restored from a backup: what was sent since is forgotten.

Nothing is sent before every ledger was read. What MeterBase still knows of and may have sent is
looked up charge by charge; what it has forgotten altogether shows in the ledgers as references that
it does not know, and is looked up as soon as somebody posts it anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from billing.models import LedgerCheck, Posting, PostingState
from billing.operations.calculations import WrongState
from billing.operations.ledger_checks import fail_check, request_check
from billing.posting.ledger_first import RESTORED, doubt_unsent
from billing.posting.liveness import StillHeld, hold
from billing.posting.nudge import nudge_workers
from billing.posting.states import MovedMeanwhile, move
from integrations.models import Connection
from integrations.operations.charge_holds import NotHeld, hold_charges, release_charges
from portfolios.models import Property, User

_DOUBTED = (PostingState.PENDING, PostingState.SENDING, PostingState.ACCEPTED)


class WorkersRun(Exception):
    """A worker has a charge in hand: the restored database is in use already."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"A worker has the charge {reference} in hand. Stop all workers and sweepers first, "
            "then run this again."
        )


@dataclass(frozen=True, slots=True)
class Resumed:
    """What was made of a restored database.

    Shape: `doubted` charges are looked up one by one, `ledgers` are read from end to end;
        `sent_since` were posted by this database after the backup, before it was told of it.
    """

    connections: int
    doubted: int
    ledgers: int
    sent_since: int


def resume_after_restore(*, backup_time: datetime, by: User | None, now: datetime) -> Resumed:
    """Hold all charges up, doubt what may have been sent since the backup, have ledgers read.

    Errors: WorkersRun.
    Effects: every connection's charges are held until a person lets them go; each charge that was
        under way is `unknown` and looked up; a check of every connected property. Done twice for
        one backup, it changes nothing more.
    """
    why = f"The database was restored from the backup of {backup_time:%Y-%m-%d %H:%M %Z}."
    connections = list(Connection.objects.order_by("pk"))
    for connection in connections:
        hold_charges(connection=connection, because=why, by=by, now=now, backup_time=backup_time)
    doubted = sum(_doubt(key, why, now) for key in _under_way().values_list("pk", flat=True))
    _look_again(backup_time, now)
    places = _read_ledgers(by, now)
    return Resumed(
        connections=len(connections),
        doubted=doubted,
        ledgers=places,
        sent_since=_sent_since(backup_time),
    )


def _read_ledgers(by: User | None, now: datetime) -> int:
    """Have every ledger read that was not read since, once nothing is under way there any more."""
    count = 0
    for connection in Connection.objects.order_by("pk"):
        settled = _settled(connection)
        begun_before = LedgerCheck.objects.filter(
            property__link__connection=connection,
            finished_at=None,
            started_at__lt=connection.charges_held_at or now,
        )
        for check in begun_before:
            fail_check(check=check, message="The database was restored meanwhile.", now=now)
        for place in unread_places(connection):
            request_check(place=place, by=by, now=now, not_before=max(settled, now))
            count += 1
    return count


def _settled(connection: Connection) -> datetime:
    """Tell when the PMS has made, or never makes, what was asked of it before the hold."""
    held_at = connection.charges_held_at
    assert held_at is not None  # noqa: S101 - its caller has just held it
    return held_at + timedelta(seconds=settings.POSTING_SETTLE_SECONDS)


def unread_places(connection: Connection) -> QuerySet[Property]:
    """Select the properties whose ledger was not read to its end since the charges are held.

    A ledger counts when it shows what was made until then, with the time that a PMS may take.
    """
    places = Property.objects.filter(link__connection=connection).order_by("name", "pk")
    if connection.charges_held_at is None or not connection.reads_ledgers_first:
        return places.none()
    read = LedgerCheck.objects.filter(
        property=OuterRef("pk"),
        job=None,
        finished_at__isnull=False,
        error="",
        shown_until__gte=_settled(connection),
    )
    return places.exclude(Exists(read))


def let_charges_go(*, connection: Connection, despite: str, by: User, now: datetime) -> None:
    """Let a connection's charges go again.

    Shape: `despite` is why, although not every ledger was read since a restore.
    Errors: WrongState when they are not held, or ledgers are unread and nobody says why not.
    Effects: workers go on; an audit event.
    """
    current = Connection.objects.get(pk=connection.pk)
    unread = list(unread_places(current))
    if unread and not despite:
        raise WrongState(_which(unread))
    try:
        release_charges(connection=current, by=by, now=now, note=despite)
    except NotHeld as error:
        raise WrongState(str(error)) from error
    nudge_workers(connection_id=connection.pk)


def _which(unread: Sequence[Property]) -> str:
    named = ", ".join(str(place) for place in unread[:5])
    more = f" and {len(unread) - 5} more" if len(unread) > 5 else ""
    return (
        f"The PMS's ledger was not read to its end since the restore for {named}{more}. Compare it "
        "with the PMS first; over contract v1 that counts once Propexo has synced long enough "
        "after the restore. A charge that was sent before could be sent twice."
    )


def _under_way() -> QuerySet[Posting]:
    """Select what was under way; whatever was doubted before waits for its look already."""
    return Posting.objects.filter(state__in=_DOUBTED).order_by("pk")


def _doubt(posting_id: int, why: str, now: datetime) -> int:
    settle_at = now + timedelta(seconds=settings.POSTING_SETTLE_SECONDS)
    try:
        with hold(posting_id), transaction.atomic():
            posting = Posting.objects.get(pk=posting_id)
            if posting.state == PostingState.PENDING:
                doubt_unsent(posting, why=why, now=now, settle_at=settle_at)
                return 1
            move(
                posting,
                PostingState.UNKNOWN,
                now=now,
                settle_at=settle_at,
                negative_looks=0,
                error_code=RESTORED,
                error=why,
                note=why,
            )
    except StillHeld:
        reference = Posting.objects.values_list("reference", flat=True).get(pk=posting_id)
        raise WorkersRun(reference) from None
    except MovedMeanwhile:
        return 0
    return 1


def _look_again(backup_time: datetime, now: datetime) -> None:
    """Let no look from before the restore count."""
    settle_at = now + timedelta(seconds=settings.POSTING_SETTLE_SECONDS)
    unknown = Posting.objects.filter(state=PostingState.UNKNOWN)
    # Those of an earlier restore, that this backup knows of, were looked up before it as well.
    earlier = unknown.exclude(error_code=RESTORED, state_at__gt=backup_time)
    earlier.update(settle_at=settle_at, negative_looks=0)


def _sent_since(backup_time: datetime) -> int:
    return Posting.objects.filter(state=PostingState.POSTED, state_at__gt=backup_time).count()
