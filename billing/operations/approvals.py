"""Deciding on a calculation: one person approves it or sends it back, or two where it is large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from billing.approval_tiers import Approvals, approvals_of
from billing.models import Approval, Calculation, CalculationState, Decision
from billing.notices.acts import tell_sent_back
from billing.operations.calculations import (
    Blocked,
    OutOfDate,
    WrongState,
    change_state,
    lock_bill,
    refuse_blocked,
    refuse_out_of_date,
)
from billing.outgoing_events import report_approval
from portfolios.models import User
from portfolios.operations.audit import record_event


class OwnWork(Exception):
    """Whoever prepared a calculation cannot approve it."""

    def __init__(self) -> None:
        super().__init__(
            "You prepared this calculation, so somebody else has to approve it or send it back."
        )


class AlreadyApproved(Exception):
    """The second approval has to come from another person than the first."""

    def __init__(self) -> None:
        super().__init__(
            "You have approved this calculation already. Another accountant has to approve it too."
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one calculation among several; a refusal says why in a sentence."""

    calculation: Calculation
    approvals: Approvals | None
    refusal: str = ""

    @property
    def is_approved(self) -> bool:
        """Tell whether the figures are locked now."""
        return not self.refusal and self.calculation.state == CalculationState.APPROVED


@transaction.atomic
def approve_calculation(*, calculation: Calculation, by: User, now: datetime) -> Approval:
    """Approve a calculation; the last approval that it needs locks its figures.

    Shape: where a second person has to approve, it stays in review after the first.
    Errors: OwnWork, AlreadyApproved, WrongState, OutOfDate, Blocked.
    Effects: an approval; an audit event.
    """
    _lock(calculation, by)
    _refuse_decided(calculation)
    before = approvals_of(calculation)
    if before.are_of(by):
        raise AlreadyApproved
    refuse_out_of_date(calculation)
    refuse_blocked(calculation)
    if before.is_last_missing:
        change_state(
            calculation,
            CalculationState.IN_REVIEW,
            CalculationState.APPROVED,
            approvals_needed=before.needed,
        )
    approval = _decide(calculation, Decision.APPROVED, before=before, by=by, now=now)
    if before.is_last_missing:
        report_approval(calculation, now=now)
    return approval


def approve_calculations(
    *, calculations: Sequence[Calculation], by: User, now: datetime
) -> tuple[Verdict, ...]:
    """Approve several calculations; each stands alone, and one that is refused stops no other.

    Effects: as `approve_calculation`, each in a transaction of its own.
    """
    return tuple(_approve_one(calculation, by, now) for calculation in calculations)


def _approve_one(calculation: Calculation, by: User, now: datetime) -> Verdict:
    try:
        approve_calculation(calculation=calculation, by=by, now=now)
    except (AlreadyApproved, Blocked, OutOfDate, OwnWork, WrongState) as refusal:
        return Verdict(calculation, None, str(refusal))
    return Verdict(calculation, approvals_of(calculation))


@transaction.atomic
def reject_calculation(
    *, calculation: Calculation, reason: str, by: User, now: datetime
) -> Approval:
    """Send a calculation back, with a reason for whoever prepared it.

    Errors: OwnWork, WrongState.
    Effects: a decision; an audit event; a notice to whoever prepared it.
    """
    _lock(calculation, by)
    before = approvals_of(calculation)
    change_state(calculation, CalculationState.IN_REVIEW, CalculationState.REJECTED)
    decision = Decision.REJECTED
    approval = _decide(calculation, decision, before=before, reason=reason, by=by, now=now)
    tell_sent_back(approval, now=now)
    return approval


def _lock(calculation: Calculation, by: User) -> None:
    """Let people who decide at once take turns, and refuse whoever prepared it.

    Errors: OwnWork; WrongState when the bill was voided.
    """
    # The bill first, as whoever changes, voids or calculates it does.
    lock_bill(calculation.bill_id)
    # Read again under a lock: the caller may have read it before it was submitted.
    current = Calculation.objects.select_for_update().only(*_DECIDED_BY).get(pk=calculation.pk)
    if by.pk in (current.prepared_by_id, current.submitted_by_id):
        raise OwnWork
    calculation.state = current.state
    calculation.approvals_needed = current.approvals_needed


_DECIDED_BY = ("state", "approvals_needed", "prepared_by", "submitted_by")


def _refuse_decided(calculation: Calculation) -> None:
    if calculation.state != CalculationState.IN_REVIEW:
        raise WrongState(
            f"This needs a calculation that is in review; this one is "
            f"{calculation.get_state_display().lower()}."
        )


def _decide(
    calculation: Calculation,
    decision: Decision,
    *,
    before: Approvals,
    by: User,
    now: datetime,
    reason: str = "",
) -> Approval:
    approval = Approval.objects.create(
        calculation=calculation, decision=decision, decided_by=by, decided_at=now, reason=reason
    )
    is_first_of_two = decision == Decision.APPROVED and not before.is_last_missing
    record_event(
        verb="calculation.approved_first" if is_first_of_two else f"calculation.{decision.value}",
        subject=calculation,
        by=by,
        now=now,
        after={
            "tenants_cents": calculation.tenants_cents,
            "approvals": before.count + (decision == Decision.APPROVED),
            "approvals_needed": before.needed,
        },
        note=reason,
    )
    return approval
