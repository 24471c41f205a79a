"""Which moves a posting may make, and the one function that makes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from billing.models import Posting, PostingEvent, PostingState
from portfolios.models import User

LEGAL: dict[PostingState, frozenset[PostingState]] = {
    PostingState.PENDING: frozenset(
        {PostingState.SENDING, PostingState.REJECTED, PostingState.CANCELLED}
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
            PostingState.REJECTED,
            PostingState.UNKNOWN,
            PostingState.REVIEW,
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
    Effects: one conditional UPDATE and one event.
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
