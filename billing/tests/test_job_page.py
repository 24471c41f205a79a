"""Posting jobs and how they get on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from billing.models import PostingState
from billing.tasks import work_on_ledger_checks
from billing.tests.acts import post, row_of
from billing.tests.worked_jobs import ordered_job, worked_job
from integrations.models import ConnectionStatus
from portfolios.tests.pages import check_page, check_part, text_of, the


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


@pytest.fixture
def job(settings, cast, approved, sandbox, now):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return ordered_job(approved, cast.accountant, now, sandbox)


@pytest.fixture
def over(settings, cast, approved, sandbox, now):
    """Give a job that is over, with one failure: the resident of unit 304 has moved out."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return worked_job(approved, cast.accountant, now, sandbox, "304")


def page_of(client, job, query: str = ""):
    return check_page(client.get(url("job-detail", job.public_id) + query))


def main_of(client, job) -> str:
    return text_of(the(page_of(client, job), "main"))


def title_of(page) -> str:
    return text_of(the(page, "title"))


def legend(page) -> list[int]:
    items = page.select(".bar-legend li")
    return [int(text_of(item).split()[0]) for item in items]


def test_the_list_shows_each_job_in_words(cast, over, signed_in):
    page = check_page(signed_in(cast.viewer).get(url("job-list")))
    row = row_of(page, url("job-detail", over.public_id))
    assert "Posted with 1 failed" in row
    assert "March 2026 water" in row


def test_an_empty_list_says_how_jobs_come_about(cast, signed_in):
    page = check_page(signed_in(cast.viewer).get(url("job-list")))
    assert "Nothing has been posted yet" in text_of(the(page, "main"))


def test_the_list_of_a_stranger_is_empty(cast, over, signed_in):
    assert over.public_id not in text_of(check_page(signed_in(cast.stranger).get(url("job-list"))))


def test_the_bar_always_sums(cast, over, signed_in):
    *parts, total = legend(page_of(signed_in(cast.viewer), over))
    assert parts == [44, 0, 0, 1, 0, 0, 0]
    assert sum(parts) == total == 45


def test_a_job_that_is_over_does_not_poll_any_more(cast, over, signed_in):
    page = page_of(signed_in(cast.viewer), over)
    assert not page.select("[hx-get]")
    assert not page.select("meta[http-equiv=refresh]")
    assert title_of(page).startswith("100 % · Posted with 1 failed")


def test_a_job_under_way_polls_its_moving_part(cast, job, signed_in):
    client = signed_in(cast.viewer)
    page = page_of(client, job, "?state=pending")
    polling = the(page, "[hx-get]")
    assert polling["hx-get"] == url("job-detail", job.public_id) + "?state=pending"
    assert page.select("noscript meta[http-equiv=refresh]")
    assert title_of(page).startswith("0 %")
    part = check_part(client.get(polling["hx-get"], headers={"HX-Request": "true"}))
    assert part.find(id="progress")
    assert title_of(part).startswith("0 %")


def test_the_part_stops_polling_when_the_job_is_over(cast, over, signed_in):
    client = signed_in(cast.viewer)
    response = client.get(url("job-detail", over.public_id), headers={"HX-Request": "true"})
    assert not check_part(response).select("[hx-get]")


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("posted", "44 charges"),
        ("failed", "1 charge"),
        ("pending", ""),
        ("", "45 charges"),
        ("odd", "45 charges"),
    ],
)
def test_the_parts_of_the_bar_choose_the_charges(cast, over, signed_in, state, shown):
    page = page_of(signed_in(cast.viewer), over, f"?state={state}")
    if shown:
        assert f"of {shown} " in text_of(the(page, ".pager"))
    else:
        assert "No charge is in this state" in text_of(the(page, "main"))


def test_a_failed_charge_says_what_is_wrong(cast, over, signed_in):
    page = page_of(signed_in(cast.viewer), over, "?state=failed")
    row = text_of(the(page, "tbody tr"))
    assert row.startswith("304 ")
    assert "No active lease found for unit 304" in row


def test_it_says_when_no_worker_picks_the_job_up(cast, job, signed_in):
    assert "No worker has picked this up" in text_of(
        the(page_of(signed_in(cast.viewer), job), "main")
    )


