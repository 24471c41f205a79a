"""Making the postings of a job: one for each charge, frozen, and none that is there already."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from billing.causes import moved_out, name_unit
from billing.charge_codes import PmsAccounts
from billing.models import Charge, ChargeKind, Posting, PostingEvent, PostingJob, PostingState
from billing.outgoing_events import report_failed_from_the_start
from billing.posting.generations import dry_reference, next_generations, take_from_dry_runs
from billing.posting.ledger_first import Shown, shown_all_the_same
from billing.posting.states import MovedMeanwhile, move
from billing.queries import MAY_BE_CHARGED, charges_to_post
from integrations.pms import errors
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import ChargeOrder
from integrations.pms.reference import reference_for
from meterbase.lib.money import dollars_from_cents
from portfolios.models import LeaseStatus, User


class AlreadyPosted(Exception):
    """These charges are posted, or on their way, by an earlier job."""

    def __init__(self, job: PostingJob) -> None:
        super().__init__(
            f"The charges of this bill were posted before, by {job.created_by} on "
            f"{job.created_at:%Y-%m-%d} in job {job.public_id}."
        )
        self.job = job


class ShownInThePms(AlreadyPosted):
    """The PMS shows charges that came to nothing here; to post them anew would charge twice."""

    def __init__(self, shown: Sequence[Shown]) -> None:
        super().__init__(shown[0].posting.job)
        self.args = (
            " ".join(f"Unit {each.posting.charge.unit_label}: {each.sentence}" for each in shown),
        )
        self.shown = tuple(shown)


class NothingToPost(Exception):
    """No charge of the calculation is above or below zero."""


@dataclass(frozen=True, slots=True)
class _Letter:
    """What would be sent for a charge, or why it cannot be."""

    reference: str
    body: bytes = b""
    error_code: str = ""
    error: str = ""


def make_postings(
    job: PostingJob, *, accounts: PmsAccounts, gateway: PmsGateway, by: User, now: datetime
) -> None:
    """Make the postings of a new job; call it inside the transaction that makes the job.

    Errors: NothingToPost, AlreadyPosted, ShownInThePms; NotSupported when this PMS takes no charges
        at all.
    Effects: a posting with its event for each charge. A charge that cannot be sent is a failure
        from the start, and reported; what an earlier job tried in vain is cancelled, for this job
        replaces it.
    """
    charges = _charges(job)
    keys = {charge.pk: _business_key(job, charge) for charge in charges}
    if job.post_to_pms:
        replaced = Q(business_key__in=list(keys.values()))
        cancel_refused(replaced, by=by, now=now, note=f"Replaced by job {job.public_id}.")
    references = _references(job, list(keys.values()), now)
    postings = [
        _posting(
            job,
            charge,
            keys[charge.pk],
            _letter(job, charge, references[keys[charge.pk]], accounts, gateway),
            now,
        )
        for charge in charges
    ]
    stored = _store(postings, keys=list(keys.values()), by=by, now=now)
    portfolio_id = job.calculation.bill.property.portfolio_id
    report_failed_from_the_start(stored, portfolio_id=portfolio_id, now=now)


def _references(job: PostingJob, keys: Sequence[str], now: datetime) -> dict[str, str]:
    """Choose the reference of each business key; a dry run uses none of those that are sent."""
    if not job.post_to_pms:
        return {key: dry_reference(job, key) for key in keys}
    generations = next_generations(keys)
    references = {key: reference_for(key, generations[key]) for key in keys}
    take_from_dry_runs(list(references.values()), now=now)
    return references


def _charges(job: PostingJob) -> list[Charge]:
    """List what a job posts: of a calculation that is posted in part, only the rest.

    Where all of it is posted, under another charge code, all of it; that has to be meant.

    Errors: NothingToPost; AlreadyPosted when all of it is posted under this very code.
    """
    every = job.calculation.charges.exclude(amount_cents=0).select_related("lease")
    if not job.post_to_pms:
        charges = list(every)
    else:
        charges = list(charges_to_post(job.calculation).select_related("lease"))
        charges = charges or _not_under_this_code(job, list(every))
    if not charges:
        raise NothingToPost("Every charge of this calculation is $0.00: there is nothing to post.")
    return charges


def _not_under_this_code(job: PostingJob, charges: Sequence[Charge]) -> list[Charge]:
    keys = {_business_key(job, charge): charge for charge in charges}
    live = Posting.objects.filter(MAY_BE_CHARGED, business_key__in=keys)
    posted = {posting.business_key: posting for posting in live.select_related("job__created_by")}
    if charges and len(posted) == len(keys):
        raise AlreadyPosted(next(iter(posted.values())).job)
    return [charge for key, charge in keys.items() if key not in posted]


def cancel_refused(which: Q, *, by: User, now: datetime, note: str) -> None:
    """Cancel open refusals, so that nobody sends them again; call it inside a transaction.

    Errors: AlreadyPosted when somebody has just done so; ShownInThePms when the ledger shows one.
    """
    refused = Posting.objects.filter(which, state=PostingState.REJECTED, resolved_at=None)
    # Locked, for what somebody is just resolving is no refusal any more once he has.
    locked = refused.select_for_update(of=("self",), no_key=True).order_by("pk")
    found = list(locked.select_related("job__created_by"))
    shown = shown_all_the_same(refused.select_related("job__created_by", "charge"))
    if shown:
        raise ShownInThePms(shown)
    for posting in found:
        try:
            move(posting, PostingState.CANCELLED, now=now, actor=by, note=note)
        except MovedMeanwhile:
            raise AlreadyPosted(posting.job) from None


def _business_key(job: PostingJob, charge: Charge) -> str:
    """Say what is billed: the same bill, unit, lease and code is the same charge."""
    bill_id = job.calculation.bill_id
    what = f"bill:{bill_id}:unit:{charge.unit_id}:lease:{charge.lease_id}:{job.charge_code}"
    return what if charge.kind == ChargeKind.SHARE else f"{what}:{charge.kind}"


def _refuse_repeat(keys: Sequence[str]) -> None:
    live = (
        Posting.objects.filter(MAY_BE_CHARGED, business_key__in=keys)
        .select_related("job__created_by")
        .first()
    )
    if live is not None:
        raise AlreadyPosted(live.job)


def _letter(
    job: PostingJob,
    charge: Charge,
    reference: str,
    accounts: PmsAccounts,
    gateway: PmsGateway,
) -> _Letter:
    order = charge_order(job, charge, reference=reference, accounts=accounts)
    try:
        return _Letter(reference, gateway.charge_body(order=order))
    except errors.NotSupported:
        raise
    except errors.Refused as refusal:
        sentence = name_unit(refusal.code, refusal.message, unit=charge.unit_label)
        return _Letter(reference, error_code=refusal.code, error=sentence)


def charge_order(
    job: PostingJob, charge: Charge, *, reference: str, accounts: PmsAccounts
) -> ChargeOrder:
    """Say what of a charge is to be made in the PMS, and how."""
    return ChargeOrder(
        property_id=job.calculation.bill.property.propexo_property_id,
        unit_id=charge.propexo_unit_id,
        lease_id=charge.propexo_lease_id,
        resident_id=charge.propexo_resident_id or None,
        amount=dollars_from_cents(charge.amount_cents),
        effective_date=job.charge_date,
        charge_code=accounts.code,
        description=job.description,
        reference=reference,
        charge_code_id=accounts.charge_code_id,
        financial_account_id=accounts.financial_account_id,
        post_month=job.post_month,
        batch_id=job.public_id,
    )


def _posting(job: PostingJob, charge: Charge, key: str, letter: _Letter, now: datetime) -> Posting:
    code, error = letter.error_code, letter.error
    if charge.lease.status == LeaseStatus.PAST:
        code = "LEASE_NOT_FOUND"
        error = moved_out(unit=charge.unit_label, resident=charge.resident_name)
    state = PostingState.REJECTED if code else PostingState.PENDING
    if not job.post_to_pms:
        state, code, error = PostingState.CANCELLED, "", ""
    return Posting(
        job=job,
        charge=charge,
        connection=job.connection,
        business_key=key,
        reference=letter.reference,
        amount_cents=charge.amount_cents,
        body=letter.body.decode(),
        body_sha256=hashlib.sha256(letter.body).hexdigest(),
        state=state,
        error_code=code,
        error=error,
        not_before=now,
        created_at=now,
        state_at=now,
    )


def _store(
    postings: Sequence[Posting], *, keys: Sequence[str], by: User, now: datetime
) -> list[Posting]:
    try:
        with transaction.atomic():
            stored = Posting.objects.bulk_create(postings)
    except IntegrityError:
        # Somebody else posted the same charges between our look and our write.
        _refuse_repeat(keys)
        raise
    PostingEvent.objects.bulk_create(
        PostingEvent(posting=posting, at=now, to_state=posting.state, actor=by)
        for posting in stored
    )
    return stored
