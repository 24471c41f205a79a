"""Taking posted charges back: one person asks, a second approves, then the credits are posted."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from billing.models import (
    Posting,
    PostingEvent,
    PostingJob,
    PostingState,
    Reversal,
    ReversalItem,
    ReversalState,
)
from billing.operations.calculations import WrongState
from billing.operations.posting_jobs import refuse_to_send
from billing.posting.generations import reversal_key
from billing.posting.nudge import nudge_workers
from billing.posting.states import MovedMeanwhile, mark_reversed
from billing.reversals import Candidate, Letter, Preview, preview_reversal
from integrations.pms.gateway import PmsGateway
from portfolios.models import Property, User
from portfolios.operations.audit import record_event

_ALPHABET = "abcdefghjkmnpqrstvwxyz0123456789"


class CannotReverse(Exception):
    """Some of the charges cannot be taken back; each reason is a sentence with its unit."""

    def __init__(self, obstacles: Sequence[Candidate]) -> None:
        super().__init__(
            " ".join(
                f"Unit {each.posting.charge.unit_label}: {each.obstacle}" for each in obstacles
            )
            or "Choose at least one charge that can be reversed."
        )
        self.obstacles = tuple(obstacles)


class OwnRequest(Exception):
    """Whoever asked for a reversal cannot decide on it."""

    def __init__(self) -> None:
        super().__init__("You asked for this reversal, so somebody else has to decide on it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalOrder:
    """Why charges are to be taken back, and how.

    Shape: `pms_reference` is what the PMS calls a reversal that was made there by hand, and empty
        for one that MeterBase is to post.
    """

    reason: str
    charge_date: date
    pms_reference: str = ""


@transaction.atomic
def request_reversal(
    *,
    job: PostingJob,
    postings: Collection[int],
    order: ReversalOrder,
    gateway: PmsGateway,
    by: User,
    now: datetime,
) -> Reversal:
    """Ask for posted charges of a job to be taken back; nothing is sent before it is approved.

    Errors: CannotReverse, with the reason for each charge that cannot be; then nothing is asked.
    Effects: a request with its charges; an audit event.
    """
    # Nobody archives the property meanwhile.
    place = Property.objects.filter(bills__calculations__jobs=job.pk)
    place.select_for_update(of=("self",), no_key=True).get()
    _lock(job)
    found = preview_reversal(
        job=job, gateway=gateway, charge_date=order.charge_date, only=set(postings)
    )
    chosen = _free(found, by_hand=bool(order.pms_reference))
    reversal = Reversal.objects.create(
        public_id=_new_id("rev_"),
        job=job,
        reason=order.reason,
        charge_date=order.charge_date,
        by_hand=bool(order.pms_reference),
        pms_reference=order.pms_reference,
        requested_by=by,
        requested_at=now,
    )
    ReversalItem.objects.bulk_create(
        ReversalItem(reversal=reversal, posting=each.posting) for each in chosen
    )
    record_event(
        verb="reversal.requested",
        subject=reversal,
        by=by,
        now=now,
        after=_sums(chosen) | {"job": job.public_id, "by_hand": reversal.by_hand},
        note=order.reason,
    )
    return reversal


@transaction.atomic
def approve_reversal(
    *, reversal: Reversal, gateway: PmsGateway, by: User, now: datetime
) -> Reversal:
    """Confirm a reversal that somebody else asked for.

    Errors: OwnRequest, WrongState, CannotReverse when a charge cannot be taken back any more,
        PostingDisabled where charges are not sent at all, or not before the go-live checklist of
        the connection is ticked.
    Effects: a job with a negative posting for each charge and a nudge; of a reversal by hand, the
        charges count as taken back at once. An audit event.
    """
    current = _open(reversal, by)
    if not current.by_hand:
        refuse_to_send(current.job.connection)
    _lock(current.job)
    keys = set(current.items.values_list("posting_id", flat=True))
    # Its own request no longer stands in the way of what it asks for.
    current.items.update(is_open=False)
    found = preview_reversal(
        job=current.job, gateway=gateway, charge_date=current.charge_date, only=keys
    )
    chosen = _free(found, by_hand=current.by_hand)
    if current.by_hand:
        _take_back(current, chosen, by, now)
    else:
        current.reversing_job = _make_job(current, chosen, by, now)
    _decide(current, ReversalState.APPROVED, verdict="", by=by, now=now, after=_sums(chosen))
    return current


@transaction.atomic
def refuse_reversal(*, reversal: Reversal, reason: str, by: User, now: datetime) -> None:
    """Turn a reversal that somebody else asked for down.

    Errors: OwnRequest, WrongState.
    Effects: its charges can be asked for again; an audit event.
    """
    current = _open(reversal, by)
    current.items.update(is_open=False)
    _decide(current, ReversalState.REFUSED, verdict=reason, by=by, now=now)


@transaction.atomic
def withdraw_reversal(*, reversal: Reversal, by: User, now: datetime) -> None:
    """Take one's own request back.

    Errors: WrongState when it is not open, or somebody else's.
    Effects: its charges can be asked for again; an audit event.
    """
    current = _locked(reversal)
    if current.requested_by_id != by.pk:
        raise WrongState("Only whoever asked can withdraw a reversal. You can refuse it.")
    current.items.update(is_open=False)
    _decide(current, ReversalState.WITHDRAWN, verdict="", by=by, now=now)


def _lock(job: PostingJob) -> None:
    # Two people who reverse charges of one job take turns, so that each sees what the other did.
    PostingJob.objects.select_for_update().get(pk=job.pk)


def _locked(reversal: Reversal) -> Reversal:
    current = Reversal.objects.select_for_update(of=("self",)).get(pk=reversal.pk)
    if current.state != ReversalState.REQUESTED:
        state = current.get_state_display().lower()
        raise WrongState(f"Somebody has decided on this reversal already: it is {state}.")
    return current


def _open(reversal: Reversal, by: User) -> Reversal:
    current = _locked(reversal)
    if current.requested_by_id == by.pk:
        raise OwnRequest
    return current


def _free(found: Preview, *, by_hand: bool) -> Sequence[Candidate]:
    """Give everything that was looked at, if all of it can be taken back in this way.

    Errors: CannotReverse.
    """
    free = found.free_by_hand if by_hand else found.free
    if not free or len(free) < len(found.candidates):
        raise CannotReverse([each for each in found.candidates if each not in free])
    return free


def _make_job(
    reversal: Reversal, chosen: Sequence[Candidate], by: User, now: datetime
) -> PostingJob:
    job = PostingJob.objects.create(
        public_id=_new_id("job_"),
        calculation_id=reversal.job.calculation_id,
        reverses=reversal.job,
        connection_id=reversal.job.connection_id,
        charge_date=reversal.charge_date,
        charge_code=reversal.job.charge_code,
        description=f"Reversal of job {reversal.job.public_id}",
        post_to_pms=True,
        created_by=by,
        created_at=now,
    )
    _store([_posting(job, each.posting, each.letter, now) for each in chosen if each.letter], by)
    record_event(
        verb="job.created",
        subject=job,
        by=by,
        now=now,
        after=_sums(chosen) | {"reverses": reversal.job.public_id, "reversal": reversal.public_id},
        note=reversal.reason,
    )
    nudge_workers(connection_id=job.connection_id)
    return job


def _posting(job: PostingJob, charged: Posting, letter: Letter, now: datetime) -> Posting:
    return Posting(
        job=job,
        charge_id=charged.charge_id,
        connection_id=charged.connection_id,
        reverses=charged,
        business_key=reversal_key(charged.reference),
        reference=letter.reference,
        amount_cents=-charged.amount_cents,
        body=letter.body.decode(),
        body_sha256=hashlib.sha256(letter.body).hexdigest(),
        sent_as=letter.sent_as,
        state=PostingState.PENDING,
        not_before=now,
        created_at=now,
        state_at=now,
    )


def _store(postings: Sequence[Posting], by: User) -> None:
    try:
        with transaction.atomic():
            stored = Posting.objects.bulk_create(postings)
    except IntegrityError:
        raise WrongState("Somebody else has just reversed some of these charges.") from None
    PostingEvent.objects.bulk_create(
        PostingEvent(posting=posting, at=posting.created_at, to_state=posting.state, actor=by)
        for posting in stored
    )


def _take_back(reversal: Reversal, chosen: Sequence[Candidate], by: User, now: datetime) -> None:
    """Count charges as taken back on the word of two people that the PMS has it."""
    note = f"Reversed by hand in the PMS as {reversal.pms_reference}. {reversal.reason}"
    try:
        for each in chosen:
            mark_reversed(each.posting, now=now, actor=by, note=note)
    except MovedMeanwhile as moved:
        raise WrongState(str(moved)) from None


def _decide(
    reversal: Reversal,
    state: ReversalState,
    *,
    verdict: str,
    by: User,
    now: datetime,
    after: dict[str, object] | None = None,
) -> None:
    reversal.state, reversal.verdict = state, verdict
    reversal.decided_by, reversal.decided_at = by, now
    reversal.save()
    record_event(
        verb=f"reversal.{state.value}",
        subject=reversal,
        by=by,
        now=now,
        after=after,
        note=verdict or reversal.reason,
    )


def _sums(chosen: Sequence[Candidate]) -> dict[str, object]:
    cents = sum(each.posting.amount_cents for each in chosen)
    return {"charges": len(chosen), "reversed_cents": cents}


def _new_id(prefix: str) -> str:
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(12))
