"""After a job in which nothing got through: nobody was charged, so the way stays open."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.urls import reverse

from billing.models import Calculation, CalculationState, Posting, PostingJob, PostingState
from billing.operations.calculations import WrongState, calculate_bill
from billing.operations.failures import resolve_posting, retry_posting
from billing.operations.posting_jobs import DuplicatesFound, create_posting_job
from billing.queries import count_job, earlier_postings
from billing.tests.small_place import ORDER, gateway_to_nowhere, small_calculation
from portfolios.tests.pages import check_page, text_of, the

pytestmark = pytest.mark.django_db


@pytest.fixture
def approved(settings, cast, now) -> Calculation:
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return small_calculation(cast, now)


@pytest.fixture
def post(approved, cast, now):
    """Give a function that confirms the posting of the approved calculation."""

    def confirm(charge_code: str = "UTIL") -> PostingJob:
        return create_posting_job(
            calculation=approved,
            order=replace(ORDER, charge_code=charge_code),
            gateway=gateway_to_nowhere(),
            by=cast.accountant,
            now=now,
        )

    return confirm


@pytest.fixture
def failed(post) -> PostingJob:
    """Have every charge of a job refused."""
    job: PostingJob = post()
    job.postings.update(state=PostingState.REJECTED, error_code="INVALID_CHARGE_CODE", error="No.")
    return job


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


def test_the_pages_say_so_and_offer_to_post_and_to_calculate(failed, approved, cast, signed_in):
    accountant, manager = signed_in(cast.accountant), signed_in(cast.manager)
    page = check_page(accountant.get(url("calculation-detail", approved.pk)))
    assert page.find("a", href=url("posting-create", approved.pk))
    page = check_page(manager.get(url("bill-detail", approved.bill_id)))
    assert page.find("form", action=url("calculation-create", approved.bill_id))
    assert "This bill was posted" not in text_of(the(page, "main"))
    page = check_page(manager.get(url("bill-list")))
    assert "Nothing posted, 3 failed" in text_of(the(page, "main"))
    assert earlier_postings(approved.bill) == []


def test_the_same_code_is_posted_again_by_a_job_that_replaces_the_failed_one(failed, post):
    job = post()

    assert count_job(job).pending == 3
    assert count_job(failed).skipped == 3
    notes = [posting.events.last().note for posting in failed.postings.all()]
    assert notes == [f"Replaced by job {job.public_id}."] * 3
    references = set(Posting.objects.values_list("reference", flat=True))
    assert len(references) == 6


def test_what_was_replaced_cannot_be_sent_any_more(failed, post, cast, now):
    stale = failed.postings.first()
    post()

    with pytest.raises(WrongState):
        retry_posting(posting=Posting.objects.get(pk=stale.pk), by=cast.accountant, now=now)
    with pytest.raises(WrongState):
        retry_posting(posting=stale, by=cast.accountant, now=now)


def test_another_code_needs_no_word_about_an_earlier_posting(failed, post):
    assert count_job(post(charge_code="RUBS")).pending == 3


@pytest.mark.parametrize("state", ["pending", "posted", "review"])
def test_a_charge_that_may_be_in_the_pms_is_left_out(failed, post, approved, state):
    one = failed.postings.first()
    Posting.objects.filter(pk=one.pk).update(state=state, remote_charge_id="chg_1")

    assert count_job(post(charge_code="RUBS")).total == 2
    one.refresh_from_db()
    assert one.state == state
    with pytest.raises(DuplicatesFound):
        post()
    with pytest.raises(WrongState, match="has been posted"):
        calculate_bill(bill=approved.bill, by=approved.prepared_by, now=approved.prepared_at)


def test_a_failure_that_was_charged_by_hand_is_left_out(failed, post, cast, now):
    resolve_posting(posting=failed.postings.first(), note="Typed in.", by=cast.accountant, now=now)

    assert count_job(post()).total == 2


def test_calculated_anew_the_old_failures_are_over(failed, approved, cast, now):
    anew = calculate_bill(bill=approved.bill, by=cast.manager, now=now)

    approved.refresh_from_db()
    assert (anew.version, approved.state) == (2, CalculationState.SUPERSEDED)
    assert set(failed.postings.values_list("state", flat=True)) == {PostingState.CANCELLED}
    assert failed.postings.first().events.last().note == "The bill was calculated anew."
