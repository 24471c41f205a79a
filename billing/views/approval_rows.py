"""Calculations that wait for approval, as the queue and the questions before the act show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import localdate, localtime

from billing.approval_queue import QueueFacts, queue_facts
from billing.deadlines import Deadline, deadline_of
from billing.models import Calculation, CalculationState
from billing.operations.approvals import AlreadyApproved, OwnWork
from billing.operations.calculations import OutOfDate
from billing.views.next_steps import is_own_work
from billing.views.review_table import LARGE_CHANGE
from billing.views.wording import bill_name, billing_month, percent, recovery
from portfolios import access
from portfolios.access import Action
from portfolios.models import User

NOT_ACCOUNTANT = "Only an accountant of this portfolio can approve."


@dataclass(frozen=True, slots=True)
class Mark:
    """Something to know before approving: short on the queue, a sentence before the act."""

    label: str
    sentence: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A calculation that waits, with what is known of it and why this person cannot approve it."""

    calculation: Calculation
    facts: QueueFacts
    month: str
    recovery: str
    last_recovery: str
    marks: tuple[Mark, ...]
    obstacle: str
    deadline: Deadline | None

    @property
    def name(self) -> str:
        """Name the bill in the middle of a sentence."""
        return bill_name(self.calculation.bill)

    @property
    def url(self) -> str:
        """Lead to the review."""
        return reverse("billing:calculation-detail", args=[self.calculation.pk])

    @property
    def charged_cents(self) -> int:
        """Tell what residents are charged, fees included.

        Units: cents.
        """
        return self.calculation.tenants_cents + self.calculation.fees_cents


def light_calculations(calculations: QuerySet[Calculation]) -> QuerySet[Calculation]:
    """Read what a row needs along with each calculation, without the big documents."""
    return calculations.defer("inputs", "result").select_related(
        "bill__property__portfolio", "share_rule", "prepared_by"
    )


def queue_rows(calculations: Sequence[Calculation], *, user: User) -> list[QueueRow]:
    """Describe calculations for a person who may approve some of them."""
    keys = [row.pk for row in calculations]
    allowed = access.rows(Calculation, user=user, action=Action.APPROVE).filter(pk__in=keys)
    mine = set(allowed.values_list("pk", flat=True))
    found = queue_facts(calculations, large=LARGE_CHANGE)
    return [_row(row, found[row.pk], user, is_allowed=row.pk in mine) for row in calculations]


def _row(calculation: Calculation, facts: QueueFacts, user: User, *, is_allowed: bool) -> QueueRow:
    return QueueRow(
        calculation=calculation,
        facts=facts,
        month=billing_month(calculation.bill),
        recovery=recovery(calculation),
        last_recovery=_beside_last(calculation, facts.last),
        marks=tuple(_marks(facts)),
        obstacle=_obstacle(calculation, facts, user) if is_allowed else NOT_ACCOUNTANT,
        deadline=deadline_of(calculation.bill, today=localdate()),
    )


def _obstacle(calculation: Calculation, facts: QueueFacts, user: User) -> str:
    """Say why somebody who may approve cannot approve this one; nothing where they can."""
    if calculation.state != CalculationState.IN_REVIEW:
        state = calculation.get_state_display().lower()
        return f"This calculation is {state}: there is nothing to decide."
    if is_own_work(calculation, user=user):
        return str(OwnWork())
    if facts.approvals.are_of(user):
        return str(AlreadyApproved())
    if facts.changes:
        return str(OutOfDate(facts.changes))
    if facts.open_flags or facts.blocking:
        return "Something of it is still to be decided; its page says what."
    return ""


def _beside_last(calculation: Calculation, last: Calculation | None) -> str:
    """Say by how much the recovery differs from the last run's."""
    if last is None:
        return "no last run"
    was = recovery(last)
    return f"last run {was}" if was != recovery(calculation) else "as last time"


def _marks(facts: QueueFacts) -> Iterable[Mark]:
    """List what stands out, the worst first."""
    if facts.changes:
        yield Mark("Out of date", str(OutOfDate(facts.changes)), "danger")
    for flag in facts.open_flags:
        yield Mark("Open flag", f"{flag.get_kind_display()}: {flag.message}", "danger")
    if facts.blocking:
        rules = _count(facts.blocking, "rule")
        yield Mark(f"{rules} in the way", f"{rules} of the place: see its page.", "danger")
    if facts.approvals.has_tiers:
        yield Mark(facts.approvals.words, _who_approved(facts), "info")
    if facts.in_sync:
        yield Mark("Made during a sync", "A sync was running when this was calculated.", "warning")
    if facts.was_old:
        yield Mark("Old data", "The PMS data was old when this was calculated.", "warning")
    if facts.set_aside:
        rules = _count(facts.set_aside, "rule")
        yield Mark(
            f"{rules} set aside", f"{rules} of the place set aside: see its page.", "warning"
        )
    if facts.accepted:
        flags = _count(len(facts.accepted), "flag")
        yield Mark(f"{flags} accepted", _who_accepted(facts), "warning")
    if facts.large_changes:
        changes = _count(facts.large_changes, "large change")
        share = percent(LARGE_CHANGE, places=0)
        sentence = f"{changes}: a share that differs from the last run's by more than {share}."
        yield Mark(changes, sentence, "neutral")


def _who_approved(facts: QueueFacts) -> str:
    if not facts.approvals.given:
        return "Two accountants have to approve it, because of the amount."
    (first, *_) = facts.approvals.given
    day = f"{localtime(first.decided_at):%-d %b %Y}"
    return f"Approved by {first.decided_by} on {day}; one more has to."


def _who_accepted(facts: QueueFacts) -> str:
    accepted = (
        f"{flag.get_kind_display()}, accepted by {flag.cleared_by}: “{flag.note}”"
        for flag in facts.accepted
    )
    return "; ".join(accepted) + "."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
