"""A job goes through: every charge once, in the PMS's ledger, to the cent."""

from __future__ import annotations

import pytest
import requests

from billing.models import PostingJob, PostingState
from billing.posting.drain import drain
from billing.queries import count_job

pytestmark = pytest.mark.django_db


def test_it_posts_every_charge_once_and_to_the_cent(job: PostingJob, gateway, sandbox, clock):
    sent = drain(connection_id=job.connection_id, gateway=gateway, clock=clock)

    counts = count_job(job)
    assert (sent, counts.total, counts.posted, counts.status) == (45, 45, 45, "completed")
    ledger = {entry.id: entry for entry in sandbox.ledger()}
    assert len(ledger) == 45
    for posting in job.postings.select_related("charge"):
        entry = ledger[posting.remote_charge_id]
        assert entry.amount * 100 == posting.amount_cents
        assert entry.unit_id == posting.charge.propexo_unit_id
        assert entry.description.endswith(f"[{posting.reference}]")


def test_it_leaves_the_neighbours_of_a_failed_unit_alone(job, gateway, sandbox, clock):
    lease = job.postings.get(charge__unit_label="304").charge.propexo_lease_id
    requests.post(f"{sandbox.base_url}/_sandbox/leases/{lease}/end", timeout=5)

    drain(connection_id=job.connection_id, gateway=gateway, clock=clock)

    counts = count_job(job)
    assert (counts.posted, counts.failed, counts.status) == (44, 1, "completed")
    failed = job.postings.get(state=PostingState.REJECTED)
    assert failed.error_code == "LEASE_NOT_FOUND"
    assert "304" in failed.error
    assert len(sandbox.ledger()) == 44


def test_it_sends_nothing_while_posting_is_switched_off(job, gateway, sandbox, clock, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = False

    assert drain(connection_id=job.connection_id, gateway=gateway, clock=clock) == 0
    assert sandbox.ledger() == ()
