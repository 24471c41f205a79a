"""The real background cluster, killed in the middle of a job and started again."""

from __future__ import annotations

import pytest

from billing.posting.tests.scratch import MANAGE, Scratch, kill_group, wait_for
from billing.posting.tests.truth import (
    assert_attempts_add_up,
    assert_every_charge_is_there_once,
)
from integrations.sandbox.faults import Fault, FaultKind

pytestmark = pytest.mark.processes


def test_a_job_survives_the_death_of_the_whole_cluster(scratch: Scratch):
    slow = Fault("POST", "/v1/charges", FaultKind.DELAY, count=1_000, seconds=0.03)
    scratch.sandbox.sandbox.faults.add(slow)
    with scratch.started(*MANAGE, "qcluster", Q_CLUSTER_NAME="posting") as first:
        wait_for(lambda: len(scratch.sandbox.ledger()) >= 10, what="ten charges")
        kill_group(first)
    assert 10 <= len(scratch.sandbox.ledger()) < 45

    with (
        scratch.started(*MANAGE, "qcluster", Q_CLUSTER_NAME="posting"),
        scratch.started(*MANAGE, "posting_sweeper", "--every", "0.2"),
    ):
        wait_for(lambda: scratch.states() == {"posted": 45}, what="all charges to be posted")

    assert_every_charge_is_there_once(scratch, count=45)
    assert_attempts_add_up(scratch)
