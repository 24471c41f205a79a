"""Reading the PMS's ledger back, and keeping what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from billing.models import (
    DifferenceKind,
    LedgerCheck,
    LedgerDifference,
    Posting,
    PostingJob,
)
from billing.posting.readback import Comparison, compare, reference_of
from integrations.pms import errors
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import MalformedRecord, PmsCharge
from portfolios.models import Property, User

Clock = Callable[[], datetime]

# Propexo says when its sync ended; what it read at the sync's beginning may be that much older.
_LONGEST_PMS_SYNC = timedelta(hours=24)


def check_ledger(
    *,
    place: Property,
    gateway: PmsGateway,
    by: User | None,
    clock: Clock,
    job: PostingJob | None = None,
) -> LedgerCheck:
    """Compare the charges of a property, or of one of its jobs, with the PMS's ledger.

    Shape: a ledger that cannot be read gives a check with an error and no counts.
    Effects: reads the PMS; a check with its differences.
    """
    started = clock()
    postings = _postings(place, job)
    try:
        found = compare(
            postings=postings,
            rows=_rows(place, job, gateway),
            shown_until=_shown_until(place, job, gateway, now=started),
        )
    except errors.PmsError as error:
        return LedgerCheck.objects.create(
            property=place,
            job=job,
            requested_by=by,
            started_at=started,
            finished_at=clock(),
            error=error.message,
        )
    return _store(place, job, found, by=by, started=started, finished=clock())


def places_with_postings() -> QuerySet[Property]:
    """Select the properties for which charges were ever sent."""
    sent = Posting.objects.filter(job__post_to_pms=True)
    ids = sent.order_by().values("job__calculation__bill__property").distinct()
    return Property.objects.filter(pk__in=ids).order_by("pk")


def _shown_until(
    place: Property, job: PostingJob | None, gateway: PmsGateway, *, now: datetime
) -> datetime | None:
    """Tell from when on a charge may be in the PMS and not in what Propexo shows of it."""
    if gateway.shows_charges_at_once:
        return now
    connection = job.connection if job is not None else place.link.connection
    remote = gateway.read_connection(connection_id=connection.propexo_connection_id)
    if remote.last_synced_at is None:
        return None
    return remote.last_synced_at - _LONGEST_PMS_SYNC


def _postings(place: Property, job: PostingJob | None) -> QuerySet[Posting]:
    if job is not None:
        return job.postings.filter(job__post_to_pms=True)
    return Posting.objects.filter(
        job__calculation__bill__property=place, job__post_to_pms=True
    ).order_by("pk")


def _rows(
    place: Property, job: PostingJob | None, gateway: PmsGateway
) -> Iterator[PmsCharge | MalformedRecord]:
    """Read the whole ledger of a property, or what one job can have made of it."""
    rows = gateway.list_charges(property_id=place.propexo_property_id)
    if job is None:
        return iter(rows)
    return _of_job(rows, job)


def _of_job(
    rows: Iterable[PmsCharge | MalformedRecord], job: PostingJob
) -> Iterator[PmsCharge | MalformedRecord]:
    references = set(job.postings.values_list("reference", flat=True))
    for row in rows:
        if reference_of(row) in references:
            yield row


@transaction.atomic
def _store(
    place: Property,
    job: PostingJob | None,
    found: Comparison,
    *,
    by: User | None,
    started: datetime,
    finished: datetime,
) -> LedgerCheck:
    check = LedgerCheck.objects.create(
        property=place,
        job=job,
        requested_by=by,
        started_at=started,
        finished_at=finished,
        sent=found.sent,
        there=found.there,
        differs=found.sent - found.there - found.count(DifferenceKind.MISSING),
        missing=found.count(DifferenceKind.MISSING),
        extra=found.count(DifferenceKind.EXTRA),
        doubled=found.count(DifferenceKind.DOUBLED),
        unsettled=found.unsettled,
    )
    LedgerDifference.objects.bulk_create(
        LedgerDifference(
            check_run=check,
            kind=difference.kind,
            posting_id=difference.posting_id,
            reference=difference.reference,
            remote_charge_id=difference.remote_charge_id,
            message=difference.message,
        )
        for difference in found.differences
    )
    return check
