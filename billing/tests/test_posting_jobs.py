"""Deciding to post: one posting per charge, frozen, once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from django_q.models import OrmQ

from billing.models import (
    Calculation,
    CalculationState,
    Posting,
    PostingEvent,
    PostingJob,
    PostingState,
)
from billing.operations.calculations import OutOfDate, WrongState, calculate_bill
from billing.operations.failures import resolve_posting
from billing.operations.posting_jobs import (
    AlreadyPosted,
    NothingToPost,
    NotLinked,
    PostingDisabled,
    PostingOrder,
    create_posting_job,
)
from billing.posting.drain import drain
from billing.queries import count_job
from billing.tests.audit_down import audit_down
from billing.tests.small_place import ORDER, gateway_to_nowhere, small_calculation
from integrations.models import PropertyLink
from integrations.pms.reference import find_reference
from portfolios.models import AuditEvent

pytestmark = pytest.mark.django_db

DRY_RUN = replace(ORDER, post_to_pms=False)


@pytest.fixture
def approved(cast, now) -> Calculation:
    """Approve a calculation with three charges."""
    return small_calculation(cast, now)


@pytest.fixture
def post(settings, approved, cast, now):
    """Give a function that confirms the posting of the approved calculation."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True

    def confirm(order: PostingOrder = ORDER) -> PostingJob:
        return create_posting_job(
            calculation=approved,
            order=order,
            gateway=gateway_to_nowhere(),
            by=cast.accountant,
            now=now,
        )

    return confirm


def test_it_makes_one_posting_for_each_charge(post, approved):
    job = post()

    postings = job.postings.select_related("charge")
    assert {posting.charge for posting in postings} == set(approved.charges.all())
    assert postings.count() == 3
    for posting in postings:
        assert (posting.state, posting.tries) == (PostingState.PENDING, 0)
        assert posting.amount_cents == posting.charge.amount_cents
        assert posting.connection == job.connection
        assert posting.events.get().to_state == PostingState.PENDING


def test_each_posting_has_a_reference_of_its_own(post):
    references = set(post().postings.values_list("reference", flat=True))

    assert len(references) == 3
    assert {find_reference(reference) for reference in references} == references


def test_the_bytes_that_will_be_sent_are_frozen(post, sandbox, gateway, clock):
    job = post()

    for posting in job.postings.select_related("charge"):
        body = json.loads(posting.body, parse_float=Decimal)
        assert body == {
            "unit_id": posting.charge.propexo_unit_id,
            "amount": Decimal(posting.amount_cents) / 100,
            "effective_date": "2026-04-01",
            "charge_code": "UTIL",
            "description": f"March 2026 Utility Charge (RUBS) [{posting.reference}]",
        }
        assert posting.body_sha256 == hashlib.sha256(posting.body.encode()).hexdigest()

    before = dict(job.postings.values_list("pk", "body"))
    drain(connection_id=job.connection_id, gateway=gateway, clock=clock)
    assert dict(job.postings.values_list("pk", "body")) == before


def test_it_wakes_the_workers_and_writes_the_audit_trail(post, cast, now, settings):
    OrmQ.objects.all().delete()

    job = post()

    assert OrmQ.objects.count() == settings.Q_CLUSTER["workers"]
    event = AuditEvent.objects.get(verb="job.created")
    assert (event.actor, event.at, event.subject_id) == (cast.accountant, now, str(job.pk))
    assert event.after["tenants_cents"] == job.calculation.tenants_cents


def test_nothing_is_sent_when_a_job_is_confirmed(post, sandbox):
    post()

    assert sandbox.ledger() == ()


def test_a_second_job_is_refused_and_says_who_and_when(post):
    first = post()

    with pytest.raises(AlreadyPosted, match="by Accountant on 2026-04-02") as refusal:
        post()

    assert refusal.value.job == first
    assert first.public_id in str(refusal.value)
    assert PostingJob.objects.count() == 1
    assert Posting.objects.count() == 3


def test_a_charge_that_failed_and_was_resolved_by_hand_is_not_posted_by_another_job(
    post, cast, now
):
    job = post()
    job.postings.update(state=PostingState.REJECTED)
    for posting in job.postings.all():
        resolve_posting(posting=posting, note="Typed in.", by=cast.accountant, now=now)

    with pytest.raises(AlreadyPosted):
        post()


def test_a_dry_run_is_recorded_and_skips_everything(post, gateway, sandbox, clock, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = False
    OrmQ.objects.all().delete()

    job = post(DRY_RUN)

    counts = count_job(job)
    assert (counts.total, counts.skipped, counts.status) == (3, 3, "completed")
    assert AuditEvent.objects.filter(verb="job.dry_run").exists()
    assert not OrmQ.objects.exists()
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    assert drain(connection_id=job.connection_id, gateway=gateway, clock=clock) == 0
    assert sandbox.ledger() == ()


def test_dry_runs_leave_the_way_free(post):
    dry = [post(DRY_RUN), post(DRY_RUN)]

    job = post()

    references = Posting.objects.values_list("reference", flat=True)
    assert len(set(references)) == len(references) == 9
    assert count_job(job).pending == 3
    assert {count_job(run).skipped for run in dry} == {3}


def test_it_refuses_while_posting_is_switched_off(post, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = False

    with pytest.raises(PostingDisabled, match="PROPEXO_CHARGE_POSTING_ENABLED"):
        post()

    assert not PostingJob.objects.exists()


@pytest.mark.parametrize("state", sorted(set(CalculationState) - {CalculationState.APPROVED}))
@pytest.mark.parametrize("order", [ORDER, DRY_RUN], ids=["for real", "dry run"])
def test_it_refuses_what_is_not_approved(post, approved, state, order):
    approved.state = state
    approved.save()

    with pytest.raises(WrongState, match="Only an approved calculation"):
        post(order)

    assert not PostingJob.objects.exists()


def test_it_refuses_a_calculation_that_is_out_of_date(post, approved):
    approved.bill.property.units.filter(unit_number="101").update(sqft=1)

    with pytest.raises(OutOfDate):
        post()

    assert not PostingJob.objects.exists()


def test_it_refuses_a_property_without_a_connection(post):
    PropertyLink.objects.all().delete()

    with pytest.raises(NotLinked):
        post()


def test_a_charge_of_nothing_is_not_posted(post, approved):
    approved.charges.filter(unit_label="101").update(amount_cents=0)

    job = post()

    assert job.postings.count() == 2
    assert not job.postings.filter(charge__unit_label="101").exists()


def test_a_calculation_without_any_charge_is_not_posted(post, approved):
    approved.charges.update(amount_cents=0)

    with pytest.raises(NothingToPost):
        post()

    assert not PostingJob.objects.exists()


def test_nothing_is_kept_that_cannot_be_written_into_the_audit_trail(post):
    OrmQ.objects.all().delete()

    with audit_down():
        post()

    assert not PostingJob.objects.exists()
    assert not Posting.objects.exists()
    assert not PostingEvent.objects.exists()
    assert not OrmQ.objects.exists()


def test_a_calculation_replaced_after_it_was_read_is_not_posted(post, approved, cast, now):
    calculate_bill(bill=approved.bill, by=cast.manager, now=now)

    with pytest.raises(WrongState, match="superseded"):
        post()
