"""Sending a charge in doubt again, on the word of two people that the PMS does not have it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q

from billing.models import (
    AttemptOutcome,
    DifferenceKind,
    FollowUpAct,
    LedgerCheck,
    LedgerDifference,
    Posting,
    PostingState,
)
from billing.operations.calculations import WrongState
from billing.operations.failures import (
    NO_WISH,
    lock_place,
    refuse_doubling,
    refuse_unticked,
    refuse_wrong_resident,
)
from billing.operations.follow_ups import note_act
from billing.posting.liveness import StillHeld, hold
from billing.posting.nudge import nudge_workers
from billing.posting.states import MovedMeanwhile, move
from billing.posting.store import close_attempt
from portfolios.models import User
from portfolios.operations.audit import record_event


@transaction.atomic
def ask_to_send_again(*, posting: Posting, reason: str, by: User, now: datetime) -> None:
    """Say that the PMS does not have a charge in doubt; a second person decides.

    Errors: WrongState when it is not waiting for a decision, or somebody has asked already.
    Effects: the posting carries the reason, who and when; an audit event.
    """
    asked = Posting.objects.filter(
        pk=posting.pk, state=PostingState.REVIEW, resolved_at=None, resend_asked_at=None
    )
    if not asked.update(resend_asked_by=by, resend_asked_at=now, resend_reason=reason):
        raise WrongState("This charge is not waiting for a decision, or it was asked for before.")
    record_event(verb="posting.resend_asked", subject=posting, by=by, now=now, note=reason)


@transaction.atomic
def withdraw_resend(*, posting: Posting, by: User, now: datetime) -> None:
    """Take the wish to send a charge again back, or refuse it.

    Errors: WrongState when nobody has asked.
    Effects: the charge waits for a decision as before; an audit event.
    """
    asked = Posting.objects.filter(pk=posting.pk, resend_asked_at__isnull=False)
    if not asked.update(**NO_WISH):
        raise WrongState("Nobody has asked to send this charge again.")
    record_event(verb="posting.resend_withdrawn", subject=posting, by=by, now=now)


@transaction.atomic
def send_again(*, posting: Posting, by: User, now: datetime) -> None:
    """Confirm that a charge in doubt is to be sent again.

    Errors: WrongState when nobody else has asked for it, a worker still has the charge in hand, or
        it would charge somebody else or double a charge, the PMS's ledger has shown it, or
        something of the connection's go-live checklist is not ticked.
    Effects: the open attempt counts as not applied, the posting waits for a worker; an audit event.
    """
    lock_place(posting)
    current = Posting.objects.select_for_update(of=("self",), no_key=True).get(pk=posting.pk)
    if current.state != PostingState.REVIEW or current.resend_asked_at is None:
        raise WrongState("Nobody has asked to send this charge again.")
    if current.resend_asked_by_id == by.pk:
        raise WrongState("A second person has to decide: whoever asked cannot also confirm.")
    refuse_unticked(current)
    refuse_wrong_resident(current)
    refuse_doubling(current)
    _refuse_shown(current)
    try:
        with hold(current.pk):
            _put_back(current, by, now)
    except StillHeld:
        raise WrongState("A worker still has this charge in hand. Try again later.") from None
    except MovedMeanwhile:
        raise WrongState("Somebody else has just acted on this charge.") from None
    record_event(
        verb="posting.sent_again",
        subject=posting,
        by=by,
        now=now,
        before={"asked_by": current.resend_asked_by_id, "error": current.error},
        note=current.resend_reason,
    )
    note_act(current, FollowUpAct.SENT_AGAIN, by=by, now=now)
    nudge_workers(connection_id=current.connection_id)


def _refuse_shown(posting: Posting) -> None:
    """Refuse a charge that a comparison with the ledger has found, unless a later one has not.

    Shape: a comparison that was not over before the charge was last tried may have seen that try.
    Errors: WrongState.
    """
    last_try = posting.attempts.aggregate(at=Max("started_at"))["at"]
    shown = LedgerDifference.objects.filter(
        kind=DifferenceKind.EXTRA, reference=posting.reference
    ).select_related("check_run")
    if last_try is not None:
        shown = shown.exclude(check_run__finished_at__lte=last_try)
    newest = shown.order_by("check_run__started_at", "pk").last()
    if newest is None or _is_gone(posting, newest.check_run):
        return
    raise WrongState(
        f"The PMS's ledger shows this charge{_as(newest)}: sending it again would charge the "
        "resident twice. Link it to the charge in the PMS. If it was deleted there meanwhile, "
        "compare the ledger again first."
    )


def _as(shown: LedgerDifference) -> str:
    return f" as {shown.remote_charge_id}" if shown.remote_charge_id else ""


def _is_gone(posting: Posting, seen_by: LedgerCheck) -> bool:
    """Tell whether a later comparison read the ledger to its end, and did not see the charge."""
    if seen_by.finished_at is None:
        return False
    place = posting.job.calculation.bill.property_id
    later = LedgerCheck.objects.filter(
        Q(job=None) | Q(job=posting.job_id),
        property=place,
        error="",
        finished_at__isnull=False,
        started_at__gt=seen_by.finished_at,
    )
    again = LedgerDifference.objects.filter(check_run=OuterRef("pk"), reference=posting.reference)
    return later.exclude(Exists(again)).exists()


def _put_back(posting: Posting, by: User, now: datetime) -> None:
    """Close the attempt whose fate two people have vouched for, and let the charge wait."""
    reason = posting.resend_reason
    attempt = posting.attempts.filter(outcome="").first()
    if attempt is not None:
        close_attempt(
            attempt, AttemptOutcome.NOT_APPLIED, evidence="operator", now=now, answer=reason
        )
    move(
        posting,
        PostingState.PENDING,
        now=now,
        actor=by,
        note=reason,
        not_before=now,
        tries=0,
        created_at=now,
        remote_job_id="",
        error_code="",
        error="",
        raw_error="",
        **NO_WISH,
    )
