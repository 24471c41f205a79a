"""Which moves a posting may make, and the one function that makes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from billing.models import Posting, PostingEvent, PostingState
from billing.outgoing_events import report_posting
from portfolios.models import User
from portfolios.operations.audit import record_event

LEGAL: dict[PostingState, frozenset[PostingState]] = {
    PostingState.PENDING: frozenset(
        {
            PostingState.SENDING,
            PostingState.UNKNOWN,
            PostingState.REVIEW,
            PostingState.REJECTED,
            PostingState.CANCELLED,
        }
    ),
    PostingState.SENDING: frozenset(
        {
            PostingState.POSTED,
            PostingState.ACCEPTED,
            PostingState.PENDING,
            PostingState.REJECTED,
            PostingState.UNKNOWN,
            PostingState.CANCELLED,
        }
    ),
    PostingState.ACCEPTED: frozenset(
        {
            PostingState.POSTED,
            PostingState.PENDING,
            PostingState.REJECTED,
            PostingState.UNKNOWN,
            PostingState.REVIEW,
            PostingState.CANCELLED,
        }
    ),
    PostingState.UNKNOWN: frozenset(
        {
            PostingState.POSTED,
            PostingState.PENDING,
            PostingState.REJECTED,
            PostingState.REVIEW,
            PostingState.CANCELLED,
        }
    ),
    PostingState.REVIEW: frozenset({PostingState.POSTED, PostingState.PENDING}),
    PostingState.REJECTED: frozenset({PostingState.PENDING, PostingState.CANCELLED}),
    PostingState.POSTED: frozenset(),
    PostingState.CANCELLED: frozenset(),
}

# Nothing happens to these by itself any more.
AT_REST = frozenset(
    {
        PostingState.POSTED,
        PostingState.REJECTED,
        PostingState.REVIEW,
        PostingState.CANCELLED,
    }
)


class IllegalMove(Exception):
    """The state machine has no such move: a fault in MeterBase."""


class MovedMeanwhile(Exception):
    """Somebody else moved the posting first; nothing was changed here."""


def is_called_off(posting: Posting, *, stopped_at: datetime | None) -> bool:
    """Tell whether a posting's job was stopped since somebody wanted it to be sent."""
    return stopped_at is not None and posting.created_at <= stopped_at


def move(
    posting: Posting,
    to: PostingState,
    *,
    now: datetime,
    actor: User | None = None,
    note: str = "",
    **changes: Any,
) -> None:
    """Move a posting, if it still is where this caller saw it; call it inside a transaction.

    Shape: the row must still have the state and the token of `posting`.
    Errors: IllegalMove, MovedMeanwhile.
    Effects: one conditional UPDATE and one event. A reversal that is posted takes its charge back
        in the same transaction, whichever way it became known. Whoever listens is told.
    """
    was = PostingState(posting.state)
    if to not in LEGAL[was]:
        raise IllegalMove(f"{posting.reference} cannot go from {was} to {to}.")
    moved = Posting.objects.filter(pk=posting.pk, state=was, token=posting.token).update(
        state=to, state_at=now, **changes
    )
    if moved != 1:
        raise MovedMeanwhile(f"{posting.reference} is no longer {was}.")
    PostingEvent.objects.create(
        posting_id=posting.pk, at=now, from_state=was, to_state=to, actor=actor, note=note
    )
    if to == PostingState.POSTED and posting.reverses_id is not None:
        _take_back(posting, now, actor)
    report_posting(posting, to, now=now)


def _take_back(reversal: Posting, now: datetime, actor: User | None) -> None:
    charged = Posting.objects.select_related("job__calculation__bill__property__portfolio").defer(
        "job__calculation__inputs", "job__calculation__result"
    )
    original = charged.get(reversing_postings=reversal.pk)
    note = f"Reversed by {reversal.reference}."
    try:
        mark_reversed(original, now=now, actor=actor, note=note)
    except MovedMeanwhile as twice:
        # What the PMS has must be said all the same, or it would be sent once more.
        PostingEvent.objects.create(
            posting_id=reversal.pk, at=now, to_state=PostingState.POSTED, note=str(twice)
        )


def mark_reversed(posting: Posting, *, now: datetime, actor: User | None, note: str) -> None:
    """Write down that a posted charge was taken back; call it inside a transaction.

    Errors: MovedMeanwhile when it is not posted, or was taken back before.
    Effects: one conditional UPDATE, one event and an audit event.
    """
    taken_back = Posting.objects.filter(
        pk=posting.pk, state=PostingState.POSTED, reverses=None, reversed_at=None
    )
    if taken_back.update(reversed_at=now) != 1:
        raise MovedMeanwhile(f"{posting.reference} is not there to be reversed any more.")
    PostingEvent.objects.create(
        posting_id=posting.pk,
        at=now,
        from_state=PostingState.POSTED,
        to_state=PostingState.POSTED,
        actor=actor,
        note=note,
    )
    record_event(verb="posting.reversed", subject=posting, by=actor, now=now, note=note)
