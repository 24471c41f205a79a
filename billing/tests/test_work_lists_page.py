from __future__ import annotations

import pytest
from django.urls import reverse

from billing.models import Posting, PostingState
from billing.tests.acts import post
from billing.worklists import jobs_under_way
from portfolios.tests.pages import check_page, text_of

BILLS = reverse("billing:bill-list")
JOBS = reverse("billing:job-list")
FAILURES = reverse("billing:failure-list")


def rows_of(response) -> list[str]:
    return [text_of(row) for row in check_page(response).select("main tbody tr")]


@pytest.fixture
def viewer(cast, signed_in):
    return signed_in(cast.viewer)


@pytest.fixture
def job(cast, approved, gateway, now, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return post(approved, by=cast.accountant, gateway=gateway, now=now)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"q": "maplewood"}, 1),
        ({"q": "nowhere"}, 0),
        ({"utility": "water"}, 1),
        ({"utility": "gas"}, 0),
        ({"show": "to-calculate"}, 1),
        ({"show": "to-post"}, 0),
        ({"show": "odd", "utility": "odd", "q": "\x00"}, 1),
    ],
)
def test_bills_are_narrowed_down(bill, viewer, query, count):
    assert len(rows_of(viewer.get(BILLS, query))) == count


def test_a_narrowed_list_keeps_what_was_searched_for(bill, viewer):
    page = check_page(viewer.get(BILLS, {"q": "maple", "show": "to-calculate"}))
    links = [link["href"] for link in page.select(".quick-filters a")]
    assert all("q=maple" in link for link in links)
    (kept,) = page.select("main form input[name=show]")
    assert kept["value"] == "to-calculate"


@pytest.mark.parametrize("state", ["pending", "accepted", "unknown"])
def test_a_job_is_under_way_until_all_its_charges_rest(cast, job, viewer, now, state):
    Posting.objects.update(state=PostingState.REJECTED)
    assert rows_of(viewer.get(JOBS, {"show": "under-way"})) == []
    one = Posting.objects.filter(pk=Posting.objects.earliest("pk").pk)
    one.update(state=state, settle_at=now, remote_job_id="job")
    assert len(rows_of(viewer.get(JOBS, {"show": "under-way"}))) == 1
    assert list(jobs_under_way(type(job).objects.all())) == [job]


def test_failures_are_shown_for_one_cause(job, viewer):
    ids = list(Posting.objects.values_list("pk", flat=True))
    Posting.objects.update(state=PostingState.REJECTED, error_code="RATE_LIMITED")
    Posting.objects.filter(pk__in=ids[:2]).update(error_code="LEASE_NOT_FOUND")
    page = check_page(viewer.get(FAILURES, {"cause": "LEASE_NOT_FOUND"}))
    assert len(page.select("main tbody tr")) == 2
    (open_tab,) = page.select(".quick-filters [aria-current]")
    assert text_of(open_tab) == "No active lease in the PMS 2"


@pytest.mark.parametrize("url", [BILLS, JOBS, FAILURES])
def test_a_stranger_sees_nothing_in_the_lists(cast, job, signed_in, url):
    assert rows_of(signed_in(cast.stranger).get(url)) == []
