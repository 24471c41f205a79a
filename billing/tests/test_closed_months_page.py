"""Charges refused for a closed month: said in plain words, and posted in the next open one."""

from __future__ import annotations

from datetime import date

import pytest
import requests
from django.urls import reverse
from django.utils import timezone

from billing.closed_months import latest_closed_month
from billing.models import PostingJob, PostingState
from billing.operations.failures import retry_posting
from billing.queries import count_job
from billing.tests.acts import link, post, run_workers
from billing.tests.test_posting_page import fields_of
from portfolios.tests.pages import check_page, text_of, the

pytestmark = pytest.mark.django_db


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


def close(sandbox, month: str) -> None:
    body = {"property_id": "prop_001", "through": month}
    answer = requests.post(f"{sandbox.base_url}/_sandbox/closed-periods", json=body, timeout=5)
    assert answer.ok, answer.text


@pytest.fixture
def refused(settings, cast, approved, gateway, sandbox, now) -> PostingJob:
    """Post charges dated 1 April after the books of April were closed."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    close(sandbox, "2026-04")
    job = post(approved, by=cast.accountant, gateway=gateway, now=now)
    run_workers(job, gateway=gateway, now=now)
    return job


def test_it_is_a_cause_of_its_own_that_names_the_month(refused, cast, signed_in):
    posting = refused.postings.first()
    assert set(refused.postings.values_list("error_code", flat=True)) == {"PERIOD_CLOSED"}
    assert "accounting month of the charge is closed" in posting.error

    page = check_page(signed_in(cast.viewer).get(url("posting-detail", posting.pk)))
    main = text_of(the(page, "main"))
    assert "The accounting month April 2026 is closed in the PMS" in main
    assert "Nothing was charged." in main
    assert "post it in the next open month instead" in main
    failures = check_page(signed_in(cast.viewer).get(url("failure-list")))
    assert "The accounting month is closed in the PMS" in text_of(the(failures, "main"))


def test_what_the_pms_said_is_known_with_when_and_from_which_charge(refused, now):
    closed = latest_closed_month(refused.calculation.bill.property)

    assert closed is not None
    assert (closed.month, closed.next_open) == (date(2026, 4, 1), date(2026, 5, 1))
    assert (closed.said_at, closed.posting.job) == (now, refused)


def test_one_button_posts_them_in_the_next_open_month(refused, cast, signed_in, gateway, sandbox):
    client = signed_in(cast.accountant)
    page = check_page(client.get(url("job-detail", refused.public_id)))
    form_url = f"{url('posting-create', refused.calculation_id)}?instead_of={refused.public_id}"
    assert text_of(link(page, form_url)) == "Post them in May 2026 instead"
    page = check_page(client.get(form_url))
    main = text_of(the(page, "main"))
    assert "April 2026 is closed in the PMS." in main
    assert "the charge date below starts there, and you can change it" in main
    assert "takes no post month through Propexo" in main
    sent = fields_of(page)
    assert (sent["charge_date"], sent["charge_code"]) == ("2026-05-01", "WATER")
    page = check_page(client.post(form_url, sent))
    assert "dated 1 May 2026" in text_of(the(page, "h1"))
    client.post(form_url, fields_of(page))

    job = PostingJob.objects.exclude(pk=refused.pk).get()
    assert set(refused.postings.values_list("state", flat=True)) == {PostingState.CANCELLED}
    run_workers(job, gateway=gateway, now=timezone.now())
    assert count_job(job).posted == len(sandbox.ledger()) == 45
    assert {entry.effective_date for entry in sandbox.ledger()} == {"2026-05-01"}
    page = check_page(client.get(url("job-detail", refused.public_id)))
    assert "instead" not in text_of(the(page, "main"))


def test_a_closed_month_that_is_chosen_all_the_same_is_warned_of_and_not_changed(
    refused, cast, approved, signed_in
):
    order = {"charge_date": "2026-04-15", "charge_code": "WATER", "description": "Water"}
    page = check_page(signed_in(cast.accountant).post(url("posting-create", approved.pk), order))

    assert "April 2026 was closed in the PMS when last heard of" in text_of(the(page, "main"))
    assert "dated 15 Apr 2026" in text_of(the(page, "h1"))


def test_who_may_not_post_is_told_who_may(refused, cast, signed_in):
    page = check_page(signed_in(cast.manager).get(url("job-detail", refused.public_id)))

    main = text_of(the(page, "main"))
    assert "The accounting month April 2026 is closed in the PMS." in main
    assert "An accountant of the portfolio can post them in the next open month." in main
    assert not page.find("a", string="Post them in May 2026 instead")


def test_a_month_that_took_a_charge_since_counts_as_open(refused, cast, gateway, sandbox, clock):
    requests.delete(
        f"{sandbox.base_url}/_sandbox/closed-periods?property_id=prop_001", timeout=5
    ).raise_for_status()
    clock.advance(minutes=5)
    retry_posting(posting=refused.postings.first(), by=cast.accountant, now=clock())
    assert latest_closed_month(refused.calculation.bill.property) is not None
    run_workers(refused, gateway=gateway, now=clock())

    assert count_job(refused).posted == 1
    assert latest_closed_month(refused.calculation.bill.property) is None


def test_what_another_job_replaced_still_tells_when_it_was_said(
    refused, cast, approved, gateway, clock, now
):
    clock.advance(days=1)
    post(approved, by=cast.accountant, gateway=gateway, now=clock())

    closed = latest_closed_month(approved.bill.property)

    assert closed is not None
    assert (closed.month, closed.said_at) == (date(2026, 4, 1), now)
