"""Notices of what comes about by itself: jobs that end with failures, bills that do not come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from billing.bill_calendar import GRACE, AccountMonths, MonthState, read_calendar, shown_months
from billing.models import Posting, PostingJob, PostingState, ShareRule, UtilityBill
from billing.notices.acts import about_bill
from billing.worklists import jobs_under_way
from portfolios.access import Action
from portfolios.models import Notice, NoticeKind, Portfolio
from portfolios.notices.queue import members_who_may, queue_notice

# The workers may have been away for a while; what failed long ago is no news.
_LOOKS_BACK = timedelta(days=2)
_BILLS_LOOK_BACK = timedelta(days=7)
_AT_A_TIME = 50


def tell_of_failed_jobs(*, now: datetime) -> None:
    """Tell of jobs that came to their end of late with charges that failed, once of each.

    Effects: queued notices to whoever posted the job, and to the accountants.
    """
    for job in _failed_jobs(now)[:_AT_A_TIME]:
        portfolio = job.calculation.bill.property.portfolio
        queue_notice(
            kind=NoticeKind.JOB_FAILED,
            subject=job.public_id,
            about=about_bill(job.calculation.bill),
            path=reverse("billing:job-detail", args=[job.public_id]),
            portfolio=portfolio,
            people=[job.created_by, *members_who_may(portfolio, Action.APPROVE)],
            now=now,
        )


def _failed_jobs(now: datetime) -> QuerySet[PostingJob]:
    failed = Posting.objects.filter(
        state__in=[PostingState.REJECTED, PostingState.REVIEW],
        resolved_at=None,
        state_at__gt=now - _LOOKS_BACK,
    )
    told = Notice.objects.filter(kind=NoticeKind.JOB_FAILED, subject=OuterRef("public_id"))
    jobs = PostingJob.objects.filter(~Exists(told), pk__in=failed.order_by().values("job"))
    related = jobs.exclude(pk__in=jobs_under_way(jobs).values("pk")).select_related(
        "created_by", "calculation__bill__property__portfolio"
    )
    return related.defer("calculation__inputs", "calculation__result").order_by("pk")


def missing_bills(portfolio: Portfolio, *, month: date, today: date) -> tuple[AccountMonths, ...]:
    """Find the accounts of a portfolio that have no bill of a month, though it is overdue."""
    calendar = read_calendar(
        bills=UtilityBill.objects.filter(property__portfolio=portfolio),
        rules=ShareRule.objects.filter(property__portfolio=portfolio),
        today=today,
    )
    return tuple(account for account in calendar if _lacks(account, month))


def tell_of_missing_bills(*, now: datetime) -> None:
    """Tell of the bills of a month on the day on which they are overdue.

    Shape: one notice for all bills of a portfolio and month: they are overdue on the same day.
    Effects: queued notices to those who enter bills.
    """
    today = timezone.localdate(now)
    month = shown_months(today)[-1]
    overdue_from = today.replace(day=1) + GRACE
    if not overdue_from <= today < overdue_from + _BILLS_LOOK_BACK:
        return
    for portfolio in _untold(Portfolio.objects.all(), month):
        if not missing_bills(portfolio, month=month, today=today):
            continue
        queue_notice(
            kind=NoticeKind.BILLS_MISSING,
            subject=_event(portfolio, month),
            about=f"{portfolio}, {month:%B %Y}",
            path=reverse("billing:bill-calendar"),
            portfolio=portfolio,
            people=members_who_may(portfolio, Action.PREPARE),
            now=now,
        )


def _untold(portfolios: Iterable[Portfolio], month: date) -> list[Portfolio]:
    events = {_event(portfolio, month): portfolio for portfolio in portfolios}
    told = Notice.objects.filter(kind=NoticeKind.BILLS_MISSING, subject__in=list(events))
    known = set(told.values_list("subject", flat=True))
    return [portfolio for event, portfolio in events.items() if event not in known]


def _event(portfolio: Portfolio, month: date) -> str:
    return f"{portfolio.pk} {month:%Y-%m}"


def month_of_event(subject: str) -> date:
    """Tell which month's bills a notice is about."""
    return date.fromisoformat(f"{subject.partition(' ')[2]}-01")


def _lacks(account: AccountMonths, month: date) -> bool:
    return any(
        found.first == month and found.state is MonthState.MISSING for found in account.months
    )
