"""Every interleaving of two workers, a sweeper, one death and one lost answer, tried in a model."""

from __future__ import annotations

import pytest

from billing.models import PostingState
from billing.posting.states import LEGAL
from billing.posting.tests.protocol import Guards, World, explore, moves


def is_doubled(world: World) -> bool:
    return world.ledger > 1


def is_a_lie(world: World) -> bool:
    """Tell whether the table calls a charge posted that the PMS does not have."""
    return world.state == PostingState.POSTED and world.ledger == 0


def test_no_interleaving_charges_twice():
    found = explore(Guards(), is_bad=is_doubled)

    assert found.way_to_bad is None
    assert found.worlds > 50, "the model moves"


def test_no_interleaving_calls_a_charge_posted_that_is_not_there():
    assert explore(Guards(), is_bad=is_a_lie).way_to_bad is None


def test_every_interleaving_ends_with_the_charge_posted_once():
    ends: list[World] = []

    def is_end(world: World) -> bool:
        if not list(moves(world, Guards())):
            ends.append(world)
        return False

    explore(Guards(), is_bad=is_end)

    assert ends
    assert {(world.state, world.ledger) for world in ends} == {(PostingState.POSTED, 1)}


@pytest.mark.parametrize(
    "guards",
    [
        Guards(proof_of_death=False),
        Guards(settling_time=False),
        Guards(write_ahead=False),
    ],
    ids=["no proof of death", "no settling time", "no write-ahead intent"],
)
def test_without_any_one_of_its_parts_the_protocol_charges_twice(guards: Guards):
    found = explore(guards, is_bad=is_doubled)

    assert found.way_to_bad is not None


def test_the_model_makes_only_moves_that_the_engine_allows():
    made: set[tuple[PostingState, PostingState]] = set()

    def note(world: World) -> bool:
        made.update(
            (world.state, after.state)
            for _, after in moves(world, Guards())
            if after.state != world.state
        )
        return False

    explore(Guards(), is_bad=note)

    assert all(to in LEGAL[was] for was, to in made)
    assert (PostingState.UNKNOWN, PostingState.PENDING) in made
