"""The time line, the parts and the end states of a job, and the list of jobs."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from billing.models import AttemptOutcome, Posting, PostingAttempt, PostingState
from billing.queries import count_job
from billing.tests.small_place import small_job
from billing.views.job_parts import PARTS, charges_in, segments
from billing.views.job_times import ago, job_times
from billing.views.wording import job_badge
from portfolios.tests.pages import check_page, check_part, text_of, the

JOBS = reverse("billing:job-list")


@pytest.fixture
def job(settings, cast, now):
    settings.PROPEXO_API_KEY = "a key"
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return small_job(cast, now)


@pytest.fixture
def viewer(cast, signed_in):
    return signed_in(cast.viewer)


def settle(posting: Posting, state: str, at, *, evidence: str = "response", **more: object) -> None:
    """Bring a charge to rest after one call."""
    outcome = AttemptOutcome.POSTED if state == PostingState.POSTED else AttemptOutcome.REJECTED
    PostingAttempt.objects.create(
        posting=posting,
        number=1,
        token="t",
        host="here",
        pid=1,
        started_at=at,
        finished_at=at,
        outcome=outcome,
        evidence=evidence,
    )
    more.setdefault("remote_charge_id", f"chg_{posting.pk}" if state == PostingState.POSTED else "")
    Posting.objects.filter(pk=posting.pk).update(state=state, state_at=at, **more)


def badge_of(job) -> str:
    job.refresh_from_db()
    return job_badge(job, count_job(job)).label


def times_of(job, now):
    return job_times(job, count_job(job), waiting=None, now=now)


def beside(selector: str) -> str:
    """Find in an answer what htmx puts into another element of the page."""
    return f"[hx-swap-oob='innerHTML:{selector}']"


def url(job, query: str = "") -> str:
    return reverse("billing:job-detail", args=[job.public_id]) + query


def test_the_parts_are_of_every_posting_and_sum(job, now):
    one, two, three = job.postings.all()
    settle(one, PostingState.POSTED, now)
    settle(two, PostingState.POSTED, now, evidence="ledger")
    settle(three, PostingState.POSTED, now, reversed_at=now)

    found = {part.label: part.count for part in segments(job, count_job(job))}

    assert found["posted"] == found["already there"] == found["reversed"] == 1
    assert sum(found.values()) == 3
    assert [job.postings.filter(charges_in(part)).count() for part in PARTS] == list(found.values())


@pytest.mark.parametrize("state", PostingState.values)
def test_every_state_is_in_one_part(job, now, state):
    job.postings.update(state=state, settle_at=now, remote_job_id="j", token="t", lease_until=now)
    assert sum(job.postings.filter(charges_in(part)).count() for part in PARTS) == 3
    assert sum(part.count for part in segments(job, count_job(job))) == 3


def test_it_says_what_the_rate_is_and_how_long_it_takes(job, now):
    one, two, _ = job.postings.all()
    settle(one, PostingState.POSTED, now)
    settle(two, PostingState.POSTED, now + timedelta(seconds=30))

    times = times_of(job, now + timedelta(seconds=60))

    assert times.started == now
    assert times.beat_ago == "30 s ago"
    assert times.rate == "2 charges a minute"
    assert times.estimate == "less than a minute left"
    assert times.finished is None


def test_a_job_that_nobody_has_begun_has_no_rate(job, now):
    times = times_of(job, now + timedelta(hours=1))
    assert (times.started, times.beat_ago, times.rate, times.estimate) == (None, "", "", "")


def test_a_job_that_is_over_says_when_it_ended(job, now):
    for posting in job.postings.all():
        settle(posting, PostingState.POSTED, now + timedelta(seconds=9))
    times = times_of(job, now + timedelta(days=1))
    assert times.finished == now + timedelta(seconds=9)
    assert times.rate == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s ago"), (8, "8 s ago"), (119, "119 s ago"), (180, "3 minutes ago")],
)
def test_ages_are_told_to_the_second_while_they_are_fresh(seconds, words):
    assert ago(timedelta(seconds=seconds)) == words


def test_the_end_states_are_said_in_words(cast, job, now):
    one, two, three = job.postings.all()
    settle(one, PostingState.POSTED, now)
    settle(two, PostingState.POSTED, now)
    settle(three, PostingState.REJECTED, now)
    assert badge_of(job) == "Posted with 1 failed"

    third = Posting.objects.filter(pk=three.pk)
    third.update(resolved_at=now, resolved_by=cast.accountant, resolution="By hand.")
    assert badge_of(job) == "Posted, 1 resolved by hand"

    third.update(resolved_at=None, resolved_by=None, resolution="", state=PostingState.REVIEW)
    assert badge_of(job) == "Needs checking"

    third.update(state=PostingState.CANCELLED)
    job.stopped_at, job.stopped_by = now, cast.accountant
    job.save()
    assert badge_of(job) == "Stopped, 2 posted"

    third.update(state=PostingState.POSTED, remote_charge_id="chg_3")
    assert badge_of(job) == "Posted"


def test_a_paused_job_says_so(cast, job, now):
    job.paused_at, job.paused_by = now, cast.accountant
    job.save()
    assert badge_of(job) == "Paused"


def test_the_page_tells_who_approved_and_what_happened(job, viewer):
    settle(job.postings.all()[0], PostingState.POSTED, timezone.now())
    line = text_of(the(check_page(viewer.get(url(job))), ".time-line"))
    assert "Approved by Accountant" in line
    assert "Created by Accountant" in line
    assert "Started" in line
    assert "s ago" in line


def test_a_screen_reader_hears_what_is_new_once(job, viewer):
    page = check_page(viewer.get(url(job)))
    news = the(page, "#job-news")
    assert (news["role"], news["aria-live"]) == ("status", "polite")
    said = str(the(page, "#progress")["hx-vals"]).split('"')[3]

    same = check_part(viewer.get(url(job, f"?said={said}"), headers={"HX-Request": "true"}))
    other = check_part(viewer.get(url(job, "?said=9-posting"), headers={"HX-Request": "true"}))

    assert not same.select(beside("#job-news"))
    assert text_of(the(other, beside("#job-news"))) == text_of(news)


@pytest.mark.parametrize("query", ["", "?state=posted", "?state=failed", "?state=pending&page=1"])
def test_what_is_swapped_equals_the_page_loaded_afresh(job, viewer, query, now):
    """The part itself, the rows and the pager, which stand beside it in the answer."""
    settle(job.postings.all()[0], PostingState.POSTED, now)

    page = check_page(viewer.get(url(job, query)))
    part = check_part(viewer.get(url(job, query), headers={"HX-Request": "true"}))

    def inside(document, selector: str) -> str:
        return " ".join(the(document, selector).decode_contents().split())

    def without_tokens(text: str) -> str:
        return re.sub(r'value="[A-Za-z0-9]{64}"', "", text)

    fresh, swapped = (without_tokens(inside(each, "#progress")) for each in (page, part))
    assert fresh == swapped
    for selector in ("#job-rows", "#job-pager"):
        assert inside(page, selector) == inside(part, beside(selector))
    assert the(page, "#progress").attrs == the(part, "#progress").attrs
    assert text_of(the(page, "title")) == text_of(the(part, "title"))


def test_polling_does_not_carry_what_was_said_along(job, viewer):
    part = check_part(
        viewer.get(url(job, "?state=failed&said=1-x"), headers={"HX-Request": "true"})
    )
    assert the(part, "#progress")["hx-get"] == url(job, "?state=failed")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 1),
        ({"q": "maplewood"}, 1),
        ({"q": "UTIL"}, 1),
        ({"q": "nowhere"}, 0),
        ({"utility": "water"}, 1),
        ({"utility": "gas"}, 0),
        ({"connection": "999999"}, 0),
        ({"connection": "9" * 30, "show": "odd", "utility": "odd", "sort": "odd"}, 1),
        ({"show": "under-way"}, 1),
        ({"show": "failed"}, 0),
        ({"show": "in-doubt"}, 0),
        ({"show": "stopped"}, 0),
        ({"show": "paused"}, 0),
        ({"show": "reversals"}, 0),
        ({"show": "dry-runs"}, 0),
        ({"sort": "property"}, 1),
        ({"sort": "-created"}, 1),
    ],
)
def test_jobs_are_narrowed_down_and_sorted(job, viewer, query, count):
    page = check_page(viewer.get(JOBS, query))
    assert len(page.select("main tbody tr")) == count
    if not count:
        assert "Show all jobs" in text_of(page)


def test_a_job_is_found_by_its_number(job, viewer):
    assert job.public_id in text_of(check_page(viewer.get(JOBS, {"q": job.public_id[4:10]})))


def test_the_kinds_are_counted(job, viewer, now):
    job.postings.update(state=PostingState.REVIEW)
    page = check_page(viewer.get(JOBS, {"show": "in-doubt"}))
    assert len(page.select("main tbody tr")) == 1
    words = [text_of(link) for link in page.select(".quick-filters a")]
    assert words == ["All 1", "Under way 0", "Need checking 1"]
