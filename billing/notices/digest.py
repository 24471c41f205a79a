"""The digest: everything that waits for a person, grouped by cause, in one mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from billing.bill_calendar import read_calendar
from billing.failures import FailureTab, in_tab
from billing.models import Calculation, CalculationState, Posting, ShareRule, UtilityBill
from billing.notices.acts import about_bill
from billing.notices.letters import (
    account_lines,
    calculations_to_approve,
    counted,
    failures_by_cause,
    failures_in_closing_books,
    shortened,
)
from billing.worklists import BillStep, waiting_bills
from integrations.models import Connection, ConnectionStatus
from portfolios import access
from portfolios.access import Action
from portfolios.models import Membership, Notice, NoticeChoice, NoticeKind, NoticeWhen, User
from portfolios.models.scope import PortfolioRow
from portfolios.notices.choices import Wishes, wishes_of
from portfolios.notices.letters import Letter, Line, Section
from portfolios.notices.queue import queue_notice

RowT = TypeVar("RowT", bound=PortfolioRow)

_MONDAY, _SATURDAY = 0, 5
_AT_A_TIME = 500


def queue_digests(*, now: datetime) -> None:
    """Queue today's digest for everybody who wants one today and has not got it yet.

    Effects: queued notices, from the hour of NOTICE_DIGEST_HOUR on, Monday to Friday. Whether
        anything waits for the person is looked at when the mail goes out.
    """
    local = timezone.localtime(now)
    if local.hour < settings.NOTICE_DIGEST_HOUR or local.weekday() >= _SATURDAY:
        return
    today = local.date()
    queue_notice(
        kind=NoticeKind.DIGEST,
        subject=today.isoformat(),
        about=f"{today:%-d %B %Y}",
        path=reverse("home"),
        portfolio=None,
        people=_without_digest(today)[:_AT_A_TIME],
        now=now,
    )


def _without_digest(today: date) -> QuerySet[User]:
    """Select the people who want a digest on a day and have none of it yet."""
    unwanted = [NoticeWhen.OFF]
    if today.weekday() != _MONDAY:
        unwanted.append(NoticeWhen.WEEKLY)
    theirs = {"kind": NoticeKind.DIGEST, "user": OuterRef("pk")}
    got = {"kind": NoticeKind.DIGEST, "person": OuterRef("pk"), "subject": today.isoformat()}
    people = User.objects.filter(
        ~Exists(Notice.objects.filter(**got)),
        ~Exists(NoticeChoice.objects.filter(**theirs, choice__in=unwanted)),
        Exists(Membership.objects.filter(user=OuterRef("pk"))),
        is_active=True,
    )
    return people.exclude(email="").order_by("pk")


def write_digest(notice: Notice, *, now: datetime) -> Letter | None:
    """Write down what waits for a person now; None when nothing does, or the day is over."""
    today = timezone.localdate(now)
    if notice.subject != today.isoformat():
        return None
    reader = _Reader(notice.person, wishes_of([notice.person])[notice.person_id], today, now)
    sections = [
        section
        for kind, sections_of in _SECTIONS.items()
        if kind in reader.wishes.digest_kinds
        for section in sections_of(reader)
    ]
    if not sections:
        return None
    return Letter(("This waits for you in MeterBase.",), tuple(sections))


@dataclass(frozen=True, slots=True)
class _Reader:
    """For whom a digest is written, and when."""

    user: User
    wishes: Wishes
    today: date
    now: datetime

    def rows(self, model: type[RowT], action: Action) -> QuerySet[RowT]:
        """Select what the reader may do something about, without what they have muted."""
        mine = access.rows(model, user=self.user, action=action)
        muted = {f"{model.portfolio_path}__in": self.wishes.muted}
        return mine.exclude(**muted) if self.wishes.muted else mine


def _failures(reader: _Reader) -> tuple[Section, ...]:
    # Few charges fail: they are picked out first, and only then looked up in the portfolios.
    few = in_tab(FailureTab.OPEN, now=reader.now).values("pk")
    failures = reader.rows(Posting, Action.APPROVE).filter(pk__in=few)
    urgent = failures_in_closing_books(failures, today=reader.today)
    return urgent + failures_by_cause(failures, now=reader.now)


def _approvals(reader: _Reader) -> tuple[Section, ...]:
    mine = reader.rows(Calculation, Action.APPROVE)
    waiting = calculations_to_approve(mine, user=reader.user).order_by("submitted_at", "pk")
    lines = [
        Line(about_bill(row.bill), reverse("billing:calculation-detail", args=[row.pk]))
        for row in waiting
    ]
    return _section("calculation", "for your approval", lines, reverse("billing:approval-list"))


def _sent_back(reader: _Reader) -> tuple[Section, ...]:
    bills = waiting_bills(reader.rows(UtilityBill, Action.PREPARE), BillStep.CORRECT)
    of_reader = Calculation.objects.filter(
        bill=OuterRef("pk"), state=CalculationState.REJECTED, prepared_by=reader.user
    )
    found = bills.filter(Exists(of_reader)).select_related("property").order_by("pk")
    lines = [
        Line(about_bill(bill), reverse("billing:bill-detail", args=[bill.pk])) for bill in found
    ]
    url = reverse("billing:bill-list", query={"show": BillStep.CORRECT.value})
    return _section("calculation", "to be made anew: sent back to you", lines, url)


def _logins(reader: _Reader) -> tuple[Section, ...]:
    connections = reader.rows(Connection, Action.PREPARE)
    expired = connections.filter(status=ConnectionStatus.LOGIN_EXPIRED).order_by("pk")
    lines = [
        Line(str(row), reverse("integrations:connection-detail", args=[row.pk])) for row in expired
    ]
    return _section("connection", "for a new login", lines, reverse("integrations:propexo"))


def _missing_bills(reader: _Reader) -> tuple[Section, ...]:
    calendar = read_calendar(
        bills=reader.rows(UtilityBill, Action.PREPARE),
        rules=reader.rows(ShareRule, Action.PREPARE),
        today=reader.today,
    )
    lacking = [account for account in calendar if account.missing]
    if not lacking:
        return ()
    count = counted(sum(account.missing for account in lacking), "bill")
    return (Section(f"{count} missing", account_lines(lacking)),)


def _section(noun: str, waits: str, lines: list[Line], path: str) -> tuple[Section, ...]:
    if not lines:
        return ()
    verb = "waits" if len(lines) == 1 else "wait"
    title = f"{counted(len(lines), noun)} {verb} {waits}"
    return (Section(title, shortened(lines, path)),)


# What the digest says of each kind, in the order in which it is said.
_SECTIONS: Mapping[NoticeKind, Callable[[_Reader], tuple[Section, ...]]] = {
    NoticeKind.JOB_FAILED: _failures,
    NoticeKind.APPROVAL_WAITING: _approvals,
    NoticeKind.SENT_BACK: _sent_back,
    NoticeKind.LOGIN_NEEDED: _logins,
    NoticeKind.BILLS_MISSING: _missing_bills,
}
