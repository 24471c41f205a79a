"""What has to be so after every step, whatever happened: the tables beside the PMS's ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise

from billing.models import Posting, PostingState
from billing.posting.states import LEGAL
from meterbase.lib.money import cents_from_dollars

OPEN = {PostingState.SENDING, PostingState.ACCEPTED, PostingState.UNKNOWN}
NEVER_CHARGED = frozenset({PostingState.PENDING, PostingState.REJECTED, PostingState.CANCELLED})


def assert_the_tables_tell_the_truth(
    postings: Iterable[Posting], there: dict[str, list[Decimal]]
) -> None:
    """Compare all postings with the ledger's amounts by reference."""
    known = {posting.reference: posting for posting in postings}
    assert there.keys() <= known.keys(), "somebody else's charge"
    assert all(len(amounts) == 1 for amounts in there.values()), "charged twice"
    for posting in known.values():
        assert_it_tells_what_is_in_the_pms(posting, there.get(posting.reference))
        assert_its_attempts_add_up(posting)
        assert_every_move_was_legal(posting)
        assert_it_is_reversed_once(posting, known.values())
    posted = [one for one in known.values() if one.state == PostingState.POSTED]
    doubtful = [one for one in known.values() if one.reference in there and one not in posted]
    sums = sum(one.amount_cents for one in [*posted, *doubtful])
    assert sums == sum(cents_from_dollars(amounts[0]) for amounts in there.values())


def assert_it_tells_what_is_in_the_pms(posting: Posting, there: list[Decimal] | None) -> None:
    """Compare a posting with the PMS's ledger."""
    if posting.state == PostingState.POSTED:
        assert there is not None, "lost"
        assert cents_from_dollars(there[0]) == posting.amount_cents
    elif posting.state in NEVER_CHARGED:
        assert there is None, "charged behind MeterBase's back"


def assert_its_attempts_add_up(posting: Posting) -> None:
    """Check that one attempt posted what is posted, and one is open while the outcome is."""
    attempts = list(posting.attempts.all())
    outcomes = Counter(attempt.outcome for attempt in attempts)
    assert [attempt.number for attempt in attempts] == list(range(1, len(attempts) + 1))
    assert outcomes["posted"] == (posting.state == PostingState.POSTED)
    # What a person has to decide may still be open: it is their word that closes it.
    if posting.state != PostingState.REVIEW:
        assert outcomes[""] == (posting.state in OPEN)


def assert_every_move_was_legal(posting: Posting) -> None:
    """Check the path that a posting took."""
    path = [PostingState(event.to_state) for event in posting.events.all()]
    assert path[-1] == posting.state
    # A charge that is taken back stays posted.
    assert all(to in LEGAL[was] for was, to in pairwise(path) if to != was)


def assert_it_is_reversed_once(posting: Posting, every: Iterable[Posting]) -> None:
    """Check that a charge counts as taken back if and only if one reversal of it is posted."""
    reversals = [
        one for one in every if one.reverses_id == posting.pk and one.state == PostingState.POSTED
    ]
    assert len(reversals) == (posting.reversed_at is not None)
    assert all(one.amount_cents == -posting.amount_cents for one in reversals)
