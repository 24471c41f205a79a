"""Sending a charge in doubt again, on the word of two people that the PMS does not have it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from billing.models import AttemptOutcome, Posting, PostingState
from billing.operations.calculations import WrongState
from billing.operations.failures import NO_WISH, refuse_doubling, refuse_wrong_resident
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
        it would charge somebody else or double a charge.
    Effects: the open attempt counts as not applied, the posting waits for a worker; an audit event.
    """
    current = Posting.objects.select_for_update(of=("self",)).get(pk=posting.pk)
    if current.state != PostingState.REVIEW or current.resend_asked_at is None:
        raise WrongState("Nobody has asked to send this charge again.")
    if current.resend_asked_by_id == by.pk:
        raise WrongState("A second person has to decide: whoever asked cannot also confirm.")
    refuse_wrong_resident(current)
    refuse_doubling(current)
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
    nudge_workers(connection_id=current.connection_id)


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
