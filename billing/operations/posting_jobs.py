"""Deciding to post an approved calculation: the postings are made here, and sent by workers."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction

from billing.charge_codes import CodeNotMapped, PmsAccounts, find_code, links_with_portfolios
from billing.duplicates import Duplicates, LedgerLook, charges_digest, earlier_charges
from billing.go_live import items_in_the_way
from billing.models import Calculation, CalculationState, GoLiveItem, PostingJob
from billing.operations.calculations import OutOfDate, WrongState
from billing.operations.duplicate_guard import Confirmation, DuplicatesFound, look_in_ledger
from billing.operations.postings import AlreadyPosted, NothingToPost, make_postings
from billing.posting.nudge import nudge_workers
from billing.queries import changes_since, charging_jobs
from integrations.chart_needs import takes_post_month
from integrations.models import Connection, PropertyLink
from integrations.operations.chart_of_accounts import read_aging_chart
from integrations.pms.gateway import PmsGateway
from portfolios.models import Property, User
from portfolios.operations.audit import record_event

__all__ = [
    "AlreadyPosted",
    "ChargesChanged",
    "CodeNotMapped",
    "Confirmation",
    "DuplicatesFound",
    "NoPostMonth",
    "NotLinked",
    "NotLiveYet",
    "NothingToPost",
    "PostingDisabled",
    "PostingOrder",
    "create_posting_job",
    "refuse_to_send",
]

_ALPHABET = "abcdefghjkmnpqrstvwxyz0123456789"


_SWITCHED_OFF = (
    "Charge posting is switched off. After the go-live checks, set "
    "PROPEXO_CHARGE_POSTING_ENABLED=true in .env and start MeterBase again."
)


class PostingDisabled(Exception):
    """This installation does not send charges yet."""

    def __init__(self, sentence: str = _SWITCHED_OFF) -> None:
        super().__init__(sentence)


class NotLiveYet(PostingDisabled):
    """Something of a connection's go-live checklist is not ticked."""

    def __init__(self, connection: Connection, items: Sequence[GoLiveItem]) -> None:
        labels = "; ".join(item.label for item in items)
        super().__init__(
            f"The go-live checklist of {connection} is not ticked off, so nothing is sent yet. "
            f"Open: {labels}. A dry run shows what would be sent."
        )


class NoPostMonth(Exception):
    """The PMS of a property takes no accounting month with a charge."""

    def __init__(self, pms: str) -> None:
        super().__init__(
            f"{pms} takes no post month through Propexo: it books a charge in the month of its "
            "charge date. Leave the post month out, and choose the charge date instead."
        )


class NotLinked(Exception):
    """The property is connected to no PMS."""


