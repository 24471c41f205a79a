"""The rows that a sandbox starts with, one dataclass per table; field names are column names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """A PMS login that Propexo holds; `models` is a JSON list."""

    id: str
    provider: str
    name: str
    status: str
    models: str
    frequency: str
    last_synced_at: str | None
    updated_at: str


@dataclass(frozen=True, slots=True)
class PropertyRow:
    """A building.

    Units: square feet.
    """

    id: str
    connection_id: str
    name: str
    street: str
    city: str
    state: str
    zip: str
    unit_count: int
    total_sqft: int | None
    updated_at: str


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A flat; `bathrooms` is decimal text, so that 1.5 stays 1.5.

    Units: square feet.
    """

    id: str
    property_id: str
    unit_number: str
    sqft: int | None
    bedrooms: int | None
    bathrooms: str | None
    status: str
    current_lease_id: str | None
    updated_at: str


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """A lease; dates are ISO text, the end day is no longer part of it.

    Units: cents a month.
    """

    id: str
    unit_id: str
    resident_id: str
    start_date: str
    end_date: str | None
    rent_cents: int
    status: str
    occupant_count: int | None
    updated_at: str


@dataclass(frozen=True, slots=True)
class ResidentRow:
    """Somebody on a lease."""

    id: str
    lease_id: str
    first_name: str
    last_name: str
    is_primary: int
    updated_at: str


@dataclass(frozen=True, slots=True)
class ChargeCodeRow:
    """An entry of a property's chart of accounts."""

    property_id: str
    code: str
    name: str
    gl_account: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """Money that a resident paid.

    Units: cents.
    """

    id: str
    lease_id: str
    amount_cents: int
    received_on: str
    charge_id: str | None
    updated_at: str


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is there before the first request."""

    connections: tuple[ConnectionRow, ...]
    properties: tuple[PropertyRow, ...]
    units: tuple[UnitRow, ...]
    leases: tuple[LeaseRow, ...]
    residents: tuple[ResidentRow, ...]
    charge_codes: tuple[ChargeCodeRow, ...]
    payments: tuple[PaymentRow, ...]