def test_it_has_some_patience_first(cast, settings, approved, gateway, signed_in):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    fresh = post(approved, by=cast.accountant, gateway=gateway, now=timezone.now())
    text = main_of(signed_in(cast.viewer), fresh)
    assert "Waiting for a worker" in text
    assert "No worker has picked this up" not in text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"status": ConnectionStatus.LOGIN_EXPIRED}, "needs a new login"),
        ({"paused_until": timedelta(minutes=5)}, "goes on by itself"),
    ],
)
def test_it_says_what_the_connection_waits_for(cast, job, signed_in, change, sentence):
    for name, value in change.items():
        moment = timezone.now() + value if isinstance(value, timedelta) else value
        setattr(job.connection, name, moment)
    job.connection.save()
    text = main_of(signed_in(cast.viewer), job)
    assert sentence in text
    assert "No worker has picked this up" not in text


def test_it_says_when_the_next_try_is(cast, job, signed_in):
    later = timezone.now() + timedelta(minutes=10)
    job.postings.update(not_before=later, waiting_because="Propexo could not be reached.")
    text = main_of(signed_in(cast.viewer), job)
    assert "The next try is at" in text
    assert "Propexo could not be reached." in text


def test_it_says_when_posting_was_switched_off_meanwhile(cast, job, settings, signed_in):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = False
    assert "switched off" in main_of(signed_in(cast.viewer), job)


def test_charges_in_doubt_are_being_checked(cast, over, now, signed_in):
    over.postings.filter(state=PostingState.REJECTED).update(
        state=PostingState.UNKNOWN, settle_at=now
    )
    page = page_of(signed_in(cast.viewer), over)
    assert "Checking with the PMS" in text_of(the(page, "main"))
    assert title_of(page).startswith("97 %")


def test_strangers_see_no_job(cast, job, signed_in):
    client = signed_in(cast.stranger)
    assert client.get(url("job-detail", job.public_id)).status_code == 404
    assert client.get(url("posting-detail", job.postings.first().pk)).status_code == 404


def test_the_page_needs_few_queries(cast, over, signed_in, django_assert_max_num_queries):
    client = signed_in(cast.viewer)
    with django_assert_max_num_queries(24):
        client.get(url("job-detail", over.public_id))


def test_an_accountant_pauses_resumes_and_stops_a_job(cast, job, signed_in):
    client = signed_in(cast.accountant)

    client.post(url("job-pause", job.public_id))
    page = page_of(client, job)
    assert "This job is paused" in text_of(the(page, "main"))
    client.post(url("job-resume", job.public_id))
    assert "paused" not in main_of(client, job)

    question = check_page(client.get(url("job-stop", job.public_id)))
    assert "45 charges that wait are never sent" in text_of(the(question, "main"))
    answer = client.post(url("job-stop", job.public_id), follow=True)
    assert "Stopped. The PMS has 0 charges of this job" in text_of(check_page(answer))
    assert set(job.postings.values_list("state", flat=True)) == {PostingState.CANCELLED}


@pytest.mark.parametrize("act", ["job-pause", "job-resume", "job-stop", "job-retry", "job-check"])
def test_only_an_accountant_of_the_portfolio_steers_a_job(cast, job, signed_in, act):
    assert signed_in(cast.manager).post(url(act, job.public_id)).status_code == 403
    assert signed_in(cast.stranger).post(url(act, job.public_id)).status_code == 404
    assert "Pause" not in main_of(signed_in(cast.manager), job)


def test_what_cannot_be_done_any_more_is_said(cast, over, signed_in):
    client = signed_in(cast.accountant)
    for act in ("job-pause", "job-resume", "job-stop"):
        answer = client.post(url(act, over.public_id), follow=True)
        assert check_page(answer).select(".notice.tone-danger")


def test_all_failures_of_a_job_are_sent_again_at_once(cast, over, signed_in):
    over.calculation.bill.property.link.__class__.objects.update(last_synced_at=timezone.now())
    client = signed_in(cast.accountant)

    answer = client.post(url("job-retry", over.public_id), follow=True)

    assert "1 charge will be sent again" in text_of(check_page(answer))


def test_the_comparison_with_the_pms_stands_on_the_page(cast, over, signed_in):
    client = signed_in(cast.accountant)
    assert "Compare with the PMS" in main_of(client, over)

    client.post(url("job-check", over.public_id))
    work_on_ledger_checks()

    assert "All 44 posted charges are in the PMS's ledger once" in main_of(client, over)
