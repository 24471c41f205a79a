"""Deciding to post an approved calculation: the postings are made here, and sent by workers."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from billing.models import (
    Calculation,
    CalculationState,
    Charge,
    ChargeKind,
    Posting,
    PostingEvent,
    PostingJob,
    PostingState,
)
from billing.operations.calculations import OutOfDate, WrongState
from billing.posting.nudge import nudge_workers
from billing.queries import EarlierPosting, changes_since, earlier_postings
from integrations.models import Connection, PropertyLink
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import ChargeOrder
from integrations.pms.reference import reference_for
from meterbase.lib.money import dollars_from_cents
from portfolios.models import LeaseStatus, User
from portfolios.operations.audit import record_event

_ALPHABET = "abcdefghjkmnpqrstvwxyz0123456789"


class PostingDisabled(Exception):
    """This installation does not send charges yet."""

    def __init__(self) -> None:
        super().__init__(
            "Charge posting is switched off. After the go-live checks, set "
            "PROPEXO_CHARGE_POSTING_ENABLED=true in .env and start MeterBase again."
        )


class AlreadyPosted(Exception):
    """These charges are posted, or on their way, by an earlier job."""

    def __init__(self, job: PostingJob) -> None:
        super().__init__(
            f"The charges of this bill were posted before, by {job.created_by} on "
            f"{job.created_at:%Y-%m-%d} in job {job.public_id}."
        )
        self.job = job


class PostedBefore(Exception):
    """This utility and these days were posted before; going on has to be said on purpose."""

    def __init__(self, earlier: Sequence[EarlierPosting]) -> None:
        listed = "; ".join(
            f"{found.job.public_id} by {found.job.created_by} on {found.job.created_at:%Y-%m-%d}"
            for found in earlier
        )
        super().__init__(
            f"Charges for this utility and these days were posted before ({listed}). Confirm that "
            "residents are to be charged this as well."
        )
        self.earlier = tuple(earlier)


class NothingToPost(Exception):
    """No charge of the calculation is above or below zero."""


class NotLinked(Exception):
    """The property is connected to no PMS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingOrder:
    """How a calculation's charges are to appear in the PMS.

    Shape: `despite_earlier` says that an earlier posting for the same utility and days is known.
    """

    charge_date: date
    charge_code: str
    description: str
    post_to_pms: bool = True
    despite_earlier: bool = False


@transaction.atomic
def create_posting_job(
    *,
    calculation: Calculation,
    order: PostingOrder,
    gateway: PmsGateway,
    by: User,
    now: datetime,
) -> PostingJob:
    """Make one posting for each charge and wake the workers; nothing is sent here.

    Errors: PostingDisabled, WrongState, OutOfDate, NotLinked, NothingToPost, AlreadyPosted,
        PostedBefore.
    Effects: a job with its postings, a nudge and an audit event, all in one transaction; a dry run
        (`post_to_pms` False) records the postings as skipped.
    """
    if order.post_to_pms and not settings.PROPEXO_CHARGE_POSTING_ENABLED:
        raise PostingDisabled
    calculation = (
        Calculation.objects.select_for_update(of=("self",))
        .select_related("bill__property")
        .get(pk=calculation.pk)
    )
    connection = _check(calculation)
    earlier = earlier_postings(calculation.bill) if order.post_to_pms else []
    job = PostingJob.objects.create(
        public_id=_new_public_id(),
        calculation=calculation,
        connection=connection,
        charge_date=order.charge_date,
        charge_code=order.charge_code,
        description=order.description,
        post_to_pms=order.post_to_pms,
        created_by=by,
        created_at=now,
    )
    _make_postings(job, gateway=gateway, by=by, now=now)
    if earlier and not order.despite_earlier:
        raise PostedBefore(earlier)
    record_event(
        verb="job.created" if order.post_to_pms else "job.dry_run",
        subject=job,
        by=by,
        now=now,
        after={
            "calculation": calculation.pk,
            "charge_date": order.charge_date.isoformat(),
            "charge_code": order.charge_code,
            "tenants_cents": calculation.tenants_cents,
            "despite": [found.job.public_id for found in earlier],
        },
    )
    if order.post_to_pms:
        nudge_workers(connection_id=connection.pk)
    return job


