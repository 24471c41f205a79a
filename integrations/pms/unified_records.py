"""The rows of the unified contract, read into records.

Source: Propexo's feature page and MeterBase's field map.
"""

from __future__ import annotations

from functools import lru_cache

from integrations.pms.parsing import Fields
from integrations.pms.records import (
    ConnectionHealth,
    LeaseStatus,
    Occupancy,
    PmsCharge,
    PmsChargeCode,
    PmsConnection,
    PmsLease,
    PmsPayment,
    PmsProperty,
    PmsResident,
    PmsUnit,
)

# Somebody on notice or under eviction still lives in the unit and uses water.
_OCCUPIED = frozenset({"occupied", "notice", "eviction"})
_NOT_BILLABLE = frozenset({"down", "model", "admin"})


def connection_from(fields: Fields) -> PmsConnection:
    """Read a connection."""
    status = fields.text("status")
    return PmsConnection(
        connection_id=fields.identifier("id"),
        provider=fields.text("provider").casefold(),
        name=fields.text("name"),
        health=_health_of(status),
        raw_status=status,
        last_synced_at=fields.moment("last_synced_at"),
        contract="unified",
        is_running_sync=_health_of(status) is ConnectionHealth.SYNCING,
    )


def property_from(fields: Fields) -> PmsProperty:
    """Read a property."""
    address = fields.inner("address")
    return PmsProperty(
        property_id=fields.identifier("id"),
        name=fields.text("name"),
        street=address.text("street"),
        city=address.text("city"),
        state=address.text("state"),
        zip_code=address.label("zip"),
        unit_count=fields.whole("unit_count"),
        square_footage=fields.square_feet("total_sqft"),
        updated_at=fields.moment("updated_at"),
    )


def unit_from(fields: Fields, *, property_id: str) -> PmsUnit:
    """Read a unit of a property."""
    status = fields.text("status")
    lease = fields.inner("current_lease")
    return PmsUnit(
        unit_id=fields.identifier("id"),
        property_id=fields.expected("property_id", value=property_id),
        unit_number=fields.required_label("unit_number"),
        building=fields.label("building"),
        square_feet=fields.square_feet("sqft"),
        bedrooms=fields.rooms("bedrooms"),
        bathrooms=fields.rooms("bathrooms"),
        occupancy=_occupancy_of(status),
        billable=status.casefold() not in _NOT_BILLABLE,
        raw_status=status,
        current_lease_id=lease.optional_identifier("id"),
        occupant_count=lease.whole("occupant_count"),
        updated_at=fields.moment("updated_at"),
    )


def lease_from(fields: Fields) -> PmsLease:
    """Read a lease."""
    status = fields.text("status")
    return PmsLease(
        lease_id=fields.identifier("id"),
        unit_id=fields.identifier("unit_id"),
        resident_id=fields.optional_identifier("resident_id"),
        start=fields.day("start_date"),
        end=fields.day("end_date"),
        status=_lease_status_of(status),
        raw_status=status,
        occupant_count=fields.whole("occupant_count"),
        monthly_rent=fields.decimal("monthly_rent"),
        updated_at=fields.moment("updated_at"),
    )


def resident_from(fields: Fields) -> PmsResident:
    """Read a resident."""
    return PmsResident(
        resident_id=fields.identifier("id"),
        first_name=fields.text("first_name"),
        last_name=fields.text("last_name"),
        unit_id=fields.optional_identifier("unit_id"),
        is_primary=fields.flag("is_primary"),
    )


def charge_from(fields: Fields) -> PmsCharge:
    """Read a charge."""
    return PmsCharge(
        charge_id=fields.identifier("id"),
        unit_id=fields.identifier("unit_id"),
        lease_id=fields.optional_identifier("lease_id"),
        amount=fields.amount("amount"),
        effective_date=fields.required_day("effective_date"),
        charge_code=fields.text("charge_code"),
        description=fields.prose("description"),
    )


def charge_code_from(fields: Fields, *, property_id: str) -> PmsChargeCode:
    """Read an entry of a property's chart of accounts."""
    code = fields.identifier("code")
    return PmsChargeCode(
        code=code,
        name=fields.text("name"),
        property_id=fields.expected("property_id", value=property_id),
        gl_account=fields.label("gl_account"),
        remote_id=code,
        kind="charge_code",
    )


def payment_from(fields: Fields) -> PmsPayment:
    """Read a payment."""
    return PmsPayment(
        payment_id=fields.identifier("id"),
        lease_id=fields.identifier("lease_id"),
        amount=fields.amount("amount"),
        received_on=fields.required_day("received_on"),
        charge_id=fields.optional_identifier("charge_id"),
    )


def _health_of(status: str) -> ConnectionHealth:
    try:
        return ConnectionHealth(status.casefold())
    except ValueError:
        return ConnectionHealth.UNKNOWN


@lru_cache(256)
def _occupancy_of(status: str) -> Occupancy:
    word = status.casefold()
    if word in _OCCUPIED:
        return Occupancy.OCCUPIED
    # A unit that nobody can rent stands empty as far as the arithmetic goes.
    if word == "vacant" or word in _NOT_BILLABLE:
        return Occupancy.VACANT
    return Occupancy.UNKNOWN


@lru_cache(256)
def _lease_status_of(status: str) -> LeaseStatus:
    try:
        return LeaseStatus(status.casefold().replace("-", "_").replace(" ", "_"))
    except ValueError:
        return LeaseStatus.UNKNOWN
