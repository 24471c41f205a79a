"""A worker killed at each point of its work: every charge is in the PMS once in the end."""

from __future__ import annotations

import signal

import pytest

from billing.posting.tests.scratch import WORKER, Scratch
from billing.posting.tests.truth import (
    assert_attempts_add_up,
    assert_every_charge_is_there_once,
)
from integrations.sandbox.faults import Fault, FaultKind

pytestmark = pytest.mark.processes


# The point, what it leaves behind: the state of the second charge, its attempts, the ledger.
STRIKES = {
    "in_the_claim": ("pending", 0, 1),
    "after_the_intent": ("sending", 1, 1),
    "after_connecting": ("sending", 1, 1),
    "before_storing": ("sending", 1, 2),
    "in_the_store": ("sending", 1, 2),
    "after_storing": ("posted", 1, 2),
}


@pytest.mark.parametrize("point", STRIKES)
def test_a_worker_killed_there_loses_and_doubles_nothing(scratch: Scratch, point: str):
    scratch.keep(3)
    with scratch.started(*WORKER, "drain", "die", point, "2") as worker:
        assert worker.wait(timeout=30) == -signal.SIGKILL
    assert left_behind(scratch) == STRIKES[point]

    scratch.run(*WORKER, "rest")

    assert_every_charge_is_there_once(scratch, count=3)
    assert_attempts_add_up(scratch)


@pytest.mark.parametrize("taken", [True, False])
def test_a_worker_killed_while_it_waits_for_the_answer_loses_and_doubles_nothing(
    scratch: Scratch, taken
):
    scratch.keep(3)
    if not taken:
        # The first call goes through without harm.
        scratch.sandbox.sandbox.faults.add(Fault("POST", "/v1/charges", FaultKind.DELAY))
        scratch.sandbox.sandbox.faults.add(Fault("POST", "/v1/charges", FaultKind.DROP_BEFORE))
    with scratch.started(*WORKER, "drain", "die", "after_the_bytes", "2") as worker:
        assert worker.wait(timeout=30) == -signal.SIGKILL
    assert left_behind(scratch)[:2] == ("sending", 1)

    scratch.run(*WORKER, "rest")

    assert_every_charge_is_there_once(scratch, count=3)
    assert_attempts_add_up(scratch)
    second = scratch.query(
        "SELECT evidence FROM billing_postingattempt WHERE posting_id ="
        " (SELECT id FROM billing_posting ORDER BY id LIMIT 1 OFFSET 1) ORDER BY number"
    )
    assert second == ([("ledger",)] if taken else [("ledger-negative",), ("response",)])


def left_behind(scratch: Scratch) -> tuple[object, int, int]:
    """Describe the second charge and the ledger."""
    ((posting, state),) = scratch.query(
        "SELECT id, state FROM billing_posting ORDER BY id LIMIT 1 OFFSET 1"
    )
    attempts = scratch.query(f"SELECT id FROM billing_postingattempt WHERE posting_id = {posting}")  # noqa: S608  an id
    return state, len(attempts), len(scratch.sandbox.ledger())
