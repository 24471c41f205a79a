"""Rows as they are stored now, as the look at a whole property needs them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from integrations.pms.records import LeaseStatus
from integrations.sync.plan.units import unit_label


class StoredUnit(NamedTuple):
    """A unit as it is stored now.

    Shape: `occupant_count` belongs to the lease `current_lease_id`.
    Units: square feet.
    """

    key: int
    remote_id: str
    building: str
    unit_number: str
    occupied: bool | None
    billable: bool
    current_lease_id: str = ""
    occupant_count: int | None = None
    sqft: int | None = None
    bedrooms: Decimal | None = None

    @property
    def label(self) -> str:
        """Call the unit as people do."""
        return unit_label(self.building, self.unit_number)


class StoredLease(NamedTuple):
    """A lease as it is stored now."""

    key: int
    unit_key: int
    remote_id: str
    status: LeaseStatus
    start: date | None
    resident_id: str = ""
    resident_name: str = ""
