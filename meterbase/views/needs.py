"""What waits for somebody, counted; each number is the length of the list that it leads to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, QuerySet, Sum
from django.urls import reverse

from billing.bill_calendar import AccountMonths, count_missing
from billing.causes import cause_of
from billing.failures import FailureTab, in_tab
from billing.models import Calculation, CalculationState, Posting, PostingJob, UtilityBill
from billing.worklists import BillStep, count_waiting_bills, jobs_under_way
from integrations.freshness import in_words
from integrations.models import (
    Connection,
    ConnectionStatus,
    EventState,
    PropertyLink,
    ReviewItem,
    WebhookEvent,
)
from integrations.worklists import DataState, count_states
from portfolios import access
from portfolios.access import ALLOWED, Action
from portfolios.models import Membership, User


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
    roles = Membership.objects.filter(user=user).values_list("role", flat=True).distinct()
    return frozenset(action for role in roles for action in ALLOWED[role])


def sort_needs(needs: Iterable[Need], *, actions: frozenset[Action]) -> Needs:
    """Divide what waits by whether the reader may do something about it."""
    found = tuple(needs)
    return Needs(
        mine=tuple(need for need in found if need.action in actions),
        others=tuple(need for need in found if need.action not in actions),
    )


def billing_needs(user: User, *, calendar: Iterable[AccountMonths], now: datetime) -> list[Need]:
    """Count what waits between a bill and its approval."""
    steps = count_waiting_bills(access.rows(UtilityBill, user=user))

    def waiting(label: str, step: BillStep, tone: str, action: Action) -> Need:
        url = reverse("billing:bill-list", query={"show": step.value})
        return Need(label, steps[step], url, tone, action)

    missing = count_missing(calendar)
    calendar_url = reverse("billing:bill-calendar")
    return [
        Need("Bills missing", missing, calendar_url, "danger", Action.PREPARE, "to ask for"),
        waiting("Bills to calculate", BillStep.CALCULATE, "info", Action.PREPARE),
        waiting("Calculations sent back", BillStep.CORRECT, "warning", Action.PREPARE),
        waiting("Calculations to submit", BillStep.SUBMIT, "info", Action.PREPARE),
        _approvals(access.rows(Calculation, user=user), now=now),
        waiting("Approved, to post", BillStep.POST, "info", Action.APPROVE),
    ]


def _approvals(calculations: QuerySet[Calculation], *, now: datetime) -> Need:
    in_review = calculations.filter(state=CalculationState.IN_REVIEW)
    found = in_review.aggregate(count=Count("pk"), oldest=Min("submitted_at"))
    hint = "open" if found["oldest"] is None else f"oldest: {in_words(now - found['oldest'])}"
    url = reverse("billing:approval-list")
    return Need("Approvals waiting", found["count"], url, "info", Action.APPROVE, hint)


def posting_needs(user: User, *, causes: Iterable[FailureCause]) -> list[Need]:
    """Count what is on its way to the PMS, and what did not get there."""
    under_way = jobs_under_way(access.rows(PostingJob, user=user)).count()
    failed = sum(cause.count for cause in causes)
    jobs_url = reverse("billing:job-list", query={"show": "under-way"})
    failures_url = reverse("billing:failure-list")
    return [
        Need("Charges that failed", failed, failures_url, "danger", Action.APPROVE),
        Need("Jobs under way", under_way, jobs_url, "info", Action.APPROVE, "running"),
    ]


def failure_causes(user: User, *, now: datetime) -> list[FailureCause]:
    """Count the charges that wait for a person, by cause, the most money first."""
    # Few charges fail: they are picked out first, and only then looked up in the portfolios.
    few = in_tab(FailureTab.OPEN, now=now).values("pk")
    waiting = access.rows(Posting, user=user).filter(pk__in=few).order_by()
    counted = waiting.values_list("error_code").annotate(Count("pk"), Sum("amount_cents"))
    rows = sorted(counted, key=lambda row: (-row[2], row[0]))
    return [_failure_cause(*row) for row in rows]


def _failure_cause(code: str, count: int, cents: int) -> FailureCause:
    cause = cause_of(code)
    url = reverse("billing:failure-list", query={"cause": code})
    return FailureCause(cause.title, cause.remedy, count, cents, url)


def data_needs(user: User, *, now: datetime) -> list[Need]:
    """Count what is the matter with the connections and with the data that they bring."""
    states = count_states(access.rows(PropertyLink, user=user), now=now)
    logins = access.rows(Connection, user=user).filter(status=ConnectionStatus.LOGIN_EXPIRED)
    items = access.rows(ReviewItem, user=user).filter(resolved_at=None)
    events = access.rows(WebhookEvent, user=user).filter(state=EventState.FAILED)
    return [
        _of_manager("Connections to renew", logins.count, _logins_url(), "danger"),
        _of_manager("Properties with old data", lambda: states[DataState.OLD], _data_url("old")),
        _of_manager(
            "Syncs that failed", lambda: states[DataState.FAILED], _data_url("failed"), "danger"
        ),
        _of_manager("Items to review", items.count, reverse("integrations:review-item-list")),
        _of_manager("Webhooks that failed", events.count, _events_url()),
    ]


def _of_manager(label: str, count: Callable[[], int], url: str, tone: str = "warning") -> Need:
    return Need(label, count(), url, tone, Action.PREPARE)


def _logins_url() -> str:
    return reverse("integrations:propexo", query={"status": ConnectionStatus.LOGIN_EXPIRED})


def _data_url(state: str) -> str:
    return reverse("integrations:pms-data-list", query={"show": state})


def _events_url() -> str:
    return reverse("integrations:webhook-list", query={"state": EventState.FAILED})
