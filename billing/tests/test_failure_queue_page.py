"""The failures queue: its lists, what narrows them, and acts on several at once."""

from __future__ import annotations

from copy import copy
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.models import (
    FailureFollowUp,
    Posting,
    PostingJob,
    PostingState,
    ResolvedAs,
    SavedView,
)
from billing.operations.failures import resolve_posting
from billing.tests.small_place import small_job
from integrations.models import Connection, ConnectionStatus
from meterbase.lib.sheets.tests.reading import content_of, csv_records
from portfolios.models import AuditEvent, Lease
from portfolios.tests.pages import check_page, text_of, the

pytestmark = pytest.mark.django_db

FAILURES = reverse("billing:failure-list")
RETRY = reverse("billing:failure-retry")


def act(name: str) -> str:
    return reverse("billing:failure-act", args=[name])


@pytest.fixture
def job(settings, cast, now) -> PostingJob:
    """Have three charges refused."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    settings.PROPEXO_API_KEY = "px_test_nobody"
    made = small_job(cast, now)
    made.postings.update(state=PostingState.REJECTED, error_code="PMS_REJECTED", error="=1+1")
    return made


@pytest.fixture
def refused(job) -> list[Posting]:
    return list(job.postings.order_by("pk"))


@pytest.fixture
def accountant(cast, signed_in):
    return signed_in(cast.accountant)


def many(job: PostingJob, count: int, *, start: int = 0) -> None:
    """Fail more charges of the same job; each is somebody's."""
    first = job.postings.order_by("pk")[0]
    copies = []
    for number in range(start, start + count):
        more = copy(first)
        more.pk, more.reference, more.business_key = None, f"MB-{number:013}", f"more {number}"
        copies.append(more)
    Posting.objects.bulk_create(copies)
    made = Posting.objects.filter(business_key__startswith="more", follow_up=None)
    FailureFollowUp.objects.bulk_create(
        FailureFollowUp(
            posting=posting,
            assigned_to=job.created_by,
            assigned_by=job.created_by,
            assigned_at=job.created_at,
        )
        for posting in made
    )


# --- The lists --------------------------------------------------------------------------------


def test_each_cause_says_who_has_to_act_and_where(refused, accountant):
    Posting.objects.filter(pk=refused[0].pk).update(error_code="INVALID_CHARGE_CODE")
    page = check_page(accountant.get(FAILURES))
    here = next(s for s in page.select("main section") if "Needs a fix here" in text_of(s))
    place = refused[0].job.calculation.bill.property
    assert here.find("a", href=reverse("billing:charge-codes", args=[place.pk]))
    assert "INVALID_CHARGE_CODE" in text_of(the(here, "details"))


def test_a_long_cause_shows_its_oldest_and_leads_to_all(job, accountant):
    many(job, 60)
    page = check_page(accountant.get(FAILURES))
    assert len(page.select("main section tbody tr")) == 10
    assert "Show all 63" in text_of(the(page, "main section"))
    (link,) = page.find_all("a", string="Show all 63")
    page = check_page(accountant.get(link["href"]))
    assert len(page.select("main section tbody tr")) == 50
    assert "1–50 of 63" in text_of(the(page, "main"))


@pytest.mark.parametrize(
    "query", ["", "?cause=PMS_REJECTED", "?show=retrying", "?show=snoozed", "?show=resolved"]
)
def test_many_failures_cost_no_more_queries_than_few(job, accountant, cast, now, query):
    def prepare() -> None:
        rows = Posting.objects.all()
        if "retrying" in query:
            rows.update(state=PostingState.UNKNOWN, settle_at=now)
        if "resolved" in query:
            rows.update(resolved_by=cast.accountant, resolved_at=now, resolution="Done.")
        if "snoozed" in query:
            for posting in rows.filter(follow_up=None):
                FailureFollowUp.objects.create(posting=posting)
            tomorrow = timezone.localdate() + timedelta(days=1)
            FailureFollowUp.objects.update(
                snoozed_until=tomorrow, snoozed_by=cast.accountant, snoozed_at=now
            )

    many(job, 7)
    prepare()
    accountant.get(FAILURES + query)
    with CaptureQueriesContext(database) as few:
        page = check_page(accountant.get(FAILURES + query))
        assert len(page.select("main tbody tr")) == 10
    many(job, 290, start=7)
    prepare()
    with CaptureQueriesContext(database) as more:
        check_page(accountant.get(FAILURES + query))
    assert len(few) == len(more)
    assert len(few) < 40


def test_one_banner_speaks_of_a_connection_that_needs_a_login(job, accountant):
    Connection.objects.update(status=ConnectionStatus.LOGIN_EXPIRED)
    job.postings.update(state=PostingState.PENDING, error_code="", error="")
    page = check_page(accountant.get(FAILURES))
    (banner,) = page.select("main .notice.tone-danger")
    assert "needs a new login" in text_of(banner)
    assert "3 charges" in text_of(banner)
    assert "Nothing has failed" in text_of(the(page, "main"))


