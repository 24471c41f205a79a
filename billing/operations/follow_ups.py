"""Whose a failure is, and until when it rests; nothing of it moves money."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from billing.models import FailureFollowUp, FollowUpAct, Posting, PostingState
from billing.operations.calculations import WrongState
from portfolios.access import ALLOWED, Action, portfolio_of, role_in
from portfolios.models import User
from portfolios.operations.audit import record_event

LONGEST_REST_DAYS = 90

_NOBODY = {"assigned_to": None, "assigned_by": None, "assigned_at": None}
_NO_REST = {"snoozed_until": None, "snoozed_by": None, "snoozed_at": None}


@transaction.atomic
def assign_failure(*, posting: Posting, to: User | None, by: User, now: datetime) -> None:
    """Say who looks after a failure; None gives it back to everybody.

    Errors: WrongState when it is not an open failure, or that person may only look at it.
    Effects: the follow-up names the person; an audit event.
    """
    _refuse_closed(posting)
    if to is not None and not may_look_after(posting, to):
        raise WrongState(f"{to} is no manager or accountant of the charge's portfolio.")
    found = _follow_up(posting)
    before = found.assigned_to
    named = {"assigned_to": to, "assigned_by": by, "assigned_at": now} if to else _NOBODY
    FailureFollowUp.objects.filter(pk=found.pk).update(**named)
    record_event(
        verb="posting.assigned",
        subject=posting,
        by=by,
        now=now,
        before={"assigned_to": str(before or "")},
        after={"assigned_to": str(to or "")},
    )


def may_look_after(posting: Posting, person: User) -> bool:
    """Tell whether a failure can be given to a person: to whoever may do more than look."""
    role = role_in(portfolio_of(posting), user=person)
    return role is not None and bool(ALLOWED[role] & {Action.PREPARE, Action.APPROVE})


@transaction.atomic
def snooze_failure(*, posting: Posting, until: date, by: User, now: datetime) -> None:
    """Let a failure rest until a day; it comes back then, or as soon as it fails once more.

    Errors: WrongState when it is not an open failure, or the day is past or too far away.
    Effects: the follow-up carries the day; an audit event.
    """
    _refuse_closed(posting)
    days = (until - timezone.localdate(now)).days
    if not 1 <= days <= LONGEST_REST_DAYS:
        raise WrongState(f"A failure can rest until tomorrow, or {LONGEST_REST_DAYS} days at most.")
    found = _follow_up(posting)
    FailureFollowUp.objects.filter(pk=found.pk).update(
        snoozed_until=until, snoozed_by=by, snoozed_at=now
    )
    record_event(
        verb="posting.snoozed", subject=posting, by=by, now=now, after={"until": until.isoformat()}
    )


@transaction.atomic
def wake_failure(*, posting: Posting, by: User, now: datetime) -> None:
    """End a failure's rest before its day.

    Errors: WrongState when it does not rest.
    Effects: it is in the list again; an audit event.
    """
    resting = FailureFollowUp.objects.filter(posting=posting, snoozed_until__isnull=False)
    if not resting.update(**_NO_REST):
        raise WrongState("This failure does not rest.")
    record_event(verb="posting.woken", subject=posting, by=by, now=now)


def note_act(posting: Posting, act: FollowUpAct, *, by: User, now: datetime) -> None:
    """Keep by which act a failure left the list; call it inside the act's transaction."""
    FailureFollowUp.objects.update_or_create(
        posting_id=posting.pk,
        defaults={"acted_as": act, "acted_by": by, "acted_at": now},
    )


def _follow_up(posting: Posting) -> FailureFollowUp:
    found, _ = FailureFollowUp.objects.get_or_create(posting_id=posting.pk)
    return found


def _refuse_closed(posting: Posting) -> None:
    # The lock is on the posting: whoever sends it again or closes it waits for it, too.
    current = Posting.objects.select_for_update().get(pk=posting.pk)
    failed = current.state in (PostingState.REJECTED, PostingState.REVIEW)
    if not failed or current.resolved_at is not None:
        raise WrongState("This charge is not an open failure any more.")
