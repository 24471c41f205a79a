"""The engine with one of its guards taken away charges twice; so none of them is decoration.

These test the tests: the same scenes with the guard in place end with one charge.
"""

from __future__ import annotations

import os
import signal

import pytest

from billing.posting.tests.scratch import WORKER, Scratch, wait_for
from billing.posting.tests.test_frozen import is_stopped
from integrations.sandbox.faults import Fault, FaultKind

pytestmark = pytest.mark.processes

# Lease, settling time, two looks, and a second worker that sends are over by then.
SECONDS_FOR_OTHERS = 3.5

# Where a worker stands still, what it and the others do without, how often the charge is there.
FROZEN = [
    ("after_the_intent", (), 1),
    ("after_the_intent", ("lock",), 1),
    ("after_the_intent", ("budget",), 1),
    ("after_the_intent", ("lock", "budget"), 2),
    ("after_connecting", ("budget",), 1),
    ("after_connecting", ("lock",), 2),
]


@pytest.mark.parametrize(("point", "without", "copies"), FROZEN)
def test_a_frozen_worker_that_wakes_up_charges_again_only_without_its_guards(
    scratch: Scratch, point: str, without: tuple[str, ...], copies: int
):
    scratch.keep(1)
    worker = (*WORKER, *(f"without={guard}" for guard in without))
    with scratch.started(*worker, "drain", "freeze", point, "1") as frozen:
        wait_for(lambda: is_stopped(frozen.pid), what="the worker to freeze")
        scratch.run(*worker, "work", str(SECONDS_FOR_OTHERS))

        os.kill(frozen.pid, signal.SIGCONT)
        frozen.wait(timeout=30)

    scratch.run(*worker, "rest")
    assert len(scratch.sandbox.ledger()) == copies
    assert scratch.states() == {"posted": 1}


@pytest.mark.parametrize(("settling", "copies"), [("1", 1), ("0", 2)])
def test_a_charge_that_the_pms_makes_late_is_made_again_only_without_the_settling_time(
    scratch: Scratch, settling: str, copies: int
):
    scratch.keep(1)
    late = Fault("POST", "/v1/charges", FaultKind.DELAY, seconds=0.9)
    scratch.sandbox.sandbox.faults.add(late)

    scratch.run(*WORKER, "rest", POSTING_SETTLE_SECONDS=settling, PROPEXO_WRITE_TIMEOUT="0.2")

    wait_for(lambda: len(scratch.sandbox.ledger()) == copies, what="the PMS to make it")
    assert scratch.states() == {"posted": 1}