def test_a_charge_that_failed_again_says_so(refused, accountant, cast, now):
    accountant.post(RETRY, {"posting": [refused[0].pk]})
    Posting.objects.filter(pk=refused[0].pk).update(
        state=PostingState.REJECTED, state_at=timezone.now(), error="Once more."
    )
    page = check_page(accountant.get(FAILURES))
    assert "Failed again: Accountant had it sent on" in text_of(the(page, "main"))


def test_a_key_that_fails_again_opens_a_new_item_that_names_the_old(refused, accountant, cast, now):
    closed = refused[0]
    resolve_posting(posting=closed, note="Done.", by=cast.accountant, now=now)
    again = Posting.objects.get(pk=closed.pk)
    again.pk, again.reference = None, "MB-0000000000000"
    again.resolved_by = again.resolved_at = None
    again.resolution = again.resolved_as = ""
    again.save()
    page = check_page(accountant.get(FAILURES))
    assert "Failed again: Accountant had closed it on 2 Apr." in text_of(the(page, "main"))


@pytest.mark.parametrize(
    "query",
    [
        {"age": "x"},
        {"amount": "-1"},
        {"month": "2026-13"},
        {"property": "9" * 30},
        {"pms": "odd", "kind": "odd", "owner": "odd", "show": "odd", "sort": "odd"},
        {"q": "\x00", "cause": ""},
        {"month": "٢٠٢٦-٠٣"},
    ],
)
def test_what_makes_no_sense_narrows_nothing(job, accountant, query):
    assert len(check_page(accountant.get(FAILURES, query)).select("main tbody tr")) == 3


def test_a_narrowed_list_says_so_and_sorts(job, accountant):
    page = check_page(
        accountant.get(FAILURES, {"q": "", "cause": "PMS_REJECTED", "sort": "-amount"})
    )
    amounts = [text_of(cell) for cell in page.select("main tbody td.money")]
    assert amounts == sorted(amounts, key=lambda text: -float(text[1:].replace(",", "")))
    nothing = check_page(accountant.get(FAILURES, {"q": "nowhere"}))
    assert "No failure is of this kind" in text_of(the(nothing, "main"))


# --- Saved views and the file -----------------------------------------------------------------


def test_a_view_is_kept_for_its_owner_alone(job, accountant, cast, signed_in):
    query = {"name": "Old ones", "query": "age=7&evil=//elsewhere&page=9"}
    page = check_page(accountant.post(reverse("billing:failure-view-create"), query, follow=True))
    view = SavedView.objects.get()
    assert (view.user, view.query) == (cast.accountant, "age=7")
    assert page.find("a", string="Old ones")
    other = signed_in(cast.manager)
    assert "Old ones" not in text_of(check_page(other.get(FAILURES)))
    gone = reverse("billing:failure-view-delete", args=[view.pk])
    assert other.post(gone).status_code == 404
    accountant.post(gone)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "Mine"])
def test_a_name_that_cannot_be_is_answered_by_a_sentence(job, accountant, cast, now, name):
    SavedView.objects.create(user=cast.accountant, name="Mine", query="", created_at=now)
    url = reverse("billing:failure-view-create")
    page = check_page(accountant.post(url, {"name": name, "query": "age=7"}, follow=True))
    assert text_of(the(page, "main [role=alert]"))
    assert SavedView.objects.count() == 1


def test_the_file_has_what_the_list_has_and_no_formula(job, refused, accountant):
    Posting.objects.filter(pk=refused[0].pk).update(error_code="RATE_LIMITED", amount_cents=-105)
    answer = accountant.get(FAILURES, {"format": "csv"})
    rows = csv_records(content_of(answer))
    assert len(rows) == 3
    assert {row["what is wrong"] for row in rows} == {"'=1+1"}
    assert "-1.05" in {row["amount"] for row in rows}
    assert answer["Content-Disposition"].startswith('attachment; filename="failures-open-')
    only = accountant.get(FAILURES, {"format": "csv", "cause": "RATE_LIMITED"})
    assert [row["code"] for row in csv_records(content_of(only))] == ["RATE_LIMITED"]


def test_a_stranger_gets_an_empty_file(job, cast, signed_in):
    answer = signed_in(cast.stranger).get(FAILURES, {"format": "csv"})
    assert csv_records(content_of(answer)) == []


# --- Acts -------------------------------------------------------------------------------------


def test_all_of_a_cause_is_sent_after_a_question(job, accountant):
    page = check_page(accountant.post(RETRY, {"all_of": "PMS_REJECTED", "query": ""}))
    assert text_of(the(page, "h1")).startswith("Send 3 charges, $")
    assert job.postings.filter(state=PostingState.REJECTED).count() == 3

    page = check_page(
        accountant.post(
            act("retry"), {"all_of": "PMS_REJECTED", "query": "", "confirmed": "on"}, follow=True
        )
    )
    assert "3 charges will be sent again." in text_of(the(page, "main"))
    assert job.postings.filter(state=PostingState.PENDING).count() == 3


def test_all_of_a_cause_means_all_that_the_list_shows(job, refused, accountant, cast, now):
    FailureFollowUp.objects.create(
        posting=refused[1], assigned_to=cast.accountant, assigned_by=cast.manager, assigned_at=now
    )
    data = {"all_of": "PMS_REJECTED", "query": "owner=mine", "confirmed": "on"}
    accountant.post(act("retry"), data)
    assert list(job.postings.filter(state=PostingState.PENDING)) == [refused[1]]


