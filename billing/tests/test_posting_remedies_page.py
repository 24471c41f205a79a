"""What an accountant can do about one failed charge, on its page."""

from __future__ import annotations

import pytest
from django.urls import reverse

from billing.models import Posting, PostingEvent, PostingState, ResolvedAs
from billing.tests.acts import alert_of
from billing.tests.worked_jobs import worked_job
from portfolios.models import AuditEvent, Lease
from portfolios.tests.pages import check_page, text_of, the

pytestmark = pytest.mark.django_db


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
    """Forget that the PMS has taken a charge."""
    posting: Posting = job.postings.filter(state=PostingState.POSTED)[0]
    posting.attempts.update(outcome="")
    changes = {"remote_charge_id": "", "error_code": "OUTCOME_UNKNOWN", "error": "Lost."}
    Posting.objects.filter(pk=posting.pk).update(state=PostingState.REVIEW, **changes)
    posting.refresh_from_db()
    return posting


@pytest.fixture
def accountant(cast, signed_in):
    return signed_in(cast.accountant)


def main_of(client, posting: Posting) -> str:
    return text_of(the(check_page(client.get(url("posting-detail", posting.pk))), "main"))


# --- Posted by hand ---------------------------------------------------------------------------


def test_a_charge_counts_as_posted_by_hand_under_the_pmss_name(failed, accountant, cast):
    data = {"pms_reference": "R-8812", "by_hand_note": ""}
    page = check_page(accountant.post(url("posting-by-hand", failed.pk), data, follow=True))
    assert "Posted by hand in the PMS as R-8812." in text_of(the(page, "main"))
    failed.refresh_from_db()
    assert (failed.resolved_as, failed.pms_reference) == (ResolvedAs.BY_HAND, "R-8812")
    assert failed.resolved_by == cast.accountant
    event = AuditEvent.objects.get(verb="posting.resolved")
    assert event.after == {"resolved_as": "by_hand", "pms_reference": "R-8812"}


@pytest.mark.parametrize("reference", ["", "  ", "x" * 201])
def test_without_the_pmss_name_nothing_is_kept(failed, accountant, reference):
    data = {"pms_reference": reference}
    page = check_page(accountant.post(url("posting-by-hand", failed.pk), data))
    assert "What the PMS calls it" in alert_of(page)
    failed.refresh_from_db()
    assert failed.resolved_at is None


def test_what_is_in_doubt_is_not_marked_as_posted_by_hand(in_doubt, accountant):
    page = check_page(accountant.get(url("posting-detail", in_doubt.pk)))
    assert not page.find("form", action=url("posting-by-hand", in_doubt.pk))
    data = {"pms_reference": "R-1"}
    page = check_page(accountant.post(url("posting-by-hand", in_doubt.pk), data, follow=True))
    assert "check in the PMS first" in alert_of(page)


# --- Check in the PMS -------------------------------------------------------------------------


def test_a_charge_that_is_there_is_found_and_its_id_filled_in(in_doubt, accountant, sandbox):
    before = len(sandbox.ledger())
    page = check_page(accountant.post(url("posting-check", in_doubt.pk), follow=True))
    assert "Found " in text_of(the(page, "#check"))
    found = the(page, "#id_charge_id")["value"]
    entry = next(each for each in sandbox.ledger() if each.id == found)
    assert in_doubt.reference in entry.description
    assert len(sandbox.ledger()) == before
    accountant.post(
        url("posting-link", in_doubt.pk), {"charge_id": found, "link_note": "As found."}
    )
    in_doubt.refresh_from_db()
    assert (in_doubt.state, in_doubt.remote_charge_id) == (PostingState.POSTED, found)


def test_one_that_is_not_there_is_said_not_to_be(in_doubt, accountant):
    Posting.objects.filter(pk=in_doubt.pk).update(reference="MB-0000000000000")
    page = check_page(accountant.post(url("posting-check", in_doubt.pk), follow=True))
    assert "The ledger has no charge MB-0000000000000." in text_of(the(page, "#check"))
    assert not the(page, "#id_charge_id").get("value")
    assert page.find("form", action=url("posting-ask-again", in_doubt.pk))
    event = PostingEvent.objects.filter(posting=in_doubt).latest("pk")
    assert (event.from_state, event.to_state) == ("review", "review")
    assert "Looked up in the PMS" in text_of(the(page, "main"))


def test_another_amount_and_lease_are_said(in_doubt, accountant):
    Posting.objects.filter(pk=in_doubt.pk).update(amount_cents=1)
    page = check_page(accountant.post(url("posting-check", in_doubt.pk), follow=True))
    assert "which is not the amount that was sent" in text_of(the(page, "#check"))


def test_a_ledger_that_cannot_be_read_leaves_no_trace(in_doubt, accountant, settings):
    settings.PROPEXO_BASE_URL = "http://127.0.0.1:9"
    page = check_page(accountant.post(url("posting-check", in_doubt.pk), follow=True))
    assert "could not be read" in alert_of(page)
    assert not AuditEvent.objects.filter(verb="posting.looked_up").exists()


def test_only_what_needs_a_decision_is_looked_up(failed, accountant):
    page = check_page(accountant.post(url("posting-check", failed.pk), follow=True))
    assert "Only a charge that needs a decision" in alert_of(page)


@pytest.mark.parametrize("act", ["posting-check", "posting-by-hand"])
@pytest.mark.parametrize(("who", "status"), [("manager", 403), ("viewer", 403), ("stranger", 404)])
def test_nobody_else_acts(cast, failed, signed_in, act, who, status):
    client = signed_in(getattr(cast, who))
    assert client.post(url(act, failed.pk), {"pms_reference": "R"}).status_code == status


# --- The current lease ------------------------------------------------------------------------


def test_a_charge_is_moved_by_calculating_again_once_nothing_stands(failed, accountant, job):
    main = main_of(accountant, failed)
    assert "Move to the current lease" in main
    assert "Reverse them first" in main
    assert "sync the property first" in main
    job.postings.update(
        state=PostingState.REJECTED, error_code="LEASE_NOT_FOUND", remote_charge_id=""
    )
    page = check_page(accountant.get(url("posting-detail", failed.pk)))
    bill = url("bill-detail", job.calculation.bill_id)
    assert text_of(the(page, f'main section a[href="{bill}"]')) == "Calculate the bill again"


def test_whoever_lives_there_now_is_named(failed, accountant, now):
    lease = failed.charge.lease
    Lease.objects.create(
        unit=lease.unit,
        propexo_lease_id="lease_new",
        resident_name="Robin Newcomer",
        status="active",
        start_date=now.date(),
        first_seen_at=now,
    )
    assert "Robin Newcomer in unit 304 now, since 2 Apr 2026" in main_of(accountant, failed)


def test_codes_requests_and_answers_are_folded_away_and_hold_no_key(failed, accountant, settings):
    page = check_page(accountant.get(url("posting-detail", failed.pk)))
    folded = " ".join(text_of(part) for part in page.select("main details"))
    assert "LEASE_NOT_FOUND" in folded
    assert failed.body in folded
    assert settings.PROPEXO_API_KEY not in page.prettify()


def test_a_manager_assigns_and_snoozes_from_the_page(failed, cast, signed_in):
    page = check_page(signed_in(cast.manager).get(url("posting-detail", failed.pk)))
    assert [text_of(button) for button in the(page, "main").select("button")] == [
        "Assign…",
        "Snooze…",
    ]
