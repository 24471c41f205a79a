"""The people of a household who are not on the lease's first lines, and those who stand by it.

They are chosen by number and not by chance, so that they take nothing from the random source that
everything else is drawn from.
"""

from __future__ import annotations

from dataclasses import dataclass

from integrations.sandbox.names import FIRST_NAMES, LAST_NAMES
from integrations.sandbox.world import LeaseRow, ResidentRow

_EVERY = 16
_WITH_GUARANTOR = 4
_WITH_FORMER_ROOMMATE = 12
_ROOMMATE_LEFT = "2025-12-01"


@dataclass(frozen=True, slots=True)
class Household:
    """A lease whose people are still to be completed.

    Shape: `first` is the number of the next record, `code` the property's part of the id.
    """

    lease: LeaseRow
    family: str
    code: str
    first: int

    def occupants(self, count: int) -> list[ResidentRow]:
        """Add those who live there without having signed: children for the most part."""
        return [self._person(offset, "occupant", self.family) for offset in range(count)]

    def bystanders(self, *, position: int) -> list[ResidentRow]:
        """Add who does not live in the unit at this position: a guarantor, a former roommate."""
        name = LAST_NAMES[(self.first * 11 + 5) % len(LAST_NAMES)]
        if position % _EVERY == _WITH_GUARANTOR:
            return [self._person(0, "guarantor", name)]
        if position % _EVERY == _WITH_FORMER_ROOMMATE:
            return [self._person(0, "secondary", name, moved_out=_ROOMMATE_LEFT)]
        return []

    def _person(
        self, offset: int, role: str, last_name: str, *, moved_out: str | None = None
    ) -> ResidentRow:
        number = self.first + offset
        return ResidentRow(
            id=f"occ_{self.code}_{number:04d}",
            connection_id=self.lease.connection_id,
            property_id=self.lease.property_id,
            lease_id=self.lease.id,
            first_name=FIRST_NAMES[(number * 7 + 3) % len(FIRST_NAMES)],
            last_name=last_name,
            role=role,
            moved_out=moved_out,
            created_at=self.lease.created_at,
            updated_at=self.lease.updated_at,
        )