def _new_public_id() -> str:
    return "job_" + "".join(secrets.choice(_ALPHABET) for _ in range(12))


def _check(calculation: Calculation) -> Connection:
    if calculation.state != CalculationState.APPROVED:
        raise WrongState(
            "Only an approved calculation can be posted; this one is "
            f"{calculation.get_state_display().lower()}."
        )
    changes = changes_since(calculation)
    if changes:
        raise OutOfDate(changes)
    link = (
        PropertyLink.objects.select_related("connection")
        .filter(property=calculation.bill.property)
        .first()
    )
    if link is None:
        raise NotLinked(f"{calculation.bill.property} is not connected to a PMS.")
    return link.connection


def _make_postings(job: PostingJob, *, gateway: PmsGateway, by: User, now: datetime) -> None:
    charges = list(job.calculation.charges.exclude(amount_cents=0).select_related("lease"))
    if not charges:
        raise NothingToPost("Every charge of this calculation is $0.00: there is nothing to post.")
    keys = {charge.pk: _business_key(job, charge) for charge in charges}
    _refuse_repeat(job, list(keys.values()))
    used = _generations(list(keys.values()))
    state = PostingState.PENDING if job.post_to_pms else PostingState.CANCELLED
    try:
        with transaction.atomic():
            postings = Posting.objects.bulk_create(
                _posting(job, charge, keys[charge.pk], used, gateway, state, now)
                for charge in charges
            )
    except IntegrityError:
        # Somebody else posted the same charges between our look and our write.
        _refuse_repeat(job, list(keys.values()))
        raise
    PostingEvent.objects.bulk_create(
        PostingEvent(posting=posting, at=now, to_state=posting.state, actor=by)
        for posting in postings
    )


def _business_key(job: PostingJob, charge: Charge) -> str:
    """Say what is billed: the same bill, unit, lease and code is the same charge."""
    bill_id = job.calculation.bill_id
    what = f"bill:{bill_id}:unit:{charge.unit_id}:lease:{charge.lease_id}:{job.charge_code}"
    return what if charge.kind == ChargeKind.SHARE else f"{what}:{charge.kind}"


def _refuse_repeat(job: PostingJob, keys: Sequence[str]) -> None:
    if not job.post_to_pms:
        return
    live = (
        Posting.objects.filter(business_key__in=keys)
        .exclude(state=PostingState.CANCELLED)
        .select_related("job__created_by")
        .first()
    )
    if live is not None:
        raise AlreadyPosted(live.job)


def _generations(keys: Sequence[str]) -> dict[str, int]:
    """Count the earlier postings of each key, so that a later one gets a reference of its own."""
    counts: dict[str, int] = {}
    for key in Posting.objects.filter(business_key__in=keys).values_list("business_key", flat=True):
        counts[key] = counts.get(key, 0) + 1
    return counts


# A charge goes to a unit: sent for somebody who has left, it would bill whoever lives there now.
_MOVED_OUT = "No active lease found for unit {unit}: {name} has moved out. It was not sent."


def _posting(
    job: PostingJob,
    charge: Charge,
    key: str,
    used: dict[str, int],
    gateway: PmsGateway,
    state: PostingState,
    now: datetime,
) -> Posting:
    reference = reference_for(key, used.get(key, 0))
    body = gateway.charge_body(
        order=ChargeOrder(
            unit_id=charge.propexo_unit_id,
            lease_id=charge.propexo_lease_id,
            resident_id=charge.propexo_resident_id or None,
            amount=dollars_from_cents(charge.amount_cents),
            effective_date=job.charge_date,
            charge_code=job.charge_code,
            description=job.description,
            reference=reference,
        )
    )
    moved_out = state == PostingState.PENDING and charge.lease.status == LeaseStatus.PAST
    return Posting(
        job=job,
        charge=charge,
        connection=job.connection,
        business_key=key,
        reference=reference,
        amount_cents=charge.amount_cents,
        body=body.decode(),
        body_sha256=hashlib.sha256(body).hexdigest(),
        state=PostingState.REJECTED if moved_out else state,
        error_code="LEASE_NOT_FOUND" if moved_out else "",
        error=_MOVED_OUT.format(unit=charge.unit_label, name=charge.resident_name)
        if moved_out
        else "",
        not_before=now,
        created_at=now,
        state_at=now,
    )
