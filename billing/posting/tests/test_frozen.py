"""A frozen worker is not a dead one: nobody takes its charge over, and it wakes up harmless."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from billing.posting.tests.scratch import MANAGE, WORKER, Scratch, wait_for
from billing.posting.tests.truth import (
    assert_attempts_add_up,
    assert_every_charge_is_there_once,
)

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("point", ["after_the_intent", "after_connecting"])
def test_a_worker_frozen_longer_than_its_lease_is_left_alone_and_doubles_nothing(
    scratch: Scratch, point: str
):
    scratch.keep(2)
    with scratch.started(*WORKER, "drain", "freeze", point, "1") as worker:
        wait_for(lambda: is_stopped(worker.pid), what="the worker to freeze")
        frozen_at = time.monotonic()
        # Lease, settling time and the time in which a worker may still send are over by then.
        wait_for(lambda: time.monotonic() > frozen_at + 2.2, what="the lease to end")
        scratch.run(*MANAGE, "posting_sweeper", "--once")
        assert scratch.states() == {"sending": 1, "pending": 1}
        assert scratch.sandbox.ledger() == ()

        os.kill(worker.pid, signal.SIGCONT)
        assert worker.wait(timeout=30) == 0

    scratch.run(*WORKER, "rest")
    assert_every_charge_is_there_once(scratch, count=2)
    assert_attempts_add_up(scratch)
    assert evidence_of_the_first(scratch) == EVIDENCE[point]


# Before the connection it gives up by itself; after it, the charge is sent, by it alone.
EVIDENCE = {
    "after_the_intent": [("never-sent",), ("response",)],
    "after_connecting": [("response",)],
}


def evidence_of_the_first(scratch: Scratch) -> list[tuple[object, ...]]:
    """List what is proven of the first charge's attempts."""
    return scratch.query(
        "SELECT evidence FROM billing_postingattempt WHERE posting_id ="
        " (SELECT min(id) FROM billing_posting) ORDER BY number"
    )


def is_stopped(pid: int) -> bool:
    """Tell whether a process has been stopped by a signal."""
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state == "T"
