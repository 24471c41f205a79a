"""Jobs that end with failures and bills that do not come are found, and told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail as outbox
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from billing.models import PostingState, Utility
from billing.notices.by_clock import sweep_notices, tick_notices
from billing.notices.findings import tell_of_failed_jobs, tell_of_missing_bills
from billing.operations.bills import BillEntry, enter_bill
from billing.tests.acts import end_lease_of, post, run_workers
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import Notice, NoticeChoice, NoticeKind, NoticeState, NoticeWhen
from portfolios.notices.sending import send_due_notices

JOB, BILLS = NoticeKind.JOB_FAILED, NoticeKind.BILLS_MISSING


def send(now) -> None:
    send_due_notices(clock=lambda: now)


@pytest.fixture
def failed_job(approved, mailable, gateway, sandbox, settings, now):
    """Post 45 charges of which one fails: somebody has moved out."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    end_lease_of("101", sandbox)
    job = post(approved, by=mailable.accountant, gateway=gateway, now=now)
    tell_of_failed_jobs(now=now)
    assert not Notice.objects.filter(kind=JOB).exists()
    run_workers(job, gateway=gateway, now=now)
    return job


def test_whoever_posted_a_job_and_the_accountants_hear_of_its_failures_once(cast, failed_job, now):
    for _ in range(2):
        tell_of_failed_jobs(now=now)

    (notice,) = Notice.objects.filter(kind=JOB)
    assert (notice.person, notice.subject) == (cast.accountant, failed_job.public_id)
    send(now)
    (mail,) = [mail for mail in outbox.outbox if "failed" in mail.subject]
    assert mail.subject == "Charges failed: Water of Maplewood Court Apartments, March 2026"
    assert "44 of 45 charges were posted." in mail.body
    assert "No active lease in the PMS" in mail.body
    assert "1 charge failed" in mail.body
    assert "/billing/failures/?cause=LEASE_NOT_FOUND" in mail.body


def test_what_was_dealt_with_meanwhile_is_not_mailed(cast, failed_job, now):
    tell_of_failed_jobs(now=now)
    failed_job.postings.filter(state=PostingState.REJECTED).update(
        resolved_at=now, resolved_by=cast.accountant, resolution="By hand."
    )

    send(now)

    assert Notice.objects.get(kind=JOB).state == NoticeState.NOT_WANTED


def test_a_job_that_failed_long_ago_is_no_news(failed_job, now):
    tell_of_failed_jobs(now=now + timedelta(days=3))

    assert not Notice.objects.filter(kind=JOB).exists()


def test_a_job_without_failures_tells_nobody(approved, mailable, gateway, settings, now):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = post(approved, by=mailable.accountant, gateway=gateway, now=now)
    run_workers(job, gateway=gateway, now=now)

    tell_of_failed_jobs(now=now)

    assert not Notice.objects.filter(kind=JOB).exists()


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def test_missing_bills_are_told_from_the_day_they_are_overdue_for_a_week(cast, bill, mailable):
    NoticeChoice.objects.create(user=cast.manager, kind=BILLS, choice=NoticeWhen.AT_ONCE)
    told = []
    for day in (at(5, 15), at(5, 16), at(5, 22), at(5, 23)):
        Notice.objects.all().delete()
        tell_of_missing_bills(now=day)
        told.append(Notice.objects.count())

    assert told == [0, 1, 1, 0]


def test_the_missing_bills_of_a_month_are_one_mail(cast, bill, mailable):
    NoticeChoice.objects.create(user=cast.manager, kind=BILLS, choice=NoticeWhen.AT_ONCE)
    for _ in range(2):
        tell_of_missing_bills(now=at(5, 16))

    send(at(5, 16))

    (mail,) = outbox.outbox
    assert mail.to == ["manager@example.com"]
    assert mail.subject == "Bills missing: Lakeside, April 2026"
    assert "1 bill of April 2026 should have come by now" in mail.body
    assert "Water of Maplewood Court Apartments" in mail.body


def test_a_bill_that_came_meanwhile_is_not_told(cast, bill, mailable):
    NoticeChoice.objects.create(user=cast.manager, kind=BILLS, choice=NoticeWhen.AT_ONCE)
    tell_of_missing_bills(now=at(5, 16))
    april = Period(bill.period_end, bill.period_end + timedelta(days=30))
    entry = BillEntry(utility=Utility.WATER, period=april, amount=Cents(1_000))
    enter_bill(place=bill.property, entry=entry, by=cast.manager, now=at(5, 16))

    send(at(5, 16))

    assert outbox.outbox == []
    assert Notice.objects.get().state == NoticeState.NOT_WANTED


def test_every_kind_has_somebody_who_writes_its_letters(settings):
    assert set(settings.NOTICE_WRITERS) == set(NoticeKind.values)
    assert all(callable(import_string(path)) for path in settings.NOTICE_WRITERS.values())


def test_a_worker_is_woken_when_something_is_due_and_only_then(cast, failed_job, now):
    OrmQ.objects.all().delete()
    sweep_notices(now=now)
    assert [row.func() for row in OrmQ.objects.all()] == ["portfolios.tasks.send_notices"]
    OrmQ.objects.all().delete()
    send(now)

    sweep_notices(now=now)

    assert not OrmQ.objects.exists()


def test_a_tick_looks_for_missing_bills_once_an_hour(bill, mailable, monkeypatch):
    looked: list[datetime] = []
    monkeypatch.setattr(
        "billing.notices.by_clock.tell_of_missing_bills", lambda *, now: looked.append(now)
    )
    start = timezone.now()
    for minutes in (0, 1, 59, 60):
        tick_notices(now=start + timedelta(minutes=minutes))

    assert looked == [start, start + timedelta(minutes=60)]
