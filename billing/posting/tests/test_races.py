"""Several workers at once, each with its own connection to the database: no charge has two."""

from __future__ import annotations

import time
from collections import Counter
from datetime import date
from threading import Barrier, Event
from typing import Any

import pytest

from billing import inputs
from billing.models import (
    CalculationState,
    Posting,
    PostingAttempt,
    PostingJob,
    PostingState,
)
from billing.operations import calculations, posting_jobs
from billing.operations.calculations import WrongState, calculate_bill
from billing.operations.posting_jobs import AlreadyPosted, PostingOrder, create_posting_job
from billing.posting.claim import claim_next
from billing.posting.drain import drain
from billing.posting.sweep import sweep
from billing.posting.tests.fake_pms import Fate
from billing.posting.tests.together import SECONDS, at_once
from billing.queries import count_job
from integrations.gateways import open_gateway, open_property_gateway

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_database"),
]

WORKERS = 4
ORDER = PostingOrder(charge_date=date(2026, 4, 1), charge_code="UTIL", description="Water")


def test_two_workers_never_claim_the_same_charge(short_job, now):
    everybody_has_claimed = Barrier(WORKERS)

    def claim() -> int | None:
        with claim_next(connection_id=short_job.connection_id, now=now) as claim:
            everybody_has_claimed.wait(timeout=10)
            return claim.posting.pk if claim else None

    claimed = at_once(*[claim] * WORKERS)

    got = [pk for pk in claimed if pk is not None]
    assert len(got) == len(set(got)) == 3
    assert PostingAttempt.objects.count() == 3


def test_workers_that_drain_together_post_every_charge_once(job, sandbox, clock):
    def work() -> int:
        return drain(
            connection_id=job.connection_id, gateway=open_gateway(job.connection), clock=clock
        )

    calls = at_once(*[work] * WORKERS)

    assert sum(calls) == len(sandbox.ledger()) == 45
    assert count_job(job).posted == 45
    assert sum(1 for count in calls if count) > 1


def test_sweepers_that_look_together_settle_each_charge_once(short_job, pms, clock):
    pms.script.extend([Fate.LOST, Fate.TAKEN_BUT_ANSWER_LOST, Fate.LOST])
    drain(connection_id=short_job.connection_id, gateway=pms, clock=clock)

    for _ in range(2):
        clock.advance(minutes=3)
        at_once(*[lambda: sweep(gateway_for=lambda _connection: pms, clock=clock)] * WORKERS)

    states = Counter(short_job.postings.values_list("state", flat=True))
    assert states == {PostingState.POSTED: 1, PostingState.PENDING: 2}
    attempts = Counter(PostingAttempt.objects.values_list("evidence", flat=True))
    assert attempts == {"ledger": 1, "ledger-negative": 2}


def test_two_people_who_confirm_the_same_posting_make_one_job(
    approved, cast, sandbox, now, settings
):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True

    def confirm() -> PostingJob | AlreadyPosted:
        try:
            return create_posting_job(
                calculation=approved,
                order=ORDER,
                gateway=open_property_gateway(approved.bill.property),
                by=cast.accountant,
                now=now,
            )
        except AlreadyPosted as refusal:
            return refusal

    results = at_once(*[confirm] * WORKERS)

    (job,) = (result for result in results if isinstance(result, PostingJob))
    refusals = [result for result in results if isinstance(result, AlreadyPosted)]
    assert [refusal.job for refusal in refusals] == [job] * (WORKERS - 1)
    assert (PostingJob.objects.count(), Posting.objects.count()) == (1, 45)


def test_a_calculation_is_not_replaced_while_it_is_being_posted(
    approved, bill, cast, sandbox, now, settings, monkeypatch
):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job_is_written, calculating = Event(), Event()

    def gather(**what: Any) -> Any:
        calculating.set()
        return inputs.gather_inputs(**what)

    def write_slowly(**event: Any) -> None:
        # The job is not committed yet when the other transaction begins.
        job_is_written.set()
        calculating.wait(timeout=SECONDS)
        # When that one waits for a lock, as it should, nothing tells so: it gets a moment to go
        # wrong.
        time.sleep(0.2)

    monkeypatch.setattr(calculations, "gather_inputs", gather)
    monkeypatch.setattr(posting_jobs, "record_event", write_slowly)

    def post() -> str:
        create_posting_job(
            calculation=approved,
            order=ORDER,
            gateway=open_property_gateway(approved.bill.property),
            by=cast.accountant,
            now=now,
        )
        return "posted"

    def replace() -> str:
        job_is_written.wait(timeout=SECONDS)
        try:
            calculate_bill(bill=bill, by=cast.manager, now=now)
        except WrongState:
            return "refused"
        return "replaced"

    assert at_once(post, replace) == ["posted", "refused"]
    approved.refresh_from_db()
    assert (approved.state, approved.jobs.count()) == (CalculationState.APPROVED, 1)
