"""Fill a property's units with leases, people and their payments."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache

from integrations.sandbox.households import Household
from integrations.sandbox.moments import stamp
from integrations.sandbox.names import FIRST_NAMES, LAST_NAMES, FloorPlan, Site
from integrations.sandbox.quirks import Quirk
from integrations.sandbox.world import LeaseRow, PaymentRow, ResidentRow, UnitRow

_FIRST_MOMENT = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
FIRST_STAMP = stamp(_FIRST_MOMENT)

# How many people live in a flat with no, one, two or three bedrooms.
_HOUSEHOLDS = ((1, 1, 2), (1, 2, 2), (2, 2, 3, 4), (3, 4, 5))
_ADULTS_ON_A_LEASE = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Which property is built.

    Shape: `number` chooses its quirks and its random source; `code` stands in its records' ids.
        With `loose_units` some leases name their unit by its number only.
    """

    number: int
    code: str
    property_id: str
    connection_id: str
    site: Site
    loose_units: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """What a lease says: its status and its days."""

    status: str
    start: date
    end: date | None


@dataclass(slots=True)
class PropertyDraft:
    """A property while it is being built; draws from a random source of its own.

    The source depends on the seed and the property's number only, so that a property stays the
    same however many others are built beside it.
    """

    seed: int
    place: Place
    units: list[UnitRow] = field(default_factory=list)
    leases: list[LeaseRow] = field(default_factory=list)
    residents: list[ResidentRow] = field(default_factory=list)
    occupants: list[ResidentRow] = field(default_factory=list)
    payments: list[PaymentRow] = field(default_factory=list)
    random: random.Random = field(init=False)
    _moments: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.random = random.Random(f"{self.seed}/{self.place.number}")  # noqa: S311  invented data, no secret

    def record_id(self, kind: str, number: int) -> str:
        """Write the id of a record of this property."""
        return f"{kind}_{self.place.code}_{number:04d}"

    def next_moment(self) -> str:
        """Give the time stamp of the next record, one second after the one before."""
        self._moments += 1
        return _stamp_after(self._moments)

    def let(self, *, unit_id: str, quirk: Quirk, plan: FloorPlan, current: bool) -> str | None:
        """Write a unit's leases, past, current and future; return the id of the current one."""
        terms = self._terms(quirk)
        if quirk in {Quirk.VACANT, Quirk.RELET_LATER}:
            moved_out = self._first_day_between(date(2025, 4, 1), date(2025, 12, 1))
            self._add_lease(unit_id, plan, Terms("past", date(2023, 6, 1), moved_out))
        elif current and self.random.random() < 1 / 5:
            self._add_lease(unit_id, plan, Terms("past", _year_before(terms.start), terms.start))
        lease_id = self._current_lease(unit_id, plan, terms, quirk) if current else None
        if quirk in {Quirk.NOTICE_AND_RELET, Quirk.RELET_LATER}:
            self._add_lease(unit_id, plan, Terms("future", date(2027, 2, 1), date(2028, 2, 1)))
        return lease_id

    def _terms(self, quirk: Quirk) -> Terms:
        start = self._first_day_between(date(2023, 2, 1), date(2025, 10, 1))
        end = self._first_day_between(date(2027, 3, 1), date(2028, 7, 1))
        if quirk is Quirk.MONTH_TO_MONTH:
            return Terms("month_to_month", date(2023, 9, 1), date(2025, 9, 1))
        if quirk is Quirk.OPEN_ENDED:
            return Terms("month_to_month", start, None)
        if quirk in {Quirk.NOTICE, Quirk.NOTICE_AND_RELET}:
            return Terms("active", start, date(2027, 1, 31))
        return Terms("active", start, end)

    def _current_lease(self, unit_id: str, plan: FloorPlan, terms: Terms, quirk: Quirk) -> str:
        occupants_known = quirk is not Quirk.OCCUPANTS_UNKNOWN
        lease = self._add_lease(unit_id, plan, terms, occupants_known=occupants_known)
        self.occupants += self._household(lease).bystanders(position=len(self.units))
        if self.random.random() < 1 / 2:
            self._pay_rent(lease)
        return lease.id

    def _add_lease(
        self, unit_id: str, plan: FloorPlan, terms: Terms, *, occupants_known: bool = True
    ) -> LeaseRow:
        lease_id = self.record_id("lease", len(self.leases) + 1)
        people = self.random.choice(_HOUSEHOLDS[plan.bedrooms])
        adults = min(people, _ADULTS_ON_A_LEASE)
        resident_id = self._add_residents(lease_id, adults=adults)
        rent_cents = plan.rent * 100 + self.random.randrange(-8, 9) * 500
        made = self.next_moment()
        lease = LeaseRow(
            id=lease_id,
            connection_id=self.place.connection_id,
            property_id=self.place.property_id,
            unit_id=unit_id,
            unit_linked=int(not self.place.loose_units or len(self.units) % 12 != 5),
            resident_id=resident_id,
            start_date=terms.start.isoformat(),
            end_date=terms.end.isoformat() if terms.end else None,
            rent_cents=rent_cents,
            status=terms.status,
            occupant_count=people if occupants_known else None,
            created_at=made,
            updated_at=made,
        )
        self.leases.append(lease)
        self.occupants += self._household(lease).occupants(people - adults)
        return lease

    def _household(self, lease: LeaseRow) -> Household:
        return Household(
            lease=lease,
            family=self.residents[-1].last_name,
            code=self.place.code,
            first=len(self.occupants) + 1,
        )

    def _add_residents(self, lease_id: str, *, adults: int) -> str:
        """Put people on a lease; return the id of the primary one."""
        family = self.random.choice(LAST_NAMES)
        first = len(self.residents) + 1
        for number in range(adults):
            shares_name = number == 0 or self.random.random() < 1 / 2
            first_name = self.random.choice(FIRST_NAMES)
            last_name = family if shares_name else self.random.choice(LAST_NAMES)
            made = self.next_moment()
            self.residents.append(
                ResidentRow(
                    id=self.record_id("res", first + number),
                    connection_id=self.place.connection_id,
                    property_id=self.place.property_id,
                    lease_id=lease_id,
                    first_name=first_name,
                    last_name=last_name,
                    role="secondary" if number else "primary",
                    moved_out=None,
                    created_at=made,
                    updated_at=made,
                )
            )
        return self.record_id("res", first)

    def _pay_rent(self, lease: LeaseRow) -> None:
        received = date(2025, 12, 1) + timedelta(days=self.random.randrange(0, 9))
        made = self.next_moment()
        self.payments.append(
            PaymentRow(
                id=self.record_id("pay", len(self.payments) + 1),
                connection_id=lease.connection_id,
                property_id=lease.property_id,
                lease_id=lease.id,
                amount_cents=lease.rent_cents,
                received_on=received.isoformat(),
                charge_id=None,
                created_at=made,
                updated_at=made,
            )
        )

    def _first_day_between(self, earliest: date, latest: date) -> date:
        """Draw the first day of a month, the way leases begin and end."""
        months = (latest.year - earliest.year) * 12 + latest.month - earliest.month
        month = earliest.month - 1 + self.random.randint(0, months)
        return date(earliest.year + month // 12, month % 12 + 1, 1)


@cache
def _stamp_after(seconds: int) -> str:
    return stamp(_FIRST_MOMENT + timedelta(seconds=seconds))


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1)
