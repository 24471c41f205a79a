"""A gateway to nowhere: it answers with what a test gives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from integrations.pms.errors import PmsError
from integrations.pms.gateway import FollowingList, OnPage
from integrations.pms.paging import Turn
from integrations.pms.records import (
    ChargeOrder,
    ChargeReceipt,
    ConnectionHealth,
    CreditBody,
    LeaseStatus,
    MalformedRecord,
    Occupancy,
    PmsCharge,
    PmsChargeCode,
    PmsConnection,
    PmsLease,
    PmsPayment,
    PmsProperty,
    PmsResident,
    PmsUnit,
    PmsWriteJob,
    RateLimit,
)

RowT = TypeVar("RowT")


@dataclass
class FakeGateway:
    """Lists of records, each of which may end in an error.

    Shape: `error` is raised by every call; `errors_after` by the list of that name, at its end;
        `calls` is what was asked, in order.
    """

    connection: PmsConnection | None = None
    properties: Sequence[PmsProperty | MalformedRecord] = ()
    units: Sequence[PmsUnit | MalformedRecord] = ()
    leases: Sequence[PmsLease | MalformedRecord] = ()
    residents: Sequence[PmsResident | MalformedRecord] = ()
    charge_codes: Sequence[PmsChargeCode | MalformedRecord] = ()
    charges: Sequence[PmsCharge | MalformedRecord] = ()
    rows_per_page: int = 200
    error: PmsError | None = None
    errors_after: dict[str, BaseException] = field(default_factory=dict)
    rate_limit: RateLimit | None = None
    shows_charges_at_once: bool = True
    calls: list[tuple[object, ...]] = field(default_factory=list)

    def read_connection(self, *, connection_id: str) -> PmsConnection:
        self.calls.append(("connection", connection_id))
        if self.error:
            raise self.error
        assert self.connection is not None
        return self.connection

    def list_properties(
        self, *, connection_id: str, resume_at: str | None = None, on_page: OnPage | None = None
    ) -> Iterator[PmsProperty | MalformedRecord]:
        turn = Turn(resume_at, on_page)
        yield from self._answer(self.properties, "properties", connection_id, turn=turn)

    def expect(
        self, following: FollowingList, *, property_id: str, updated_since: datetime | None = None
    ) -> None:
        """Leave it at that: nothing takes time here."""

    def list_units(
        self,
        *,
        property_id: str,
        updated_since: datetime | None = None,
        resume_at: str | None = None,
        on_page: OnPage | None = None,
    ) -> Iterator[PmsUnit | MalformedRecord]:
        turn = Turn(resume_at, on_page)
        yield from self._answer(self.units, "units", property_id, updated_since, turn=turn)

    def list_leases(
        self,
        *,
        property_id: str,
        updated_since: datetime | None = None,
        resume_at: str | None = None,
        on_page: OnPage | None = None,
    ) -> Iterator[PmsLease | MalformedRecord]:
        turn = Turn(resume_at, on_page)
        yield from self._answer(self.leases, "leases", property_id, updated_since, turn=turn)

    def list_residents(
        self,
        *,
        property_id: str,
        updated_since: datetime | None = None,
        resume_at: str | None = None,
        on_page: OnPage | None = None,
    ) -> Iterator[PmsResident | MalformedRecord]:
        turn = Turn(resume_at, on_page)
        yield from self._answer(self.residents, "residents", property_id, updated_since, turn=turn)

    def list_charge_codes(
        self, *, property_id: str, resume_at: str | None = None, on_page: OnPage | None = None
    ) -> Iterator[PmsChargeCode | MalformedRecord]:
        turn = Turn(resume_at, on_page)
        yield from self._answer(self.charge_codes, "charge_codes", property_id, turn=turn)

    def list_charges(
        self,
        *,
        property_id: str,
        unit_id: str | None = None,  # noqa: ARG002 - the gateway's signature
        lease_id: str | None = None,  # noqa: ARG002 - the gateway's signature
        effective_date: date | None = None,  # noqa: ARG002 - the gateway's signature
        since: date | None = None,  # noqa: ARG002 - the gateway's signature
        resume_at: str | None = None,
        on_page: OnPage | None = None,
    ) -> Iterator[PmsCharge | MalformedRecord]:
        turn = Turn(resume_at, on_page)
        yield from self._answer(self.charges, "charges", property_id, turn=turn)

    def list_payments(
        self, *, property_id: str, resume_at: str | None = None, on_page: OnPage | None = None
    ) -> Iterator[PmsPayment | MalformedRecord]:
        raise NotImplementedError

    def charge_body(self, *, order: ChargeOrder) -> bytes:
        raise NotImplementedError

    def post_charge(self, *, body: bytes, reference: str) -> ChargeReceipt:
        raise NotImplementedError

    def credit_body(self, *, order: ChargeOrder) -> CreditBody:
        raise NotImplementedError

    def post_credit(self, *, body: bytes, reference: str) -> ChargeReceipt:
        raise NotImplementedError

    def read_write_job(self, *, job_id: str) -> PmsWriteJob:
        raise NotImplementedError

    def _answer(
        self, rows: Sequence[RowT], name: str, *asked: object, turn: Turn
    ) -> Iterator[RowT]:
        """Give pages of `rows_per_page`; a mark is the place of a page's first row."""
        self.calls.append((name, *asked))
        if self.error:
            raise self.error
        for start in range(int(turn.resume_at or 0), max(len(rows), 1), self.rows_per_page):
            end = start + self.rows_per_page
            yield from rows[start:end]
            if end < len(rows):
                turn.page_is_read(str(end))
        if name in self.errors_after:
            raise self.errors_after[name]
        turn.page_is_read(None)


