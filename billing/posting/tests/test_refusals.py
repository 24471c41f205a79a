"""Refusals of the PMS: final for the charge, harmless to its neighbours, retryable by a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from billing.models import Charge, PostingAttempt, PostingState
from billing.operations.calculations import WrongState
from billing.operations.failures import retry_posting
from billing.operations.posting_jobs import PostingOrder, create_posting_job
from billing.posting.drain import drain
from billing.posting.sweep import sweep
from billing.queries import count_job
from integrations.models import PropertyLink
from integrations.pms.records import ChargeOrder
from integrations.pms.reference import reference_for
from integrations.sandbox.server import RunningSandbox, running_sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(settings, tmp_path: Path) -> Iterator[RunningSandbox]:
    """Run a PMS that refuses a second charge for the same unit, code and date."""
    with running_sandbox(data_dir=tmp_path / "sandbox", refuse_duplicates=True) as running:
        settings.PROPEXO_BASE_URL = running.base_url
        settings.PROPEXO_API_KEY = running.api_key
        settings.PROPEXO_CONTRACT = "unified"
        yield running


def test_a_charge_code_that_was_taken_out_of_the_pms_fails_every_charge(
    settings, approved, cast, gateway, sandbox, clock, now
):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = create_posting_job(
        calculation=approved,
        order=PostingOrder(charge_date=date(2026, 4, 1), charge_code="UTIL", description="Water"),
        gateway=gateway,
        by=cast.accountant,
        now=now,
    )
    with sandbox.sandbox.store.changing() as connection:
        connection.execute("DELETE FROM charge_codes WHERE code = 'UTIL'")

    drain(connection_id=job.connection_id, gateway=gateway, clock=clock)

    counts = count_job(job)
    assert (counts.total, counts.failed, counts.status) == (45, 45, "completed")
    assert set(job.postings.values_list("error_code", flat=True)) == {"INVALID_CHARGE_CODE"}
    assert not PostingAttempt.objects.exclude(outcome="rejected").exists()
    assert sandbox.ledger() == ()


def test_a_refused_charge_goes_through_once_the_cause_is_gone(
    short_job, cast, gateway, sandbox, clock, now
):
    lease = short_job.postings.first().charge.propexo_lease_id
    set_lease_status(sandbox, lease, "past")
    drain(connection_id=short_job.connection_id, gateway=gateway, clock=clock)
    refused = short_job.postings.get(state=PostingState.REJECTED)
    assert refused.error_code == "LEASE_NOT_FOUND"
    set_lease_status(sandbox, lease, "active")
    with pytest.raises(WrongState, match="first: the PMS found no active lease"):
        retry_posting(posting=refused, by=cast.accountant, now=now)
    PropertyLink.objects.update(last_synced_at=clock())

    retry_posting(posting=refused, by=cast.accountant, now=now)
    drain(connection_id=short_job.connection_id, gateway=gateway, clock=clock)

    refused.refresh_from_db()
    assert (refused.state, refused.error_code, refused.error) == (PostingState.POSTED, "", "")
    outcomes = list(refused.attempts.values_list("number", "outcome"))
    assert outcomes == [(1, "rejected"), (2, "posted")]
    assert len(sandbox.ledger()) == 3


def test_a_duplicate_that_is_ours_is_linked(short_job, gateway, sandbox, clock):
    drain(connection_id=short_job.connection_id, gateway=gateway, clock=clock)
    posting = short_job.postings.filter(state=PostingState.POSTED).first()
    charge_id = posting.remote_charge_id
    forget(posting)

    drain(connection_id=short_job.connection_id, gateway=gateway, clock=clock)
    posting.refresh_from_db()
    assert (posting.state, posting.error_code) == (PostingState.UNKNOWN, "DUPLICATE_CHARGE")
    sweep(gateway_for=lambda _connection: gateway, clock=clock)

    posting.refresh_from_db()
    assert (posting.state, posting.remote_charge_id) == (PostingState.POSTED, charge_id)
    assert posting.error_code == ""
    assert len(sandbox.ledger()) == 3


def test_a_duplicate_that_is_somebody_elses_is_a_failure(
    short_job, gateway, sandbox, clock, settings
):
    charge = short_job.postings.first().charge
    body = gateway.charge_body(
        order=ChargeOrder(
            property_id="prop_001",
            unit_id=charge.propexo_unit_id,
            lease_id=None,
            resident_id=None,
            amount=Decimal("12.34"),
            effective_date=short_job.charge_date,
            charge_code=short_job.charge_code,
            description="Typed in by hand",
            reference=reference_for("somebody else's"),
        )
    )
    requests.post(
        f"{sandbox.base_url}/v1/charges",
        data=body,
        headers={"Authorization": f"Bearer {sandbox.api_key}"},
        timeout=5,
    ).raise_for_status()

    drain(connection_id=short_job.connection_id, gateway=gateway, clock=clock)
    sweep(gateway_for=lambda _connection: gateway, clock=clock)
    assert count_job(short_job).unknown == 1, "it may be MeterBase's own, not shown yet"
    clock.advance(seconds=settings.POSTING_SETTLE_SECONDS)
    sweep(gateway_for=lambda _connection: gateway, clock=clock)

    counts = count_job(short_job)
    assert (counts.posted, counts.failed, counts.unknown) == (2, 1, 0)
    failed = short_job.postings.get(state=PostingState.REJECTED)
    assert (failed.charge, failed.error_code) == (charge, "DUPLICATE_CHARGE")
    assert failed.attempts.get().outcome == "rejected"
    assert len(sandbox.ledger()) == 3


def forget(posting) -> None:
    """Make MeterBase forget that it posted a charge, as a database from a backup would."""
    posting.attempts.update(outcome="not_applied")
    posting.state, posting.remote_charge_id = PostingState.PENDING, ""
    posting.save()


def set_lease_status(sandbox: RunningSandbox, lease_id: str, status: str) -> None:
    """Change a lease in the PMS."""
    with sandbox.sandbox.store.changing() as connection:
        connection.execute("UPDATE leases SET status = ? WHERE id = ?", [status, lease_id])


def test_a_charge_that_the_pms_puts_on_another_lease_goes_to_a_person(
    short_job, gateway, sandbox, clock
):
    posting = short_job.postings.first()
    Charge.objects.filter(pk=posting.charge_id).update(propexo_lease_id="lease_of_the_former")

    drain(connection_id=short_job.connection_id, gateway=gateway, clock=clock)
    sweep(gateway_for=lambda _connection: gateway, clock=clock)

    posting.refresh_from_db()
    assert (posting.state, posting.error_code) == (PostingState.REVIEW, "WRONG_LEASE")
    assert "lease_of_the_former" in posting.error
    assert count_job(short_job).posted == 2
