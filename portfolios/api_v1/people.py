"""How `/api/v1` writes a lease and its tenant."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from django.db.models import F, Q, QuerySet

from meterbase.lib.json_api import Day, PageQuery
from portfolios.api_v1.places import PropertyAnswer, describe_property
from portfolios.api_v1.shapes import FieldId, V1Answer, V1Pagination
from portfolios.models import Lease, LeaseStatus
from portfolios.queries import CURRENT_LEASES


class LeaseStanding(StrEnum):
    """Where a lease stands, in the words of this version of the API."""

    ACTIVE = "active"
    EXPIRED = "expired"
    TERMINATED = "terminated"
    FUTURE = "future"
    UNKNOWN = "unknown"


class AskedStanding(StrEnum):
    """What leases can be asked for by."""

    ACTIVE = "active"
    EXPIRED = "expired"
    TERMINATED = "terminated"


class LeaseQuery(PageQuery):
    """Which leases are asked for."""

    property_id: FieldId | None = None
    status: AskedStanding | None = None


class TenantName(V1Answer):
    """Who lives there."""

    id: str
    name: str


class LeaseAnswer(V1Answer):
    """A lease with its property.

    Shape: days are those that count for billing; the end is the day after the last one. It is
        terminated where people left before the end of the contract, or the PMS no longer shows it.
    """

    id: str
    status: LeaseStanding
    property_id: str
    property: PropertyAnswer
    unit_id: str
    unit_number: str
    tenant: TenantName
    start_date: Day | None
    end_date: Day | None
    contract_start_date: Day | None
    contract_end_date: Day | None
    move_in_date: Day | None
    move_out_date: Day | None
    occupants: int | None
    propexo_lease_id: str


class LeasePage(V1Answer):
    """Some of the leases."""

    data: list[LeaseAnswer]
    pagination: V1Pagination


class TenantAnswer(V1Answer):
    """A tenant: whoever a lease is made out to, known by that lease."""

    id: str
    name: str
    lease_id: str
    property_id: str
    unit_id: str
    unit_number: str
    status: LeaseStanding
    start_date: Day | None
    end_date: Day | None
    move_in_date: Day | None
    move_out_date: Day | None
    occupants: int | None
    propexo_resident_id: str | None


class TenantPage(V1Answer):
    """Some of the tenants."""

    data: list[TenantAnswer]
    pagination: V1Pagination


_SHOWN = Q(missing_since__isnull=True)
_LEFT_EARLY = Q(end_date__lt=F("contract_end_date"))
_PAST = Q(status=LeaseStatus.PAST)

_CONDITIONS: Mapping[AskedStanding, Q] = {
    AskedStanding.ACTIVE: _SHOWN & Q(status__in=CURRENT_LEASES),
    AskedStanding.EXPIRED: _SHOWN & _PAST & (~_LEFT_EARLY | Q(contract_end_date=None)),
    AskedStanding.TERMINATED: ~_SHOWN | (_PAST & _LEFT_EARLY),
}


def narrow_leases(leases: QuerySet[Lease], asked: LeaseQuery) -> QuerySet[Lease]:
    """Keep the leases that are asked for, in a fixed order, with what an answer shows."""
    if asked.property_id is not None:
        leases = leases.filter(unit__property=asked.property_id)
    if asked.status is not None:
        leases = leases.filter(_CONDITIONS[asked.status])
    return leases.select_related("unit__property").order_by("pk")


def standing_of(lease: Lease) -> LeaseStanding:
    """Tell where a lease stands."""
    if lease.missing_since is not None:
        return LeaseStanding.TERMINATED
    status = LeaseStatus(lease.status)
    if status in CURRENT_LEASES:
        return LeaseStanding.ACTIVE
    if status != LeaseStatus.PAST:
        return LeaseStanding.FUTURE if status == LeaseStatus.FUTURE else LeaseStanding.UNKNOWN
    end, contract_end = lease.end_date, lease.contract_end_date
    left_early = end is not None and contract_end is not None and end < contract_end
    return LeaseStanding.TERMINATED if left_early else LeaseStanding.EXPIRED


def describe_lease(lease: Lease) -> LeaseAnswer:
    """Write a lease."""
    return LeaseAnswer(
        id=str(lease.pk),
        status=standing_of(lease),
        property_id=str(lease.unit.property_id),
        property=describe_property(lease.unit.property),
        unit_id=str(lease.unit_id),
        unit_number=lease.unit.unit_number,
        tenant=TenantName(id=str(lease.pk), name=lease.resident_name),
        start_date=lease.start_date,
        end_date=lease.end_date,
        contract_start_date=lease.contract_start_date,
        contract_end_date=lease.contract_end_date,
        move_in_date=lease.move_in_date,
        move_out_date=lease.move_out_date,
        occupants=lease.occupant_count,
        propexo_lease_id=lease.propexo_lease_id,
    )


def describe_tenant(lease: Lease) -> TenantAnswer:
    """Write the tenant of a lease."""
    return TenantAnswer(
        id=str(lease.pk),
        name=lease.resident_name,
        lease_id=str(lease.pk),
        property_id=str(lease.unit.property_id),
        unit_id=str(lease.unit_id),
        unit_number=lease.unit.unit_number,
        status=standing_of(lease),
        start_date=lease.start_date,
        end_date=lease.end_date,
        move_in_date=lease.move_in_date,
        move_out_date=lease.move_out_date,
        occupants=lease.occupant_count,
        propexo_resident_id=lease.propexo_resident_id or None,
    )
