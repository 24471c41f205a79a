"""The rows that a sandbox starts with; field names are column names.

They are named tuples because they go into the database as they are, by the hundred thousand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class ConnectionRow(NamedTuple):
    """A PMS login that Propexo holds; `models` is a JSON list."""

    id: str
    provider: str
    vendor: str
    name: str
    status: str
    models: str
    frequency: str
    last_synced_at: str | None
    created_at: str
    updated_at: str


class PropertyRow(NamedTuple):
    """A building.

    Units: square feet.
    """

    id: str
    connection_id: str
    configuration_id: str
    name: str
    street: str
    city: str
    state: str
    zip: str
    unit_count: int
    total_sqft: int | None
    enabled: int
    loaded: int
    created_at: str
    updated_at: str


class UnitRow(NamedTuple):
    """A flat; `bathrooms` is decimal text, so that 1.5 stays 1.5.

    Units: square feet.
    """

    id: str
    connection_id: str
    property_id: str
    unit_number: str
    sqft: int | None
    bedrooms: int | None
    bathrooms: str | None
    status: str
    current_lease_id: str | None
    created_at: str
    updated_at: str


class LeaseRow(NamedTuple):
    """A lease; dates are ISO text, the end day is no longer part of it.

    Units: cents a month.
    """

    id: str
    connection_id: str
    property_id: str
    unit_id: str
    unit_linked: int
    resident_id: str
    start_date: str
    end_date: str | None
    rent_cents: int
    status: str
    occupant_count: int | None
    created_at: str
    updated_at: str


class ResidentRow(NamedTuple):
    """Somebody on a lease; `role` is primary, secondary, occupant or guarantor."""

    id: str
    connection_id: str
    property_id: str
    lease_id: str
    first_name: str
    last_name: str
    role: str
    moved_out: str | None
    created_at: str
    updated_at: str

    @property
    def is_primary(self) -> bool:
        """Tell whether the lease is theirs before all others."""
        return self.role == "primary"


class ChargeCodeRow(NamedTuple):
    """An entry of a property's chart of accounts."""

    id: str
    connection_id: str
    property_id: str
    code: str
    name: str
    gl_account: str
    created_at: str
    updated_at: str


class FinancialAccountRow(NamedTuple):
    """An account of a property's general ledger."""

    id: str
    connection_id: str
    property_id: str
    account_number: str
    name: str
    created_at: str
    updated_at: str


class PaymentRow(NamedTuple):
    """Money that a resident paid.

    Units: cents.
    """

    id: str
    connection_id: str
    property_id: str
    lease_id: str
    amount_cents: int
    received_on: str
    charge_id: str | None
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is there before the first request.

    Shape: `occupants` are residents too, whom only contract v1 shows.
    """

    connections: tuple[ConnectionRow, ...] = ()
    properties: tuple[PropertyRow, ...] = ()
    units: tuple[UnitRow, ...] = ()
    leases: tuple[LeaseRow, ...] = ()
    residents: tuple[ResidentRow, ...] = ()
    occupants: tuple[ResidentRow, ...] = ()
    charge_codes: tuple[ChargeCodeRow, ...] = ()
    financial_accounts: tuple[FinancialAccountRow, ...] = ()
    payments: tuple[PaymentRow, ...] = ()
