"""What people do about charges that did not get through."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from billing.go_live import items_in_the_way
from billing.models import (
    AttemptOutcome,
    Charge,
    FollowUpAct,
    Posting,
    PostingState,
    ResolvedAs,
)
from billing.operations.calculations import WrongState
from billing.operations.follow_ups import note_act
from billing.operations.posting_jobs import NotLiveYet
from billing.operations.rewriting import REFUSED_AS_WRITTEN, write_anew
from billing.posting.nudge import nudge_workers
from billing.posting.states import MovedMeanwhile, move
from billing.posting.store import close_attempt, is_taken
from billing.queries import MAY_BE_CHARGED
from billing.residents import names_resident
from portfolios.models import LeaseStatus, Property, User
from portfolios.operations.audit import record_event

# Nobody asks any more for a charge in doubt to be sent again.
NO_WISH = {"resend_asked_by": None, "resend_asked_at": None, "resend_reason": ""}


@transaction.atomic
def retry_posting(*, posting: Posting, by: User, now: datetime) -> None:
    """Send a refused charge again; the PMS took nothing, so nothing can double.

    Shape: one that was refused as it was written is written anew first, with what its charge code
        is mapped to now. A job that was stopped stays so; only this charge goes out.
    Errors: WrongState when it is not an open refusal, still cannot be written, or something of the
        connection's go-live checklist is not ticked.
    Effects: the posting waits for a worker; an audit event.
    """
    lock_place(posting)
    _refuse_resolved(posting)
    if posting.state != PostingState.REJECTED:
        raise WrongState(
            "Only a charge that the PMS certainly refused can be sent again; this one stands at "
            f"“{posting.get_state_display()}”."
        )
    refuse_unticked(posting)
    refuse_wrong_resident(posting)
    refuse_doubling(posting)
    if not posting.body or posting.error_code in REFUSED_AS_WRITTEN:
        write_anew(posting=posting, by=by, now=now)
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
    note_act(posting, FollowUpAct.RETRIED, by=by, now=now)
    nudge_workers(connection_id=posting.connection_id)


@transaction.atomic
def resolve_posting(
    *,
    posting: Posting,
    note: str,
    by: User,
    now: datetime,
    resolved_as: ResolvedAs = ResolvedAs.OTHERWISE,
    pms_reference: str = "",
) -> None:
    """Close a failure that was dealt with by hand; it stays a failure of its job.

    Shape: `pms_reference` is what the PMS calls a charge that was posted there by hand.
    Errors: WrongState when it is not an open failure, or nobody can know yet that nothing of it is
        in the PMS and the charge is to be written off, to go to the owner or to count as posted.
    Effects: the posting carries the note, who and when; an audit event.
    """
    lock_place(posting)
    _refuse_wrong_end(posting, resolved_as)
    states = [PostingState.REJECTED, PostingState.REVIEW]
    certain = resolved_as != ResolvedAs.OTHERWISE
    open_failure = Posting.objects.filter(
        pk=posting.pk, state__in=states[:1] if certain else states, resolved_at=None
    )
    closed = {"resolved_as": resolved_as, "pms_reference": pms_reference}
    if not open_failure.update(
        resolved_by=by, resolved_at=now, resolution=note, **closed, **NO_WISH
    ):
        raise WrongState("This charge is not an open failure any more.")
    record_event(verb="posting.resolved", subject=posting, by=by, now=now, after=closed, note=note)


def _refuse_wrong_end(posting: Posting, resolved_as: ResolvedAs) -> None:
    if resolved_as == ResolvedAs.OTHERWISE:
        return
    if posting.state == PostingState.REVIEW:
        raise WrongState(
            "It is not certain that the PMS has not got this charge: check in the PMS first."
        )
    if posting.reverses_id is not None:
        raise WrongState("A reversal bills nobody: resolve it with a note.")


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
        **NO_WISH,
    )
    record_event(
        verb="posting.linked",
        subject=posting,
        by=by,
        now=now,
        after={"remote_charge_id": charge_id},
        note=note,
    )
    note_act(posting, FollowUpAct.LINKED, by=by, now=now)


def lock_place(posting: Posting) -> None:
    """Wait for whoever posts bills of the same property; call it first in a transaction.

    Effects: until the transaction's end nobody makes a job there, which could charge the same.
    """
    place = Property.objects.filter(bills__calculations__jobs=posting.job_id)
    # Not its key: whoever stores what a ledger shows of its charges need not wait.
    place.select_for_update(of=("self",), no_key=True).get()


def refuse_unticked(posting: Posting) -> None:
    """Refuse to send while something of the connection's go-live checklist is not ticked.

    Errors: WrongState.
    """
    items = items_in_the_way(posting.connection_id)
    if items:
        raise WrongState(str(NotLiveYet(posting.connection, items)))


def refuse_wrong_resident(posting: Posting) -> None:
    """Refuse a charge that would reach somebody else: it goes to whoever lives in the unit now.

    Errors: WrongState.
    """
    charge = Charge.objects.select_related("lease__unit__property__link").get(pk=posting.charge_id)
    if posting.reverses_id is not None and names_resident(posting.body, charge):
        return
    if charge.lease.status == LeaseStatus.PAST:
        raise WrongState(
            f"{charge.resident_name or 'The resident'} has moved out of unit {charge.unit_label}: "
            "the PMS would charge whoever lives there now. Charge it in the PMS by hand, and "
            "resolve it here."
        )
    synced = charge.lease.unit.property.link.last_synced_at
    unsure = posting.error_code == "LEASE_NOT_FOUND"
    if unsure and (synced is None or synced < posting.state_at):
        raise WrongState(
            f"Sync {charge.lease.unit.property} first: the PMS found no active lease on unit "
            f"{charge.unit_label}, and MeterBase has to know who lives there now."
        )


def refuse_doubling(posting: Posting) -> None:
    """Refuse a charge that was posted since, under another charge code.

    Shape: a reversal doubles nothing: the database allows one at a time for each charge.
    Errors: WrongState.
    """
    if posting.reverses_id is not None:
        return
    charge = posting.charge
    others = Posting.objects.filter(
        MAY_BE_CHARGED,
        charge__calculation__bill=charge.calculation.bill_id,
        charge__unit=charge.unit_id,
        charge__lease=charge.lease_id,
        charge__kind=charge.kind,
    ).exclude(pk=posting.pk)
    other = others.select_related("job").first()
    if other is not None:
        raise WrongState(
            f"Unit {charge.unit_label} was charged for this bill in job {other.job.public_id} as "
            f"{other.job.charge_code}: sending this one again would charge the resident twice. "
            "Resolve it with a note."
        )


def _refuse_resolved(posting: Posting) -> None:
    # Read again under a lock: the caller may have read it before somebody resolved it.
    current = Posting.objects.select_for_update(no_key=True).get(pk=posting.pk)
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
