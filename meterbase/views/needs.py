"""What waits for somebody, counted; each number is the length of the list that it leads to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone

from billing.causes import cause_of
from billing.deadlines import day_of_rank, rank_of, with_deadline_rank
from billing.failures import FailureTab, in_tab_of
from billing.models import Calculation, CalculationState, PostingJob
from billing.worklists import BillStep, jobs_under_way
from integrations.freshness import in_words
from integrations.models import (
    Connection,
    ConnectionStatus,
    EventState,
    ReviewItem,
    WebhookEvent,
)
from integrations.worklists import DataState, count_states_for
from meterbase.lib.kept_question import blank
from portfolios import access
from portfolios.access import Action
from portfolios.kept_figures import KeptFigures, totals
from portfolios.models import User
from portfolios.own_roles import actions_by_portfolio


@dataclass(frozen=True, slots=True)
class Need:
    """A list of work: how long it is, where it is, and who can do something about it."""

    label: str
    count: int
    url: str
    tone: str
    action: Action
    hint: str = "open"


@dataclass(frozen=True, slots=True)
class FailureCause:
    """The charges that failed for one reason.

    Units: cents.
    """

    title: str
    remedy: str
    count: int
    cents: int
    url: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What waits for the reader, and what waits for others."""

    mine: tuple[Need, ...]
    others: tuple[Need, ...]


def actions_of(user: User) -> frozenset[Action]:
    """Tell what a person may do in at least one portfolio."""
    return frozenset[Action]().union(*actions_by_portfolio(user).values())


def sort_needs(needs: Iterable[Need], *, actions: frozenset[Action]) -> Needs:
    """Divide what waits by whether the reader may do something about it."""
    found = tuple(needs)
    return Needs(
        mine=tuple(need for need in found if need.action in actions),
        others=tuple(need for need in found if need.action not in actions),
    )


def billing_needs(
    user: User, *, steps: Mapping[BillStep, int], missing: int, now: datetime
) -> list[Need]:
    """Count what waits between a bill and its approval."""

    def waiting(label: str, step: BillStep, tone: str, action: Action) -> Need:
        url = f"{bills_url}?show={step.value}"
        return Need(label, steps[step], url, tone, action)

    bills_url, calendar_url = reverse("billing:bill-list"), reverse("billing:bill-calendar")
    return [
        Need("Bills missing", missing, calendar_url, "danger", Action.PREPARE, "to ask for"),
        waiting("Bills to calculate", BillStep.CALCULATE, "info", Action.PREPARE),
        waiting("Calculations sent back", BillStep.CORRECT, "warning", Action.PREPARE),
        waiting("Calculations to submit", BillStep.SUBMIT, "info", Action.PREPARE),
        _approvals(user, now=now),
        waiting("Approved, to post", BillStep.POST, "info", Action.APPROVE),
    ]


def _approvals(user: User, *, now: datetime) -> Need:
    """Count what waits for approval; the deadline, where there is one, says how urgent it is."""
    today = rank_of(timezone.localdate(now))
    ((count, oldest, first, late),) = _kept_approvals().of(user, today=today)
    label, url = "Approvals waiting", reverse("billing:approval-list")
    if late:
        return Need(label, count, url, "danger", Action.APPROVE, f"{late} overdue")
    hint = "open"
    if first is not None:
        hint = f"by {day_of_rank(first):%-d %b %Y}"
    elif oldest is not None:
        hint = f"oldest: {in_words(now - oldest)}"
    return Need(label, count, url, "info", Action.APPROVE, hint)


@cache
def _kept_approvals() -> KeptFigures:
    calculations = access.rows_to_keep(Calculation).filter(state=CalculationState.IN_REVIEW)
    return KeptFigures(
        totals(
            with_deadline_rank(calculations),
            count=Count("pk"),
            oldest=Min("submitted_at"),
            first=Min("deadline_rank"),
            late=Count("pk", filter=Q(deadline_rank__lt=blank("today"))),
        )
    )


def posting_needs(user: User, *, causes: Iterable[FailureCause]) -> list[Need]:
    """Count what is on its way to the PMS, and what did not get there."""
    ((under_way,),) = _kept_under_way().of(user)
    failed = sum(cause.count for cause in causes)
    jobs_url = f"{reverse('billing:job-list')}?show=under-way"
    failures_url = reverse("billing:failure-list")
    return [
        Need("Charges that failed", failed, failures_url, "danger", Action.APPROVE),
        Need("Jobs under way", under_way, jobs_url, "info", Action.APPROVE, "running"),
    ]


@cache
def _kept_under_way() -> KeptFigures:
    return _count_kept(jobs_under_way(access.rows_to_keep(PostingJob)))


def failure_causes(user: User, *, now: datetime) -> list[FailureCause]:
    """Count the charges that wait for a person, by cause, the most money first."""
    counted = _kept_causes().of(user, today=timezone.localdate(now))
    rows = sorted(counted, key=lambda row: (-row[2], row[0]))
    return [_failure_cause(*row) for row in rows]


@cache
def _kept_causes() -> KeptFigures:
    waiting = in_tab_of(access.rows_to_keep(PostingJob), FailureTab.OPEN, blank("today"))
    counted = (
        waiting.order_by().values_list("error_code").annotate(Count("pk"), Sum("amount_cents"))
    )
    return KeptFigures(counted)


def _failure_cause(code: str, count: int, cents: int) -> FailureCause:
    cause = cause_of(code)
    url = reverse("billing:failure-list", query={"cause": code})
    return FailureCause(cause.title, cause.remedy, count, cents, url)


def data_needs(user: User, *, now: datetime) -> list[Need]:
    """Count what is the matter with the connections and with the data that they bring."""
    states = count_states_for(user, now=now)
    logins, items, events = (kept.of(user)[0][0] for kept in _kept_matters())
    items_url = reverse("integrations:review-item-list")
    return [
        _of_manager("Connections to renew", logins, _logins_url(), "danger"),
        _of_manager("Properties with old data", states[DataState.OLD], _data_url("old")),
        _of_manager("Syncs that failed", states[DataState.FAILED], _data_url("failed"), "danger"),
        _of_manager("Items to review", items, items_url),
        _of_manager("Webhooks that failed", events, _events_url()),
    ]


@cache
def _kept_matters() -> tuple[KeptFigures, KeptFigures, KeptFigures]:
    """Ask for expired logins, for items to review and for events that failed."""
    expired = ConnectionStatus.LOGIN_EXPIRED
    return (
        _count_kept(access.rows_to_keep(Connection).filter(status=expired)),
        _count_kept(access.rows_to_keep(ReviewItem).filter(resolved_at=None)),
        _count_kept(access.rows_to_keep(WebhookEvent).filter(state=EventState.FAILED)),
    )


def _count_kept(rows: QuerySet[Any]) -> KeptFigures:
    return KeptFigures(totals(rows, count=Count("pk")))


def _of_manager(label: str, count: int, url: str, tone: str = "warning") -> Need:
    return Need(label, count, url, tone, Action.PREPARE)


def _logins_url() -> str:
    return reverse("integrations:propexo", query={"status": ConnectionStatus.LOGIN_EXPIRED})


def _data_url(state: str) -> str:
    return reverse("integrations:pms-data-list", query={"show": state})


def _events_url() -> str:
    return reverse("integrations:webhook-list", query={"state": EventState.FAILED})
