"""What people do about charges that did not get through."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from billing.models import AttemptOutcome, Posting, PostingState
from billing.operations.calculations import WrongState
from billing.posting.nudge import nudge_workers
from billing.posting.states import MovedMeanwhile, move
from billing.posting.store import close_attempt, is_taken
from portfolios.models import User
from portfolios.operations.audit import record_event


@transaction.atomic
def retry_posting(*, posting: Posting, by: User, now: datetime) -> None:
    """Send a refused charge again; the PMS took nothing, so nothing can double.

    Errors: WrongState when it is not an open refusal.
    Effects: the posting waits for a worker; an audit event.
    """
    _refuse_resolved(posting)
    if posting.state != PostingState.REJECTED:
        raise WrongState(
            "Only a charge that the PMS certainly refused can be sent again; this one stands at "
            f"“{posting.get_state_display()}”."
        )
    _move_or_refuse(
        posting,
        PostingState.PENDING,
        by=by,
        now=now,
        note="Retried",
        not_before=now,
        tries=0,
        created_at=now,
        error_code="",
        error="",
        raw_error="",
    )
    record_event(
        verb="posting.retried",
        subject=posting,
        by=by,
        now=now,
        before={"error_code": posting.error_code, "error": posting.error},
    )
    nudge_workers(connection_id=posting.connection_id)


@transaction.atomic
def resolve_posting(*, posting: Posting, note: str, by: User, now: datetime) -> None:
    """Close a failure that was dealt with by hand; it stays a failure of its job.

    Errors: WrongState when it is not an open failure.
    Effects: the posting carries the note, who and when; an audit event.
    """
    open_failure = Posting.objects.filter(
        pk=posting.pk,
        state__in=[PostingState.REJECTED, PostingState.REVIEW],
        resolved_at=None,
    )
    if not open_failure.update(resolved_by=by, resolved_at=now, resolution=note):
        raise WrongState("This charge is not an open failure any more.")
    record_event(verb="posting.resolved", subject=posting, by=by, now=now, note=note)


@transaction.atomic
def link_posting(*, posting: Posting, charge_id: str, note: str, by: User, now: datetime) -> None:
    """Say that a charge in doubt is in the PMS, under this id.

    Errors: WrongState when it is not waiting for this decision, or the id is another charge's.
    Effects: the posting is posted; an audit event.
    """
    _refuse_resolved(posting)
    if posting.state != PostingState.REVIEW:
        raise WrongState("Only a charge that needs a decision can be linked.")
    if is_taken(posting, charge_id):
        raise WrongState(f"{charge_id} is the id of another charge.")
    attempt = posting.attempts.filter(outcome="").first()
    if attempt is not None:
        close_attempt(attempt, AttemptOutcome.POSTED, evidence="operator", now=now, answer=note)
    _move_or_refuse(
        posting,
        PostingState.POSTED,
        by=by,
        now=now,
        note=note,
        remote_charge_id=charge_id,
        error_code="",
        error="",
    )
    record_event(
        verb="posting.linked",
        subject=posting,
        by=by,
        now=now,
        after={"remote_charge_id": charge_id},
        note=note,
    )


def _refuse_resolved(posting: Posting) -> None:
    # Read again under a lock: the caller may have read it before somebody resolved it.
    current = Posting.objects.select_for_update().get(pk=posting.pk)
    if current.resolved_at is not None:
        raise WrongState("This failure was resolved by hand already.")


def _move_or_refuse(
    posting: Posting,
    to: PostingState,
    *,
    by: User,
    now: datetime,
    note: str,
    **changes: object,
) -> None:
    try:
        move(posting, to, now=now, actor=by, note=note, **changes)
    except MovedMeanwhile as error:
        raise WrongState("Somebody else has just acted on this charge.") from error