def make_connection(**changes: object) -> PmsConnection:
    """Make a connection to Yardi that is well, but for the changes."""
    values: dict[str, object] = {
        "connection_id": "conn_001",
        "provider": "yardi",
        "name": "Northbank",
        "health": ConnectionHealth.ACTIVE,
        "raw_status": "active",
        "last_synced_at": None,
        "contract": "unified",
    }
    return PmsConnection(**(values | changes))  # type: ignore[arg-type] # by name, as tests like it


def make_property(property_id: str = "prop_x", **changes: object) -> PmsProperty:
    """Make a property, but for the changes."""
    values: dict[str, object] = {
        "property_id": property_id,
        "name": "Maplewood",
        "street": "1420 Kinney Ave",
        "city": "Austin",
        "state": "TX",
        "zip_code": "78704",
        "unit_count": 2,
        "square_footage": 1_900,
    }
    return PmsProperty(**(values | changes))  # type: ignore[arg-type] # by name, as tests like it


def make_unit(unit_id: str = "unit_1", **changes: object) -> PmsUnit:
    """Make a let unit, but for the changes."""
    values: dict[str, object] = {
        "unit_id": unit_id,
        "property_id": "prop_x",
        "unit_number": unit_id.removeprefix("unit_"),
        "building": "",
        "square_feet": 850,
        "bedrooms": Decimal(2),
        "bathrooms": Decimal("1.5"),
        "occupancy": Occupancy.OCCUPIED,
        "billable": True,
        "raw_status": "occupied",
        "current_lease_id": None,
        "occupant_count": 2,
    }
    return PmsUnit(**(values | changes))  # type: ignore[arg-type] # by name, as tests like it


def make_lease(lease_id: str = "lease_1", **changes: object) -> PmsLease:
    """Make an active lease of unit_1, but for the changes."""
    values: dict[str, object] = {
        "lease_id": lease_id,
        "unit_id": "unit_1",
        "resident_id": "res_1",
        "start": date(2026, 1, 1),
        "end": date(2027, 1, 1),
        "status": LeaseStatus.ACTIVE,
        "raw_status": "active",
        "occupant_count": 2,
        "monthly_rent": None,
    }
    return PmsLease(**(values | changes))  # type: ignore[arg-type] # by name, as tests like it


def make_resident(resident_id: str = "res_1", **changes: object) -> PmsResident:
    """Make a resident, but for the changes."""
    values: dict[str, object] = {
        "resident_id": resident_id,
        "first_name": "Zoë",
        "last_name": "Kim",
        "unit_id": "unit_1",
        "is_primary": True,
    }
    return PmsResident(**(values | changes))  # type: ignore[arg-type] # by name, as tests like it