class ChargesChanged(Exception):
    """Other charges would go out than those that were shown to whoever confirms them."""

    def __init__(self) -> None:
        super().__init__(
            "What is left to be posted has changed since you were asked: charges were posted, "
            "skipped or reversed meanwhile. Look at what would be posted now, and confirm that."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingOrder:
    """How a calculation's charges are to appear in the PMS.

    Shape: `post_month` is the first day of the accounting month, None for that of the charge date;
        `confirmed` says on purpose that what was found before is known; `shown` names the charges
        that a person was shown, as `charges_digest` does, and is empty where nobody was.
    """

    charge_date: date
    charge_code: str
    description: str
    post_to_pms: bool = True
    post_month: date | None = None
    confirmed: Confirmation | None = None
    shown: str = ""


def create_posting_job(
    *,
    calculation: Calculation,
    order: PostingOrder,
    gateway: PmsGateway,
    by: User,
    now: datetime,
) -> PostingJob:
    """Make one posting for each charge and wake the workers; no charge is sent here.

    Errors: PostingDisabled, NotLiveYet, WrongState, OutOfDate, NotLinked, CodeNotMapped,
        NothingToPost, AlreadyPosted, NoPostMonth, ChargesChanged, DuplicatesFound; NotSupported
        when this PMS takes no charges; any PmsError when the chart of accounts was never read and
        cannot be now.
    Effects: a job with its postings, a nudge and an audit event, all in one transaction; a dry run
        (`post_to_pms` False) records the postings as skipped. Before it, a chart that was never
        read is read, and the PMS's ledger is looked through for charges that would be repeated.
    """
    place = calculation.bill.property
    if order.post_to_pms:
        refuse_to_send(Connection.objects.filter(links__property=place).first())
    if PropertyLink.objects.filter(property=place).exists():
        read_aging_chart(place=place, gateway=gateway, now=now)
    look = _look(calculation, order, gateway=gateway, now=now)
    return _create(calculation, order, look, gateway=gateway, by=by, now=now)


def refuse_to_send(connection: Connection | None) -> None:
    """Refuse to send charges where that is switched off, or not everybody has agreed to it.

    Errors: PostingDisabled; NotLiveYet.
    """
    if not settings.PROPEXO_CHARGE_POSTING_ENABLED:
        raise PostingDisabled
    items = items_in_the_way(connection.pk) if connection else []
    if connection and items:
        raise NotLiveYet(connection, items)


def _look(
    calculation: Calculation, order: PostingOrder, *, gateway: PmsGateway, now: datetime
) -> LedgerLook | None:
    """Read the ledger where charges are to be sent; what cannot be posted is refused later."""
    if not order.post_to_pms or calculation.state != CalculationState.APPROVED:
        return None
    return look_in_ledger(
        calculation=calculation,
        charge_code=order.charge_code,
        charge_date=order.charge_date,
        gateway=gateway,
        now=now,
    )


@transaction.atomic
def _create(
    calculation: Calculation,
    order: PostingOrder,
    look: LedgerLook | None,
    *,
    gateway: PmsGateway,
    by: User,
    now: datetime,
) -> PostingJob:
    # Bills of one property take turns, so that each sees what the other has just posted.
    Property.objects.select_for_update(no_key=True).get(pk=calculation.bill.property_id)
    calculation = (
        Calculation.objects.select_for_update(of=("self",))
        .select_related("bill__property")
        .get(pk=calculation.pk)
    )
    link = _check(calculation)
    if order.post_month is not None and not takes_post_month(link.connection):
        raise NoPostMonth(link.connection.get_pms_display())
    standing = find_code(link, order.charge_code)
    accounts = standing.pms_accounts()
    if order.post_to_pms and order.shown and order.shown != charges_digest(calculation):
        raise ChargesChanged
    # Before the job's own postings are there to be found.
    earlier = earlier_charges(calculation) if order.post_to_pms else ()
    found = Duplicates(earlier=earlier, look=look)
    job = _job(calculation, order, link, code=standing.charge_code.code, by=by, now=now)
    make_postings(job, accounts=accounts, gateway=gateway, by=by, now=now)
    _confirm(job, found, order.confirmed)
    _record(job, accounts, found, by=by, now=now)
    if order.post_to_pms:
        nudge_workers(connection_id=link.connection_id)
    return job


def _job(
    calculation: Calculation,
    order: PostingOrder,
    link: PropertyLink,
    *,
    code: str,
    by: User,
    now: datetime,
) -> PostingJob:
    return PostingJob.objects.create(
        public_id=_new_public_id(),
        calculation=calculation,
        connection=link.connection,
        charge_date=order.charge_date,
        post_month=order.post_month.replace(day=1) if order.post_month else None,
        charge_code=code,
        description=order.description,
        post_to_pms=order.post_to_pms,
        created_by=by,
        created_at=now,
    )


def _confirm(job: PostingJob, found: Duplicates, said: Confirmation | None) -> None:
    """Keep with the job what was found and confirmed: exactly these findings, and why.

    Errors: DuplicatesFound.
    """
    if not found.digest:
        return
    if said is None or said.digest != found.digest or not said.reason.strip():
        has_changed = said is not None and said.digest != found.digest
        raise DuplicatesFound(found, has_changed=has_changed)
    job.duplicates_found = "\n".join(found.sentences)
    job.duplicates_reason = said.reason.strip()
    job.save(update_fields=["duplicates_found", "duplicates_reason"])


def _record(
    job: PostingJob,
    accounts: PmsAccounts,
    found: Duplicates,
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
            "post_month": f"{job.post_month:%Y-%m}" if job.post_month else None,
            "charge_code": job.charge_code,
            "in_the_pms": asdict(accounts),
            "tenants_cents": job.calculation.tenants_cents,
            "despite": list(found.sentences),
        },
        note=job.duplicates_reason,
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
