"""The accounting month in which a PMS books charges: asked for where the PMS takes one."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from billing.models import Calculation, PostingJob, PostingState
from billing.tests.acts import alert_of
from billing.tests.small_place import gateway_to_nowhere, small_calculation
from billing.tests.test_posting_page import fields_of
from billing.views import posting_orders
from integrations.models import ChartReading, Connection
from portfolios.tests.pages import check_page, text_of, the

pytestmark = pytest.mark.django_db

ORDER = {
    "charge_date": "2026-04-01",
    "post_month": "2026-04",
    "charge_code": "WATER",
    "description": "March 2026 Water Charge (RUBS)",
}


@pytest.fixture
def approved(settings, cast, now, monkeypatch) -> Calculation:
    """Approve three charges for a Yardi whose interface takes a post month."""
    settings.PROPEXO_CONTRACT = "auto"
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    calculation = small_calculation(cast, now)
    Connection.objects.update(contract="v1", provider="yardi")
    ChartReading.objects.update(read_at=timezone.now())
    monkeypatch.setattr(posting_orders, "open_property_gateway", lambda _: gateway_to_nowhere())
    return calculation


@pytest.fixture
def page_url(approved) -> str:
    return reverse("billing:posting-create", args=[approved.pk])


def refuse_for_closed(job: PostingJob) -> None:
    job.postings.update(state=PostingState.REJECTED, error_code="PERIOD_CLOSED", error="Closed.")


def make_job(client, page_url: str, **changes: str) -> PostingJob:
    page = check_page(client.post(page_url, ORDER | changes))
    client.post(page_url, fields_of(page))
    return PostingJob.objects.latest("pk")


def test_the_form_starts_with_the_month_of_the_charge_date(cast, page_url, signed_in):
    page = check_page(signed_in(cast.accountant).get(page_url))

    assert fields_of(page)["post_month"] == "2026-04"
    assert "It has to be open in the PMS." in text_of(the(page, "main"))


@pytest.mark.parametrize(
    ("month", "sentence"),
    [
        ("April", "Post month must be a month such as 2026-04."),
        ("2026-13", "Post month must be a month such as 2026-04."),
        ("2026/04", "Post month must be a month such as 2026-04."),
        ("1999-12", "Post month must be a month such as 2026-04."),
        ("2027-05", "Post month must lie within a year of the charge date, 2026-04-01."),
    ],
)
def test_a_wrong_month_is_answered_by_a_sentence(cast, page_url, signed_in, month, sentence):
    page = check_page(signed_in(cast.accountant).post(page_url, ORDER | {"post_month": month}))

    assert sentence in alert_of(page)
    assert not PostingJob.objects.exists()


def test_the_month_is_asked_once_more_and_goes_with_the_job(cast, page_url, signed_in):
    client = signed_in(cast.accountant)
    page = check_page(client.post(page_url, ORDER | {"post_month": "2026-05"}))
    assert "dated 1 Apr 2026 (post month May 2026)" in text_of(the(page, "h1"))

    job = make_job(client, page_url, post_month="2026-05")

    assert job.post_month == date(2026, 5, 1)
    shown = check_page(client.get(reverse("billing:job-detail", args=[job.public_id])))
    assert "WATER, dated 1 Apr 2026, booked in May 2026" in text_of(the(shown, "main"))
    listed = check_page(client.get(reverse("billing:job-list")))
    assert "1 Apr 2026 in May 2026" in text_of(the(listed, "main"))


def test_without_a_month_the_pms_goes_by_the_charge_date(cast, page_url, signed_in):
    assert make_job(signed_in(cast.accountant), page_url, post_month="").post_month is None


def test_the_next_open_month_is_proposed_and_the_charge_date_stays(cast, page_url, signed_in):
    client = signed_in(cast.accountant)
    job = make_job(client, page_url)
    refuse_for_closed(job)

    page = check_page(client.get(f"{page_url}?instead_of={job.public_id}"))

    sent = fields_of(page)
    assert (sent["charge_date"], sent["post_month"]) == ("2026-04-01", "2026-05")
    assert "the post month below starts there" in text_of(the(page, "main"))
