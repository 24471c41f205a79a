"""What billing reports by webhook, found in the outbox."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from billing import outgoing_events
from billing.models import Calculation, PostingJob, PostingState
from billing.operations.approvals import approve_calculation
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.operations.posting_jobs import create_posting_job
from billing.outgoing_events import report_ended_jobs
from billing.queries import count_job, count_jobs
from billing.tests.acts import end_lease_of, post, run_workers
from billing.tests.small_place import ORDER, gateway_to_nowhere, small_calculation
from integrations.models import Connection, Delivery, OutgoingEvent, OutgoingKind, WebhookEndpoint
from portfolios.models import Lease, LeaseStatus, Portfolio


@pytest.fixture
def endpoint(cast, now) -> WebhookEndpoint:
    """Let somebody listen to everything."""
    return WebhookEndpoint.objects.create(
        portfolio=cast.portfolio,
        url="https://books.example.com/hooks",
        events=list(OutgoingKind),
        created_by=cast.manager,
        created_at=now,
    )


@pytest.fixture
def job(settings, endpoint, approved, cast, gateway, sandbox, now) -> PostingJob:
    """Post 45 charges, of which one fails."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = post(approved, by=cast.accountant, gateway=gateway, now=now)
    end_lease_of("304", sandbox)
    run_workers(job, gateway=gateway, now=now)
    return job


def told(kind: OutgoingKind) -> list[dict[str, object]]:
    """Read what was reported of a kind."""
    bodies = OutgoingEvent.objects.filter(kind=kind).order_by("pk").values_list("body", flat=True)
    return [json.loads(body)["data"] for body in bodies]


def test_each_charge_is_told_once_in_the_words_of_the_api(job):
    posted, failed = told(OutgoingKind.CHARGE_POSTED), told(OutgoingKind.CHARGE_FAILED)
    counts = count_job(job)
    assert (len(posted), len(failed)) == (counts.posted, counts.failed) == (44, 1)

    first = job.postings.filter(state=PostingState.POSTED).order_by("state_at", "pk").first()
    assert first is not None
    said = next(charge for charge in posted if charge["reference"] == first.reference)
    assert said["job_id"] == job.public_id
    assert said["propexo_charge_id"] == first.remote_charge_id
    assert round(float(str(said["amount"])) * 100) == first.amount_cents
    assert said["currency"] == "USD"
    assert said["unit"] == first.charge.unit_label
    assert said["property_id"] == job.calculation.bill.property_id
    assert said["reverses"] is None
    assert failed[0]["unit"] == "304"
    assert failed[0]["propexo_error_code"] == "LEASE_NOT_FOUND"
    assert Delivery.objects.count() == OutgoingEvent.objects.count()


def test_no_event_names_a_resident(job):
    names = set(job.postings.values_list("charge__resident_name", flat=True)) - {""}
    assert names
    for body in OutgoingEvent.objects.values_list("body", flat=True):
        assert not [name for name in names if name in body]


def test_an_ended_job_is_told_once(job, now):
    for _ in range(3):
        report_ended_jobs(now=now + timedelta(minutes=1))
    [said] = told(OutgoingKind.JOB_COMPLETED)
    assert said["job_id"] == job.public_id
    assert said["status"] == "completed"
    assert (said["total_charges"], said["posted"], said["failed"]) == (45, 44, 1)


def test_a_job_that_is_taken_up_again_ends_again(job, now):
    report_ended_jobs(now=now)
    failed = job.postings.get(state=PostingState.REJECTED)
    job.postings.filter(pk=failed.pk).update(state=PostingState.PENDING)
    report_ended_jobs(now=now)
    assert len(told(OutgoingKind.JOB_COMPLETED)) == 1
    later = now + timedelta(hours=1)
    job.postings.filter(pk=failed.pk).update(state=PostingState.CANCELLED, state_at=later)
    report_ended_jobs(now=later)
    assert [said["skipped"] for said in told(OutgoingKind.JOB_COMPLETED)] == [0, 1]


def test_a_job_under_way_has_not_ended(settings, endpoint, approved, cast, gateway, now):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    post(approved, by=cast.accountant, gateway=gateway, now=now)
    report_ended_jobs(now=now)
    assert told(OutgoingKind.JOB_COMPLETED) == []


