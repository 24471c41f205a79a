"""What syncs report to other programs by webhook."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db.models import QuerySet

from integrations.models import OutgoingKind, SyncRun
from integrations.outgoing import is_heard, queue_event, queue_events
from integrations.outgoing.queueing import Report, written
from integrations.pms.records import LeaseStatus
from integrations.sync.plan import Known, LeaseValues, PagePlan
from portfolios.models import Lease, Property

_LEASE_EVENTS = (
    OutgoingKind.LEASE_CREATED,
    OutgoingKind.LEASE_UPDATED,
    OutgoingKind.LEASE_TERMINATED,
)


def report_leases(
    *,
    place: Property,
    plan: PagePlan[LeaseValues],
    known: Mapping[str, Known[LeaseValues]],
    now: datetime,
) -> None:
    """Report a page of leases that was just stored; in its transaction.

    Effects: at most four statements for the page, one where nobody listens, none where nothing
        changed.
    """
    if not plan.created and not plan.changed:
        return
    if not is_heard(*_LEASE_EVENTS, portfolio_id=place.portfolio_id):
        return
    status_before = {row.key: row.values.status for row in known.values()}
    created = Lease.objects.filter(unit__property=place, propexo_lease_id__in=plan.created)
    changed = Lease.objects.filter(pk__in=plan.changed)
    reports = [_lease(OutgoingKind.LEASE_CREATED, lease) for lease in _with_units(created)]
    for lease in _with_units(changed):
        ended = lease.status == LeaseStatus.PAST and status_before[lease.pk] != LeaseStatus.PAST
        kind = OutgoingKind.LEASE_TERMINATED if ended else OutgoingKind.LEASE_UPDATED
        reports.append(_lease(kind, lease))
    queue_events(reports=reports, portfolio_id=place.portfolio_id, now=now)


def report_sync(run: SyncRun, *, now: datetime) -> None:
    """Report that a property was read; in the transaction that completes the run."""
    place = run.property
    data = {
        "sync_id": run.pk,
        "property_id": place.pk,
        "propexo_property_id": place.propexo_property_id,
        "property": place.name,
        "full": run.is_full,
        "created": run.created,
        "changed": run.changed,
        "unchanged": run.unchanged,
        "flagged": run.flagged,
        "completed_at": written(now),
    }
    queue_event(
        kind=OutgoingKind.SYNC_COMPLETED, portfolio_id=place.portfolio_id, data=data, now=now
    )


def _with_units(leases: QuerySet[Lease]) -> QuerySet[Lease]:
    return leases.select_related("unit").order_by("pk")


def _lease(kind: OutgoingKind, lease: Lease) -> Report:
    """Describe a lease; its resident by id alone: names are read, and may change, apart from it."""
    data = {
        "lease_id": lease.pk,
        "propexo_lease_id": lease.propexo_lease_id,
        "property_id": lease.unit.property_id,
        "unit_id": lease.unit_id,
        "unit": str(lease.unit),
        "propexo_resident_id": lease.propexo_resident_id,
        "status": lease.status,
        "start_date": _day(lease.start_date),
        "end_date": _day(lease.end_date),
        "move_in_date": _day(lease.move_in_date),
        "move_out_date": _day(lease.move_out_date),
        "occupants": lease.occupant_count,
    }
    return Report(kind, data)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
