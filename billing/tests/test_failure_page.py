"""The failures, and one posting with what can be done about it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from billing.models import Posting, PostingState
from billing.tests.acts import alert_of
from billing.tests.worked_jobs import worked_job
from portfolios.models import AuditEvent
from portfolios.tests.pages import check_page, text_of, the

RETRY = reverse("billing:failure-retry")
FAILURES = reverse("billing:failure-list")


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


@pytest.fixture
def job(settings, cast, approved, sandbox, now):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return worked_job(approved, cast.accountant, now, sandbox, "304")


@pytest.fixture
def failed(job) -> Posting:
    found: Posting = job.postings.get(state=PostingState.REJECTED)
    return found


@pytest.fixture
def in_doubt(job) -> Posting:
    """Give a posting that only a person can judge."""
    posting: Posting = job.postings.filter(state=PostingState.POSTED)[0]
    job.postings.filter(pk=posting.pk).update(
        state=PostingState.REVIEW,
        remote_charge_id="",
        error_code="OUTCOME_UNKNOWN",
        error="The PMS's ledger has this charge 2 times.",
    )
    posting.attempts.update(outcome="")
    posting.refresh_from_db()
    return posting


# --- The list ---------------------------------------------------------------------------------


def test_failures_are_grouped_by_cause_with_what_to_do(cast, failed, in_doubt, signed_in):
    page = check_page(signed_in(cast.accountant).get(FAILURES))
    sections = the(page, "main").find_all("section")
    assert len(sections) == 2
    by_cause = {text_of(the(section, "h2")): text_of(section) for section in sections}
    assert any(title.startswith("1 charge, $") for title in by_cause)
    lease = next(text for title, text in by_cause.items() if "No active lease in the PMS" in title)
    assert "Verify the unit's occupancy in the PMS" in lease
    assert "304" in lease
    assert failed.job.public_id in lease


def test_what_is_in_doubt_is_not_offered_to_be_sent_again(cast, failed, in_doubt, signed_in):
    page = check_page(signed_in(cast.accountant).get(FAILURES))
    sections = the(page, "main").find_all("section")
    doubt = next(each for each in sections if "Unknown: check first" in text_of(each))
    refused = next(each for each in sections if "Needs a fix in the PMS" in text_of(each))
    assert [button["value"] for button in doubt.select("input[name=posting]")] == [str(in_doubt.pk)]
    assert [text_of(button) for button in doubt.select("button")] == ["Assign…", "Snooze…"]
    assert doubt.find("a", string="Check in the PMS")
    assert "Send the selected again" in text_of(refused)


def test_viewers_look_only(cast, failed, signed_in):
    page = check_page(signed_in(cast.viewer).get(FAILURES))
    assert "304" in text_of(the(page, "main"))
    assert "Only an accountant" in text_of(the(page, "main"))
    assert not the(page, "main").select("section form, input[name=posting]")


def test_managers_say_whose_it_is_and_send_nothing(cast, failed, signed_in):
    page = check_page(signed_in(cast.manager).get(FAILURES))
    assert "Only an accountant" in text_of(the(page, "main"))
    buttons = [text_of(button) for button in the(page, "main section").select("button")]
    assert buttons == ["Assign…", "Snooze…"]


def test_strangers_see_no_failure(cast, failed, signed_in):
    page = check_page(signed_in(cast.stranger).get(FAILURES))
    assert "Nothing has failed" in text_of(the(page, "main"))


def test_the_ticked_are_sent_again(cast, failed, gateway, sandbox, now, signed_in):
    page = check_page(signed_in(cast.accountant).post(RETRY, {"posting": [failed.pk]}, follow=True))
    assert "1 charge will be sent again." in text_of(the(page, "main"))
    failed.refresh_from_db()
    assert failed.state == PostingState.PENDING
    assert AuditEvent.objects.get(verb="posting.retried").actor == cast.accountant


def test_one_that_cannot_be_sent_does_not_stop_the_others(cast, failed, in_doubt, signed_in):
    page = check_page(
        signed_in(cast.accountant).post(RETRY, {"posting": [failed.pk, in_doubt.pk]}, follow=True)
    )
    assert "1 charge will be sent again." in text_of(the(page, "main"))
    assert "this one stands at “Needs a decision”" in alert_of(page)
    failed.refresh_from_db()
    assert failed.state == PostingState.PENDING


@pytest.mark.parametrize("ticked", [[], ["x"], ["9" * 30]])
def test_nothing_ticked_sends_nothing(cast, failed, signed_in, ticked):
    response = signed_in(cast.accountant).post(RETRY, {"posting": ticked}, follow=True)
    assert "Nothing was ticked" in alert_of(check_page(response))
    failed.refresh_from_db()
    assert failed.state == PostingState.REJECTED


@pytest.mark.parametrize(("who", "status"), [("manager", 403), ("viewer", 403), ("stranger", 404)])
def test_nobody_else_sends_again(cast, failed, signed_in, who, status):
    client = signed_in(getattr(cast, who))
    assert client.post(RETRY, {"posting": [failed.pk]}).status_code == status
    failed.refresh_from_db()
    assert failed.state == PostingState.REJECTED


def test_the_resolved_tab_says_who_did_what(cast, failed, signed_in):
    client = signed_in(cast.accountant)
    client.post(url("posting-resolve", failed.pk), {"note": "Charged by hand, receipt 8812."})
    page = check_page(client.get(FAILURES + "?show=resolved"))
    row = text_of(the(page, "main tbody tr"))
    assert "Charged by hand, receipt 8812." in row
    assert "Accountant" in row
    assert "Nothing has failed" in text_of(the(check_page(client.get(FAILURES)), "main"))


# --- One posting ------------------------------------------------------------------------------


def test_a_failed_posting_shows_what_was_sent_answered_and_done(cast, failed, signed_in):
    page = check_page(signed_in(cast.viewer).get(url("posting-detail", failed.pk)))
    text = text_of(the(page, "main"))
    assert "No active lease in the PMS" in text
    assert failed.body in text
    assert failed.reference in text
    assert "LEASE_NOT_FOUND" in text
    assert "Refused" in text_of(the(page, "[aria-label=Attempts]"))
    assert "Only an accountant" in text
    assert not the(page, "main").find("form")


def test_a_posted_one_offers_nothing(cast, job, signed_in):
    posted = job.postings.filter(state=PostingState.POSTED).first()
    page = check_page(signed_in(cast.accountant).get(url("posting-detail", posted.pk)))
    assert posted.remote_charge_id in text_of(the(page, "main"))
    assert not the(page, "main").find("form")


def test_an_unknown_one_says_when_it_is_looked_up_and_offers_nothing(cast, failed, now, signed_in):
    Posting.objects.filter(pk=failed.pk).update(state=PostingState.UNKNOWN, settle_at=now)
    page = check_page(signed_in(cast.accountant).get(url("posting-detail", failed.pk)))
    assert "not known yet" in text_of(the(page, "main"))
    assert "2 Apr 2026, 09:00 UTC" in text_of(the(page, ".notice.tone-unknown"))
    assert not the(page, "main").find("form")


def test_an_accountant_sends_one_again(cast, failed, signed_in):
    client = signed_in(cast.accountant)
    page = check_page(client.get(url("posting-detail", failed.pk)))
    assert page.find("form", action=url("posting-retry", failed.pk))
    client.post(url("posting-retry", failed.pk))
    failed.refresh_from_db()
    assert failed.state == PostingState.PENDING
    page = check_page(client.post(url("posting-retry", failed.pk), follow=True))
    assert "this one stands at “Waiting”" in alert_of(page)


def test_an_accountant_resolves_by_hand(cast, failed, signed_in):
    client = signed_in(cast.accountant)
    page = check_page(client.post(url("posting-resolve", failed.pk), {"note": " "}))
    assert "What was done must be given" in alert_of(page)
    failed.refresh_from_db()
    assert failed.resolved_at is None
    page = check_page(
        client.post(url("posting-resolve", failed.pk), {"note": "By hand."}, follow=True)
    )
    assert "By hand." in text_of(the(page, "main"))
    assert "Dealt with outside MeterBase" in text_of(the(page, "main"))
    failed.refresh_from_db()
    assert failed.resolved_by == cast.accountant
    page = check_page(
        client.post(url("posting-resolve", failed.pk), {"note": "Twice."}, follow=True)
    )
    assert "not an open failure" in alert_of(page)


def test_an_accountant_links_what_is_in_doubt(cast, in_doubt, signed_in):
    client = signed_in(cast.accountant)
    page = check_page(client.get(url("posting-detail", in_doubt.pk)))
    assert page.find("form", action=url("posting-link", in_doubt.pk))
    assert not page.find("form", action=url("posting-retry", in_doubt.pk))
    data = {"charge_id": "chg_by_hand", "link_note": "Seen in the ledger."}
    client.post(url("posting-link", in_doubt.pk), data)
    in_doubt.refresh_from_db()
    assert (in_doubt.state, in_doubt.remote_charge_id) == (PostingState.POSTED, "chg_by_hand")


def test_the_id_of_another_charge_is_refused(cast, in_doubt, job, signed_in):
    other = job.postings.filter(state=PostingState.POSTED).first()
    data = {"charge_id": other.remote_charge_id, "link_note": "Seen."}
    page = check_page(signed_in(cast.accountant).post(url("posting-link", in_doubt.pk), data))
    assert "is the id of another charge" in alert_of(page)
    page = check_page(signed_in(cast.accountant).post(url("posting-link", in_doubt.pk), {}))
    assert "Charge id in the PMS must be given" in alert_of(page)
    in_doubt.refresh_from_db()
    assert in_doubt.state == PostingState.REVIEW


@pytest.mark.parametrize("act", ["posting-retry", "posting-resolve", "posting-link"])
@pytest.mark.parametrize(("who", "status"), [("manager", 403), ("viewer", 403), ("stranger", 404)])
def test_nobody_else_acts(cast, failed, signed_in, act, who, status):
    client = signed_in(getattr(cast, who))
    data = {"note": "x", "charge_id": "x", "link_note": "x"}
    assert client.post(url(act, failed.pk), data).status_code == status
    failed.refresh_from_db()
    assert (failed.state, failed.resolved_at) == (PostingState.REJECTED, None)
