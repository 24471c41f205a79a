"""What a person may do with a calculation now, and who else may."""

from __future__ import annotations

from dataclasses import dataclass

from billing.models import Calculation, CalculationState
from portfolios import access
from portfolios.access import Action
from portfolios.models import User

LIVE = frozenset({CalculationState.DRAFT, CalculationState.IN_REVIEW, CalculationState.APPROVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class NextSteps:
    """The acts that are open to one person; `hint` says who can act when they cannot.

    Shape: `blocked` and `approve_off` show the next act without letting anybody do it yet.
    """

    submit: bool = False
    blocked: bool = False
    approve: bool = False
    approve_off: bool = False
    send_back: bool = False
    post: bool = False
    recalculate: bool = False
    hint: str = ""


def next_steps(
    calculation: Calculation,
    *,
    user: User,
    is_right: bool,
    is_posted: bool,
    blocked: bool = False,
    needs_new_version: bool = False,
    is_latest: bool = False,
    has_approved: bool = False,
) -> NextSteps:
    """Tell what a person may do.

    Shape: `is_right` says that nothing has changed since it was made; `blocked` that something has
        to be decided before the review, `needs_new_version` that only a new version can be past it;
        `is_latest` that there is no newer version; `has_approved` that the person is one of the
        two who have to approve it.
    """
    portfolio = calculation.bill.property.portfolio
    prepares = access.may(portfolio, Action.PREPARE, user=user)
    approves = access.may(portfolio, Action.APPROVE, user=user)
    if calculation.state == CalculationState.REJECTED and is_latest:
        hint = "" if prepares else "A property manager of this portfolio calculates it again."
        return NextSteps(recalculate=prepares, hint=hint)
    if calculation.state not in LIVE or is_posted:
        return NextSteps()
    if not is_right:
        hint = "" if prepares else "A property manager of this portfolio has to calculate it again."
        waits = calculation.state == CalculationState.IN_REVIEW and approves
        send_back = waits and not is_own_work(calculation, user=user)
        return NextSteps(recalculate=prepares, approve_off=waits, send_back=send_back, hint=hint)
    if calculation.state == CalculationState.DRAFT:
        hint = "" if prepares else "A property manager of this portfolio submits it for review."
        return NextSteps(
            submit=prepares,
            blocked=blocked,
            recalculate=prepares and needs_new_version,
            hint=hint,
        )
    if calculation.state == CalculationState.IN_REVIEW:
        return _in_review(calculation, user, approves=approves, has_approved=has_approved)
    hint = "" if approves else "Only an accountant of this portfolio can post."
    return NextSteps(post=approves, hint=hint)


def is_own_work(calculation: Calculation, *, user: User) -> bool:
    """Tell whether a person prepared or submitted a calculation, and so cannot decide on it."""
    return user.pk in (calculation.prepared_by_id, calculation.submitted_by_id)


def _in_review(
    calculation: Calculation, user: User, *, approves: bool, has_approved: bool
) -> NextSteps:
    if not approves:
        return NextSteps(hint="Only an accountant of this portfolio can approve.")
    if is_own_work(calculation, user=user):
        return NextSteps(
            approve_off=True,
            hint="You prepared this calculation, so somebody else has to approve it or send it "
            "back.",
        )
    if has_approved:
        return NextSteps(
            approve_off=True, send_back=True, hint="You have approved it; a second person has to."
        )
    return NextSteps(approve=True, send_back=True)
