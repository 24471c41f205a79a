"""A job of 45 charges is posted to the sandbox and taken back there."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest

from billing.models import PostingState
from billing.operations.reversals import approve_reversal, request_reversal
from billing.posting.sweep import sweep
from billing.queries import count_job
from billing.tests.acts import post, run_workers
from billing.tests.reversing import ORDER, second_accountant
from integrations.sandbox.faults import Fault, FaultKind
from meterbase.lib.money import cents_from_dollars

pytestmark = pytest.mark.django_db


def test_the_ledger_comes_to_nothing_though_answers_get_lost(
    settings, approved, cast, gateway, sandbox, clock
):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = post(approved, by=cast.accountant, gateway=gateway, now=clock())
    run_workers(job, gateway=gateway, now=clock())
    charged = count_job(job)
    assert charged.posted == charged.total

    reversal = request_reversal(
        job=job,
        postings=set(job.postings.values_list("pk", flat=True)),
        order=ORDER,
        gateway=gateway,
        by=cast.accountant,
        now=clock(),
    )
    approved_reversal = approve_reversal(
        reversal=reversal, gateway=gateway, by=second_accountant(cast), now=clock()
    )
    reversing = approved_reversal.reversing_job
    assert reversing is not None
    sandbox.sandbox.faults.add(Fault("POST", "/v1/charges", FaultKind.DROP_AFTER, count=3))
    for _ in range(20):
        run_workers(reversing, gateway=gateway, now=clock())
        clock.time += timedelta(seconds=settings.POSTING_SETTLE_SECONDS)
        sweep(gateway_for=lambda _: gateway, clock=clock)

    assert set(reversing.postings.values_list("state", flat=True)) == {PostingState.POSTED}
    assert count_job(job).net_cents == 0
    by_lease: defaultdict[str, list[int]] = defaultdict(list)
    for entry in sandbox.ledger():
        if "[MB-" in entry.description:
            by_lease[entry.lease_id].append(cents_from_dollars(entry.amount))
    assert len(by_lease) == charged.total
    assert all(len(cents) == 2 and sum(cents) == 0 for cents in by_lease.values())
