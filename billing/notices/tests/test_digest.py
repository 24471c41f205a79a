"""The digest says what waits for a person, on the days they chose; if nothing does, none comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail as outbox

from billing.models import PostingState
from billing.notices.digest import queue_digests
from billing.operations.approvals import approve_calculation, reject_calculation
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.tests.acts import end_lease_of, post, run_workers
from billing.tests.small_place import small_job
from integrations.models import Connection
from portfolios.models import (
    Membership,
    Notice,
    NoticeChoice,
    NoticeKind,
    NoticeMute,
    NoticeState,
    NoticeWhen,
)
from portfolios.notices.sending import send_due_notices

DIGEST = NoticeKind.DIGEST

# A Thursday in May: April's water bill of the property is missing by then.
THURSDAY = datetime(2026, 5, 21, 9, 0, tzinfo=UTC)
SATURDAY, MONDAY = THURSDAY + timedelta(days=2), THURSDAY + timedelta(days=4)


def send_digests(now: datetime) -> dict[str, str]:
    """Queue and send the digests of a day, and give each person's text."""
    queue_digests(now=now)
    Notice.objects.exclude(kind=DIGEST).delete()
    send_due_notices(clock=lambda: now)
    return {mail.to[0].partition("@")[0]: str(mail.body) for mail in outbox.outbox}


@pytest.fixture
def in_review(cast, bill, mailable, now):
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    submit_calculation(calculation=calculation, by=cast.manager, now=now)
    return calculation


def test_everybody_gets_what_waits_for_them(cast, in_review):
    texts = send_digests(THURSDAY)

    assert set(texts) == {"accountant", "manager"}
    assert "1 calculation waits for your approval" in texts["accountant"]
    assert "Water of Maplewood Court Apartments, March 2026" in texts["accountant"]
    assert f"/billing/calculations/{in_review.pk}/" in texts["accountant"]
    assert "missing" not in texts["accountant"]
    assert "1 bill missing" in texts["manager"]
    assert "approval" not in texts["manager"]
    assert outbox.outbox[0].subject == "What waits for you: 21 May 2026"


def test_failures_are_grouped_by_cause(cast, approved, mailable, gateway, sandbox, settings, now):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    for unit in ("101", "102"):
        end_lease_of(unit, sandbox)
    job = post(approved, by=cast.accountant, gateway=gateway, now=now)
    run_workers(job, gateway=gateway, now=now)

    text = send_digests(THURSDAY)["accountant"]

    days = (THURSDAY - now).days
    assert f"No active lease in the PMS\n- 2 charges failed, the oldest {days} days ago" in text
    assert "/billing/failures/?cause=LEASE_NOT_FOUND" in text
    assert "Verify the unit's occupancy in the PMS" in text


@pytest.mark.parametrize(
    ("today", "says"),
    [
        (datetime(2026, 4, 27, 9, 0, tzinfo=UTC), "of April 2026, whose last day is in 3 days"),
        (datetime(2026, 4, 30, 9, 0, tzinfo=UTC), "of April 2026, which ends today"),
        (datetime(2026, 5, 1, 9, 0, tzinfo=UTC), "of April 2026, which ended 1 day ago"),
    ],
)
def test_failures_of_a_month_that_is_closed_soon_come_first(
    cast, mailable, settings, now, today, says
):
    failed_job(cast, now, settings)

    text = send_digests(today)["accountant"]

    assert f"Before the books are closed\n- 3 charges {says}" in text
    assert text.index("Before the books") < text.index("No active lease")


def test_in_the_middle_of_a_month_no_books_are_closed(cast, mailable, settings, now):
    failed_job(cast, now, settings)

    assert "Before the books" not in send_digests(datetime(2026, 4, 24, 9, 0, tzinfo=UTC))


def failed_job(cast, now, settings) -> None:
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    small_job(cast, now).postings.update(
        state=PostingState.REJECTED, error_code="LEASE_NOT_FOUND", error="No.", state_at=now
    )


def test_what_was_sent_back_and_expired_logins_are_in_it(cast, in_review, now):
    reject_calculation(calculation=in_review, reason="No.", by=cast.accountant, now=now)
    Connection.objects.update(status="login_expired", status_note="Refused.")

    texts = send_digests(THURSDAY)

    assert "1 calculation waits to be made anew: sent back to you" in texts["manager"]
    assert "1 connection waits for a new login" in texts["manager"]
    assert set(texts) == {"manager"}


def test_nothing_is_sent_when_nothing_waits(cast, in_review, now):
    approve_calculation(calculation=in_review, by=cast.accountant, now=now)

    assert set(send_digests(THURSDAY)) == {"manager"}
    notice = Notice.objects.get(person=cast.accountant)
    assert notice.state == NoticeState.NOT_WANTED
    assert notice.outcome == "There was nothing to tell any more."


def test_a_day_has_one_digest(cast, in_review):
    for minutes in (0, 1, 600):
        send_digests(THURSDAY + timedelta(minutes=minutes))

    assert [mail.to[0] for mail in outbox.outbox].count("accountant@example.com") == 1


@pytest.mark.parametrize(
    ("choice", "when", "comes"),
    [
        (None, THURSDAY, True),
        (None, SATURDAY, False),
        (None, THURSDAY.replace(hour=6), False),
        (None, THURSDAY.replace(hour=7), True),
        (NoticeWhen.WEEKLY, THURSDAY, False),
        (NoticeWhen.WEEKLY, MONDAY, True),
        (NoticeWhen.DAILY, MONDAY, True),
        (NoticeWhen.OFF, THURSDAY, False),
        (NoticeWhen.OFF, MONDAY, False),
    ],
)
def test_it_comes_on_the_days_that_were_chosen(cast, in_review, choice, when, comes):
    if choice:
        NoticeChoice.objects.create(user=cast.accountant, kind=DIGEST, choice=choice)

    assert ("accountant" in send_digests(when)) is comes


def test_it_leaves_out_what_was_turned_off_or_muted(cast, in_review):
    NoticeChoice.objects.create(
        user=cast.accountant, kind=NoticeKind.APPROVAL_WAITING, choice=NoticeWhen.OFF
    )
    NoticeMute.objects.create(user=cast.manager, portfolio=cast.portfolio)

    assert send_digests(THURSDAY) == {}


def test_it_tells_nothing_of_a_portfolio_that_was_left(cast, in_review):
    queue_digests(now=THURSDAY)
    Membership.objects.filter(user=cast.accountant).update(portfolio=_elsewhere(cast))

    assert "accountant" not in send_digests(THURSDAY)


def _elsewhere(cast):
    return Membership.objects.get(user=cast.stranger).portfolio


def test_a_digest_of_yesterday_is_not_sent_today(cast, in_review):
    queue_digests(now=THURSDAY)
    send_due_notices(clock=lambda: THURSDAY + timedelta(days=1))

    assert not [mail for mail in outbox.outbox if "What waits" in mail.subject]
    states = Notice.objects.filter(kind=DIGEST).values_list("state", flat=True)
    assert set(states) == {NoticeState.NOT_WANTED}
