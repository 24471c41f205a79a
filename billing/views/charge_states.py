"""What became of each charge of a calculation in the PMS."""

from __future__ import annotations

from dataclasses import dataclass

from billing.models import Calculation, Posting, PostingState
from billing.views.wording import Badge, posting_badge

_WAITS_FOR_SOMEBODY = frozenset({PostingState.REJECTED, PostingState.REVIEW, PostingState.UNKNOWN})
_KINDS = {
    PostingState.CANCELLED: "cancelled",
    PostingState.REJECTED: "failed",
    PostingState.PENDING: "on its way",
    PostingState.SENDING: "on its way",
    PostingState.ACCEPTED: "on its way",
    PostingState.POSTED: "standing",
    PostingState.UNKNOWN: "in doubt",
    PostingState.REVIEW: "in doubt",
}
_BY_WEIGHT = ("cancelled", "reversed", "resolved", "failed", "on its way", "standing", "in doubt")
NOT_POSTED = Badge("Not posted", "neutral")


@dataclass(frozen=True, slots=True)
class ChargeState:
    """The last word on a charge.

    Shape: `posting_id` is None where nothing was ever sent.
    """

    badge: Badge
    posting_id: int | None = None
    needs_decision: bool = False


def states_of(calculation: Calculation) -> dict[int, ChargeState]:
    """Read what became of each charge, by its id; nothing for a calculation not posted yet.

    Shape: of several postings of a charge the one that says most of what the resident owes.
    """
    postings = (
        Posting.objects.filter(
            charge__calculation=calculation, reverses__isnull=True, job__post_to_pms=True
        )
        .only("charge_id", "state", "resolved_at", "reversed_at", "reverses_id")
        .order_by("pk")
    )
    # The last of equals stays.
    ranked = sorted(postings, key=_weight)
    return {posting.charge_id: _state(posting) for posting in ranked}


def _weight(posting: Posting) -> int:
    """Tell how much a posting says: a later one that came to nothing hides none that charges."""
    return _BY_WEIGHT.index(_kind(posting))


def _kind(posting: Posting) -> str:
    if posting.resolved_at is not None:
        return "resolved"
    if posting.reversed_at is not None:
        return "reversed"
    return _KINDS[PostingState(posting.state)]


def _state(posting: Posting) -> ChargeState:
    waits = posting.state in _WAITS_FOR_SOMEBODY and posting.resolved_at is None
    return ChargeState(posting_badge(posting), posting.pk, needs_decision=waits)