def test_what_ended_before_anybody_listened_is_not_told(job, endpoint, now):
    WebhookEndpoint.objects.update(created_at=now + timedelta(minutes=1))
    report_ended_jobs(now=now + timedelta(minutes=2))
    assert told(OutgoingKind.JOB_COMPLETED) == []


def test_an_approval_is_told(endpoint, approved: Calculation):
    [said] = told(OutgoingKind.CALCULATION_APPROVED)
    assert said["calculation_id"] == approved.pk
    assert said["bill_id"] == approved.bill_id
    assert said["period_start"] == "2026-03-01"
    assert said["bill_amount"] == 5661.61


def test_the_first_of_two_approvals_is_none(endpoint, bill, cast, now):
    Portfolio.objects.update(second_approval_above_cents=0)
    bill.refresh_from_db()
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    submit_calculation(calculation=calculation, by=cast.manager, now=now)
    approve_calculation(calculation=calculation, by=cast.accountant, now=now)
    assert told(OutgoingKind.CALCULATION_APPROVED) == []


def test_another_portfolio_hears_nothing(cast, now, endpoint, approved):
    WebhookEndpoint.objects.update(portfolio=cast.stranger.portfolios.get())
    OutgoingEvent.objects.all().delete()
    calculation = calculate_bill(bill=approved.bill, by=cast.manager, now=now)
    submit_calculation(calculation=calculation, by=cast.manager, now=now)
    approve_calculation(calculation=calculation, by=cast.accountant, now=now)
    assert not OutgoingEvent.objects.exists()


def test_a_login_that_expires_while_charges_are_sent_is_told_once(
    settings, endpoint, approved, cast, gateway, sandbox, now
):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = post(approved, by=cast.accountant, gateway=gateway, now=now)
    with sandbox.sandbox.store.changing() as store:
        store.execute("UPDATE connections SET status = 'auth_failed' WHERE id = 'conn_001'")
    for _ in range(2):
        Connection.objects.filter(pk=job.connection_id).update(paused_until=None)
        run_workers(job, gateway=gateway, now=now)
    [said] = told(OutgoingKind.CONNECTION_NEEDS_LOGIN)
    assert said["propexo_connection_id"] == "conn_001"


def test_what_fails_when_the_job_is_made_is_told_with_it(settings, endpoint, cast, now):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    calculation = small_calculation(cast, now)
    gone = Lease.objects.filter(charges__calculation=calculation).order_by("pk")[:2]
    Lease.objects.filter(pk__in=gone).update(status=LeaseStatus.PAST)

    job = post(calculation, by=cast.accountant, gateway=gateway_to_nowhere(), now=now)

    said = told(OutgoingKind.CHARGE_FAILED)
    refused = job.postings.filter(state=PostingState.REJECTED).order_by("pk")
    assert len(refused) == 2
    assert [each["reference"] for each in said] == [each.reference for each in refused]
    assert {each["propexo_error_code"] for each in said} == {"LEASE_NOT_FOUND"}
    assert Delivery.objects.filter(event__kind=OutgoingKind.CHARGE_FAILED).count() == 2


def test_a_dry_run_of_what_would_fail_tells_nothing(endpoint, cast, now):
    calculation = small_calculation(cast, now)
    Lease.objects.filter(charges__calculation=calculation).update(status=LeaseStatus.PAST)

    create_posting_job(
        calculation=calculation,
        order=replace(ORDER, post_to_pms=False),
        gateway=gateway_to_nowhere(),
        by=cast.accountant,
        now=now,
    )

    assert told(OutgoingKind.CHARGE_FAILED) == []


def test_a_job_that_is_taken_up_again_while_it_is_looked_at_has_not_ended(job, now, monkeypatch):
    def count_after_a_retry(jobs):
        job.postings.filter(state=PostingState.REJECTED).update(state=PostingState.PENDING)
        return count_jobs(jobs)

    monkeypatch.setattr(outgoing_events, "count_jobs", count_after_a_retry)
    report_ended_jobs(now=now)
    assert told(OutgoingKind.JOB_COMPLETED) == []
