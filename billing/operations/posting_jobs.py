"""Deciding to post an approved calculation: the postings are made here, and sent by workers."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction

from billing.charge_codes import CodeNotMapped, PmsAccounts, find_code, links_with_portfolios
from billing.models import Calculation, CalculationState, PostingJob
from billing.operations.calculations import OutOfDate, WrongState
from billing.operations.postings import AlreadyPosted, NothingToPost, make_postings
from billing.posting.nudge import nudge_workers
from billing.queries import (
    EarlierPosting,
    changes_since,
    charges_to_post,
    charging_jobs,
    earlier_postings,
    other_postings,
)
from integrations.models import PropertyLink
from integrations.operations.chart_of_accounts import read_aging_chart
from integrations.pms.gateway import PmsGateway
from portfolios.models import Property, User
from portfolios.operations.audit import record_event

__all__ = [
    "AlreadyPosted",
    "CodeNotMapped",
    "NotLinked",
    "NothingToPost",
    "PostedBefore",
    "PostingDisabled",
    "PostingOrder",
    "create_posting_job",
]

_ALPHABET = "abcdefghjkmnpqrstvwxyz0123456789"


class PostingDisabled(Exception):
    """This installation does not send charges yet."""

    def __init__(self) -> None:
        super().__init__(
            "Charge posting is switched off. After the go-live checks, set "
            "PROPEXO_CHARGE_POSTING_ENABLED=true in .env and start MeterBase again."
        )


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


def create_posting_job(
    *,
    calculation: Calculation,
    order: PostingOrder,
    gateway: PmsGateway,
    by: User,
    now: datetime,
) -> PostingJob:
    """Make one posting for each charge and wake the workers; no charge is sent here.

    Errors: PostingDisabled, WrongState, OutOfDate, NotLinked, CodeNotMapped, NothingToPost,
        AlreadyPosted, PostedBefore; NotSupported when this PMS takes no charges; any PmsError when
        the property's chart of accounts was never read and cannot be read now.
    Effects: a job with its postings, a nudge and an audit event, all in one transaction; a dry run
        (`post_to_pms` False) records the postings as skipped. Before it, a chart that was never
        read is read.
    """
    if order.post_to_pms and not settings.PROPEXO_CHARGE_POSTING_ENABLED:
        raise PostingDisabled
    place = calculation.bill.property
    if PropertyLink.objects.filter(property=place).exists():
        read_aging_chart(place=place, gateway=gateway, now=now)
    return _create(calculation, order, gateway=gateway, by=by, now=now)


@transaction.atomic
def _create(
    calculation: Calculation, order: PostingOrder, *, gateway: PmsGateway, by: User, now: datetime
) -> PostingJob:
    # Bills of one property take turns, so that each sees what the other has just posted.
    Property.objects.select_for_update().get(pk=calculation.bill.property_id)
    calculation = (
        Calculation.objects.select_for_update(of=("self",))
        .select_related("bill__property")
        .get(pk=calculation.pk)
    )
    link = _check(calculation)
    standing = find_code(link, order.charge_code)
    accounts = standing.pms_accounts()
    earlier = _earlier(calculation) if order.post_to_pms else []
    job = PostingJob.objects.create(
        public_id=_new_public_id(),
        calculation=calculation,
        connection=link.connection,
        charge_date=order.charge_date,
        charge_code=standing.charge_code.code,
        description=order.description,
        post_to_pms=order.post_to_pms,
        created_by=by,
        created_at=now,
    )
    make_postings(job, accounts=accounts, gateway=gateway, by=by, now=now)
    if earlier and not order.despite_earlier:
        raise PostedBefore(earlier)
    _record(job, accounts, earlier, by=by, now=now)
    if order.post_to_pms:
        nudge_workers(connection_id=link.connection_id)
    return job


def _earlier(calculation: Calculation) -> list[EarlierPosting]:
    """Find what has to be confirmed; the rest of a bill charges nobody twice."""
    has_rest = charges_to_post(calculation).exists()
    return (other_postings if has_rest else earlier_postings)(calculation.bill)


def _record(
    job: PostingJob,
    accounts: PmsAccounts,
    earlier: Sequence[EarlierPosting],
    *,
    by: User,
    now: datetime,
) -> None:
    record_event(
        verb="job.created" if job.post_to_pms else "job.dry_run",
        subject=job,
        by=by,
        now=now,
        after={
            "calculation": job.calculation_id,
            "charge_date": job.charge_date.isoformat(),
            "charge_code": job.charge_code,
            "in_the_pms": asdict(accounts),
            "tenants_cents": job.calculation.tenants_cents,
            "despite": [found.job.public_id for found in earlier],
        },
    )


def _new_public_id() -> str:
    return "job_" + "".join(secrets.choice(_ALPHABET) for _ in range(12))


def _check(calculation: Calculation) -> PropertyLink:
    if calculation.state != CalculationState.APPROVED:
        raise WrongState(
            "Only an approved calculation can be posted; this one is "
            f"{calculation.get_state_display().lower()}."
        )
    # Once some of it is posted, the rest goes out as approved; later changes are the next bill's.
    changes = () if charging_jobs(calculation.jobs.all()).exists() else changes_since(calculation)
    if changes:
        raise OutOfDate(changes)
    link = links_with_portfolios().filter(property=calculation.bill.property).first()
    if link is None:
        raise NotLinked(f"{calculation.bill.property} is not connected to a PMS.")
    return link
