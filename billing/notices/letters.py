"""The letters about calculations, jobs and bills, written when the mail goes out.

Each is None when there is nothing to say any more: it was decided, put right or entered meanwhile,
or the person may not see it any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from billing.bill_calendar import AccountMonths
from billing.causes import cause_of
from billing.closed_months import BOOKED_IN, month_after
from billing.failures import CauseSum, sum_by_cause
from billing.models import (
    Approval,
    Calculation,
    CalculationState,
    Decision,
    Posting,
    PostingJob,
    Utility,
)
from billing.notices.findings import missing_bills, month_of_event
from billing.queries import count_job, open_failures
from portfolios import access
from portfolios.access import Action
from portfolios.models import Notice, User
from portfolios.notices.letters import Letter, Line, Section

_MOST_LINES = 25
# Books are closed within days of a month's end; who has them closes them when all is in.
_CLOSING = timedelta(days=5)
_BEFORE_CLOSING = (
    "These failed, and the PMS takes nothing more for a month once its books are closed. Send them "
    "again, book them in the next month, or close them with a reason."
)


def write_approval_waiting(notice: Notice, *, now: datetime) -> Letter | None:  # noqa: ARG001
    """Write to an accountant about a calculation that still waits for them."""
    mine = access.rows(Calculation, user=notice.person, action=Action.APPROVE)
    waiting = calculations_to_approve(mine, user=notice.person).filter(pk=notice.subject)
    calculation = waiting.select_related("submitted_by").first()
    if calculation is None:
        return None
    return Letter((f"{calculation.submitted_by} has submitted it for your approval.",))


def calculations_to_approve(
    calculations: QuerySet[Calculation], *, user: User
) -> QuerySet[Calculation]:
    """Keep what waits for somebody's approval: not their own work, nor what they have approved."""
    waiting = calculations.filter(state=CalculationState.IN_REVIEW)
    others = waiting.exclude(prepared_by=user).exclude(submitted_by=user)
    given = Approval.objects.filter(calculation=OuterRef("pk"), decided_by=user)
    return others.filter(~Exists(given)).select_related("bill__property").defer("inputs", "result")


def write_sent_back(notice: Notice, *, now: datetime) -> Letter | None:  # noqa: ARG001
    """Write to whoever prepared a calculation that was sent back and not made anew since."""
    mine = access.rows(Calculation, user=notice.person)
    found = mine.filter(pk=notice.subject, state=CalculationState.REJECTED)
    calculation = found.select_related("bill__property").defer("inputs", "result").first()
    if calculation is None:
        return None
    decision = calculation.approvals.filter(decision=Decision.REJECTED).latest("decided_at")
    return Letter((f"{decision.decided_by} has sent it back.", f"The reason: {decision.reason}"))


def write_job_failed(notice: Notice, *, now: datetime) -> Letter | None:
    """Write about a job's failures that nobody has dealt with yet, grouped by cause."""
    jobs = access.rows(PostingJob, user=notice.person).filter(public_id=notice.subject)
    job = jobs.first()
    if job is None:
        return None
    failures = failures_by_cause(open_failures(job.postings.all()), now=now)
    if not failures:
        return None
    counts = count_job(job)
    return Letter(
        (f"Job {job} has ended: {counts.posted} of {counts.total} charges were posted.",),
        failures,
    )


def failures_by_cause(failures: QuerySet[Posting], *, now: datetime) -> tuple[Section, ...]:
    """Write failures out by what has to be done about them, the most money first.

    Shape: those that have waited for a day or longer say so.
    """
    sections = []
    for found in sum_by_cause(failures):
        cause = cause_of(found.code)
        url = reverse("billing:failure-list", query={"cause": found.code})
        line = Line(f"{counted(found.count, 'charge')} failed{_age(found, now)}", url)
        sections.append(Section(cause.title, (line,), cause.remedy))
    return tuple(sections)


def failures_in_closing_books(failures: QuerySet[Posting], *, today: date) -> tuple[Section, ...]:
    """Write down what failed of months that have ended or end within days, the oldest first."""
    booked = failures.annotate(month=BOOKED_IN).order_by()
    counts = booked.values_list("month").annotate(Count("pk")).order_by("month")
    found = [(month, count) for month, count in counts if month_after(month) - today <= _CLOSING]
    if not found:
        return ()
    url = reverse("billing:failure-list")
    lines = [
        Line(f"{counted(count, 'charge')} of {month:%B %Y}, {_end(month, today)}", url)
        for month, count in found
    ]
    return (Section("Before the books are closed", shortened(lines, url), _BEFORE_CLOSING),)


def _end(month: date, today: date) -> str:
    days = (month_after(month) - today).days - 1
    if days > 0:
        return f"whose last day is in {counted(days, 'day')}"
    return f"which ended {counted(-days, 'day')} ago" if days else "which ends today"


def _age(found: CauseSum, now: datetime) -> str:
    days = (now - found.oldest).days
    if not days:
        return ""
    begin = "" if found.count == 1 else " the oldest"
    return f",{begin} {counted(days, 'day')} ago"


def write_bills_missing(notice: Notice, *, now: datetime) -> Letter | None:
    """Write to whoever enters bills about those of a month that still have not come."""
    portfolio = notice.portfolio
    if portfolio is None or not access.may(portfolio, Action.PREPARE, user=notice.person):
        return None
    month = month_of_event(notice.subject)
    missing = missing_bills(portfolio, month=month, today=timezone.localdate(now))
    if not missing:
        return None
    count = counted(len(missing), "bill")
    return Letter(
        (f"{count} of {month:%B %Y} should have come by now and cannot be found here.",),
        (Section("Missing", account_lines(missing)),),
    )


def account_lines(accounts: Iterable[AccountMonths]) -> tuple[Line, ...]:
    """Name accounts, each with its property's page; of very many, only the first."""
    lines = [_account_line(account) for account in accounts]
    return shortened(lines, reverse("billing:bill-calendar"))


def shortened(lines: list[Line], path: str) -> tuple[Line, ...]:
    """Cut a long list, and say how much more there is and where."""
    if len(lines) <= _MOST_LINES:
        return tuple(lines)
    more = Line(f"and {len(lines) - _MOST_LINES} more", path)
    return (*lines[:_MOST_LINES], more)


def counted(count: int, noun: str) -> str:
    """Write a number with what it counts: "1 charge", "3 charges"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _account_line(months: AccountMonths) -> Line:
    account = months.account
    number = f", account {account.number}" if account.number else ""
    text = f"{Utility(account.utility).label} of {account.property_name}{number}"
    if months.missing > 1:
        text += f" ({months.missing} months)"
    return Line(text, reverse("billing:property-detail", args=[account.property_id]))
