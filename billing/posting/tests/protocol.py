"""The protocol of one charge as a small model, in which every interleaving can be tried.

Two workers and a sweeper share a posting. A worker may die or stand still between any two of its
steps, an answer may get lost, and the PMS may apply a request long after its sender is gone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from billing.models import PostingState
from billing.posting.reconcile import NEGATIVE_LOOKS

Step = Literal["idle", "claimed", "sent", "answered", "unanswered", "dead"]
WORKERS = (0, 1)


@dataclass(frozen=True, slots=True)
class Guards:
    """The parts of the protocol that can be taken away, to see what each is for."""

    proof_of_death: bool = True
    settling_time: bool = True
    write_ahead: bool = True


@dataclass(frozen=True, slots=True)
class World:
    """Everything at one moment.

    Shape: `holder` is the worker with the posting's lock; `flying` counts requests that the PMS has
        not applied yet; `token` tells whose claim is written down.
    """

    state: PostingState = PostingState.PENDING
    token: int | None = None
    steps: tuple[Step, Step] = ("idle", "idle")
    holder: int | None = None
    flying: int = 0
    ledger: int = 0
    looks: int = 0
    crashes_left: int = 1
    losses_left: int = 1

    def at(self, worker: int, step: Step, **changes: Any) -> World:
        """Bring a worker to a step."""
        first, second = (step if who == worker else self.steps[who] for who in WORKERS)
        return replace(self, steps=(first, second), **changes)

    def free(self, worker: int) -> dict[str, Any]:
        """Give the change that frees the lock, if this worker has it."""
        return {"holder": None} if self.holder == worker else {}


Move = tuple[str, World]


def moves(world: World, guards: Guards) -> Iterator[Move]:
    """List everything that can happen next."""
    for worker in WORKERS:
        yield from _work(world, worker, guards)
        yield from _die(world, worker)
    yield from _pms(world)
    yield from _sweep(world, guards)


def _work(world: World, worker: int, guards: Guards) -> Iterator[Move]:
    match world.steps[worker]:
        case "idle" if world.state == PostingState.PENDING and world.holder is None:
            # Without the write-ahead intent a second worker sees the charge still waiting.
            written = {"state": PostingState.SENDING} if guards.write_ahead else {}
            yield "claim", world.at(worker, "claimed", holder=worker, token=worker, **written)
        case "claimed":
            yield "send", world.at(worker, "sent", flying=world.flying + 1)
        case "answered":
            yield "store the answer", _store(world, worker, PostingState.POSTED)
        case "unanswered":
            yield "store the doubt", _store(world, worker, PostingState.UNKNOWN)


def _store(world: World, worker: int, state: PostingState) -> World:
    """Store what came of a call, if the posting still is this worker's."""
    done = world.at(worker, "idle", **world.free(worker))
    if world.state != PostingState.SENDING or world.token != worker:
        return done
    return replace(done, state=state, looks=0)


def _die(world: World, worker: int) -> Iterator[Move]:
    if world.crashes_left and world.steps[worker] not in ("dead", "idle"):
        freed = world.free(worker)
        yield "die", world.at(worker, "dead", crashes_left=world.crashes_left - 1, **freed)


def _pms(world: World) -> Iterator[Move]:
    """Apply a request; its answer arrives, or is lost, or finds nobody."""
    if not world.flying:
        return
    applied = replace(world, flying=world.flying - 1, ledger=world.ledger + 1)
    senders = [worker for worker in WORKERS if world.steps[worker] == "sent"]
    for worker in senders:
        yield "apply and answer", applied.at(worker, "answered")
    if not senders:
        yield "apply for nobody", applied
    if world.losses_left:
        for worker in senders:
            lost = {"losses_left": world.losses_left - 1}
            yield "apply, answer lost", applied.at(worker, "unanswered", **lost)
            yield "give up waiting", world.at(worker, "unanswered", **lost)
            dropped = replace(world, flying=world.flying - 1)
            yield "drop the request", dropped.at(worker, "unanswered", **lost)


def _sweep(world: World, guards: Guards) -> Iterator[Move]:
    if guards.proof_of_death and world.holder is not None:
        return
    if world.state == PostingState.SENDING:
        yield "doubt the lost sender", replace(world, state=PostingState.UNKNOWN, looks=0)
    if world.state != PostingState.UNKNOWN or (guards.settling_time and world.flying):
        return
    if world.ledger:
        yield "find it", replace(world, state=PostingState.POSTED)
    elif world.looks + 1 < NEGATIVE_LOOKS:
        yield "do not find it", replace(world, looks=world.looks + 1)
    else:
        yield "put it back", replace(world, state=PostingState.PENDING, token=None, looks=0)


@dataclass(frozen=True, slots=True)
class Exploration:
    """What came of trying everything: how many worlds there are, and a way to a bad one."""

    worlds: int
    way_to_bad: tuple[str, ...] | None
    ends: frozenset[PostingState]


def explore(guards: Guards, *, is_bad: Callable[[World], bool]) -> Exploration:
    """Try every interleaving, and stop at the first bad world."""
    start = World()
    seen = {start}
    ways: deque[tuple[World, tuple[str, ...]]] = deque([(start, ())])
    ends: set[PostingState] = set()
    while ways:
        world, way = ways.popleft()
        if is_bad(world):
            return Exploration(len(seen), way, frozenset(ends))
        following = list(moves(world, guards))
        if not following:
            ends.add(world.state)
        for name, after in following:
            if after not in seen:
                seen.add(after)
                ways.append((after, (*way, name)))
    return Exploration(len(seen), None, frozenset(ends))