def test_one_that_cannot_stops_no_other(job, refused, accountant):
    Lease.objects.filter(pk=refused[0].charge.lease_id).update(status="past")
    data = {"all_of": "PMS_REJECTED", "query": "", "confirmed": "on"}
    page = check_page(accountant.post(act("retry"), data, follow=True))
    main = text_of(the(page, "main"))
    assert "2 charges will be sent again." in main
    assert "has moved out" in main


@pytest.mark.parametrize(
    ("name", "end"), [("owner", ResolvedAs.OWNER), ("write-off", ResolvedAs.WRITTEN_OFF)]
)
def test_charges_are_closed_with_a_reason(job, refused, accountant, name, end):
    ids = {"posting": [posting.pk for posting in refused[:2]]}
    page = check_page(accountant.post(act(name), ids))
    assert "2 charges" in text_of(the(page, "h1"))
    page = check_page(accountant.post(act(name), {**ids, "confirmed": "on", "note": " "}))
    assert "Reason must be given" in text_of(the(page, "main [role=alert]"))
    assert not Posting.objects.exclude(resolved_at=None).exists()

    accountant.post(act(name), {**ids, "confirmed": "on", "note": "Agreed with the owner."})
    assert list(job.postings.filter(resolved_as=end).order_by("pk")) == refused[:2]
    assert AuditEvent.objects.filter(verb="posting.resolved").count() == 2
    page = check_page(accountant.get(FAILURES, {"show": "resolved"}))
    assert end.label in text_of(the(page, "main"))
    assert "Agreed with the owner." in text_of(the(page, "main"))


def test_a_manager_gives_failures_to_somebody(refused, cast, signed_in):
    manager = signed_in(cast.manager)
    ids = {"posting": [refused[0].pk]}
    page = check_page(manager.post(act("assign"), ids))
    assert [text_of(option) for option in page.select("select[name=to] option")] == [
        "Nobody",
        "Accountant",
        "Manager",
    ]
    stranger = {**ids, "confirmed": "on", "to": str(cast.stranger.pk)}
    page = check_page(manager.post(act("assign"), stranger))
    assert "must be one of the people in the list" in text_of(the(page, "main"))
    manager.post(act("assign"), {**ids, "confirmed": "on", "to": str(cast.accountant.pk)})
    mine = check_page(signed_in(cast.accountant).get(FAILURES, {"owner": "mine"}))
    assert len(mine.select("main tbody tr")) == 1
    assert check_page(manager.get(FAILURES, {"owner": "mine"})).select("main tbody tr") == []


def test_failures_rest_and_are_brought_back(refused, accountant):
    ids = {"posting": [refused[0].pk], "confirmed": "on"}
    page = check_page(accountant.post(act("snooze"), {**ids, "until": "soon"}))
    assert "Until must be a date" in text_of(the(page, "main [role=alert]"))
    day = timezone.localdate() + timedelta(days=3)
    accountant.post(act("snooze"), {**ids, "until": day.isoformat()})
    assert len(check_page(accountant.get(FAILURES)).select("main tbody tr")) == 2
    page = check_page(accountant.get(FAILURES, {"show": "snoozed"}))
    assert f"{day:%-d %b %Y}" in text_of(the(page, "main tbody tr"))
    accountant.post(act("wake"), ids)
    assert len(check_page(accountant.get(FAILURES)).select("main tbody tr")) == 3


@pytest.mark.parametrize("name", ["retry", "owner", "write-off", "assign", "snooze", "wake"])
def test_nothing_ticked_does_nothing(refused, accountant, name):
    page = check_page(accountant.post(act(name), {}, follow=True))
    assert "Nothing was ticked" in text_of(the(page, "main [role=alert]"))


@pytest.mark.parametrize("name", ["retry", "owner", "write-off", "assign", "snooze", "wake"])
@pytest.mark.parametrize("scope", ["ticked", "all"])
def test_who_may_only_look_does_nothing(refused, cast, signed_in, name, scope):
    posting = refused[0]
    chosen = {"posting": [posting.pk]} if scope == "ticked" else {"all_of": "PMS_REJECTED"}
    data = {**chosen, "confirmed": "on", "note": "x", "to": "nobody", "until": "2027-01-01"}
    money = name in ("retry", "owner", "write-off")
    assert signed_in(cast.viewer).post(act(name), data).status_code == 403
    if money:
        assert signed_in(cast.manager).post(act(name), data).status_code == 403
    stranger = signed_in(cast.stranger).post(act(name), data)
    assert stranger.status_code == (404 if scope == "ticked" else 302)
    posting.refresh_from_db()
    assert (posting.state, posting.resolved_at) == (PostingState.REJECTED, None)
    assert not FailureFollowUp.objects.exists()


def test_there_is_no_other_act(refused, accountant):
    assert accountant.post(act("delete"), {"posting": [refused[0].pk]}).status_code == 404
    assert accountant.get(act("retry")).status_code == 405
