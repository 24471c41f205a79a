"""Which moves a posting may make, and that each is made once and written down."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from billing.models import Posting, PostingEvent, PostingState
from billing.posting.states import AT_REST, LEGAL, IllegalMove, MovedMeanwhile, move

ILLEGAL = [(was, to) for was, to in product(PostingState, PostingState) if to not in LEGAL[was]]
LEGAL_PAIRS = [(was, to) for was in PostingState for to in sorted(LEGAL[was])]


@pytest.mark.parametrize(("was", "to"), ILLEGAL)
def test_it_refuses_every_other_move(now, was: PostingState, to: PostingState):
    # Nothing is read or written for a move that does not exist, so no row is needed.
    posting = Posting(reference="MB-0000000000000", state=was, token="")

    with pytest.raises(IllegalMove):
        move(posting, to, now=now)


@pytest.mark.django_db
@pytest.mark.parametrize(("was", "to"), LEGAL_PAIRS)
def test_it_makes_a_move_and_writes_it_down(
    short_job, cast, now, was: PostingState, to: PostingState
):
    posting = short_job.postings.first()
    put(posting, was, now)

    move(posting, to, now=now, actor=cast.accountant, note="why", **changes_for(to, now))

    posting.refresh_from_db()
    event = posting.events.last()
    assert posting.state == to
    assert (event.from_state, event.to_state, event.actor, event.note, event.at) == (
        was,
        to,
        cast.accountant,
        "why",
        now,
    )


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"state": PostingState.CANCELLED}, {"token": "of another"}])
def test_it_moves_nothing_that_somebody_else_has_moved(short_job, now, change: dict[str, object]):
    posting = short_job.postings.first()
    Posting.objects.filter(pk=posting.pk).update(**change)
    events = PostingEvent.objects.count()

    with pytest.raises(MovedMeanwhile):
        move(posting, PostingState.SENDING, now=now, **changes_for(PostingState.SENDING, now))

    posting.refresh_from_db()
    assert posting.state != PostingState.SENDING
    assert PostingEvent.objects.count() == events


def test_nothing_leaves_the_last_states_by_itself():
    moved_by_machine = {was for was in PostingState if LEGAL[was]} - AT_REST

    assert moved_by_machine == {
        PostingState.PENDING,
        PostingState.SENDING,
        PostingState.ACCEPTED,
        PostingState.UNKNOWN,
    }


def put(posting: Posting, state: PostingState, now) -> None:
    """Put a posting into a state, whatever came before."""
    for name, value in {"state": state, **changes_for(state, now)}.items():
        setattr(posting, name, value)
    posting.save()


def changes_for(state: PostingState, now) -> dict[str, Any]:
    """Give what the constraints ask of a state."""
    match state:
        case PostingState.SENDING:
            return {"token": "t1", "lease_until": now}
        case PostingState.ACCEPTED:
            return {"remote_job_id": "job_1", "settle_at": now}
        case PostingState.UNKNOWN:
            return {"settle_at": now}
        case PostingState.POSTED:
            return {"remote_charge_id": "chg_1"}
    return {}
