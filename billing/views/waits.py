"""Everything that a charge waits for, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from billing.go_live import items_in_the_way
from billing.models import GoLiveItem, Posting, PostingState
from billing.posting.timetable import MOST_TRIES
from integrations.models import Connection, ConnectionStatus

# Names what has to be ticked before a connection sends, by its id.
InTheWay = Callable[[int], Sequence[GoLiveItem]]


def reasons_to_wait(
    posting: Posting, *, now: datetime, in_the_way: InTheWay = items_in_the_way
) -> list[str]:
    """Say why a charge has not come to its end; nothing when it has."""
    match posting.state:
        case PostingState.PENDING:
            waits = _before_sending(posting, now, in_the_way)
            return list(waits) or ["For a worker, which takes it up next."]
        case PostingState.SENDING:
            return ["For the PMS's answer: a worker is sending it."]
        case PostingState.ACCEPTED | PostingState.UNKNOWN:
            return list(_before_looking(posting, now))
    return []


def _before_sending(posting: Posting, now: datetime, in_the_way: InTheWay) -> Iterator[str]:
    job, connection = posting.job, posting.connection
    if job.paused_at is not None:
        yield "For an accountant, who has to resume the job: it is paused."
    yield from _of_connection(connection, now)
    if connection.charges_held_at is not None:
        yield f"For an accountant, who has to let charges go: {connection.charges_held_because}"
    if not settings.PROPEXO_CHARGE_POSTING_ENABLED:
        yield "For charge posting to be switched on in this installation."
    if items := in_the_way(posting.connection_id):
        labels = "; ".join(item.label for item in items)
        yield f"For the go-live checklist of {connection} to be ticked off. Open: {labels}."
    if posting.not_before > now:
        tried = f"Tried {posting.tries} of {MOST_TRIES} times. " if posting.tries else ""
        yield f"Until {_clock(posting.not_before)}. {tried}{posting.waiting_because}".strip()


def _before_looking(posting: Posting, now: datetime) -> Iterator[str]:
    yield from _of_connection(posting.connection, now)
    if posting.settle_at is not None and posting.settle_at > now:
        what = (
            "Propexo is asked for its job"
            if posting.state == PostingState.ACCEPTED
            else "the PMS's ledger is looked at"
        )
        because = f" {posting.waiting_because}" if posting.waiting_because else ""
        yield f"Until {_clock(posting.settle_at)}, when {what} again.{because}"


def _of_connection(connection: Connection, now: datetime) -> Iterator[str]:
    if connection.status == ConnectionStatus.LOGIN_EXPIRED:
        yield "For a new login to the PMS, to be renewed in Propexo."
    if connection.paused_until is not None and connection.paused_until > now:
        because = connection.paused_because or "MeterBase waits."
        yield f"Until {_clock(connection.paused_until)}, with its connection: {because}"


def _clock(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local:%-d %b %Y, %H:%M:%S %Z}"
