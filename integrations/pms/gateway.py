"""What MeterBase asks of Propexo, whichever wire contract a connection speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Literal, Protocol

from integrations.pms.records import (
    ChargeOrder,
    ChargeReceipt,
    CreditBody,
    MalformedRecord,
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

FollowingList = Literal["units", "leases", "residents"]

# Told after the last row of a page was taken: where the next page starts, None after the last.
OnPage = Callable[[str | None], None]


class PmsGateway(Protocol):
    """One connection to Propexo.

    Every list yields records page by page and never holds more than a page; a row that cannot be
    read comes as a MalformedRecord in its place, so that one bad row stops nothing. A list that
    broke off goes on at the mark that `on_page` was told last, given back as `resume_at`.

    Errors: every method raises only errors of `integrations.pms.errors`.
    """

    @property
    def rate_limit(self) -> RateLimit | None:
        """Tell what the last answer's rate headers said."""

    @property
    def shows_charges_at_once(self) -> bool:
        """Tell whether the ledger shows a charge from the moment on that it is made.

        Shape: where it is False, the absence of a charge proves nothing.
        """

    def read_connection(self, *, connection_id: str) -> PmsConnection:
        """Read one connection.

        Errors: NotFound when Propexo has no such connection.
        """

    def list_properties(
        self, *, connection_id: str, resume_at: str | None = None, on_page: OnPage | None = None
    ) -> Iterator[PmsProperty | MalformedRecord]:
        """List the properties of a connection."""

    def expect(
        self, following: FollowingList, *, property_id: str, updated_since: datetime | None = None
    ) -> None:
        """Learn which list of a property is read next, so that its first page may be on its way.

        Effects: at most one request; nothing is wrong when another list is read, or none.
        """

    def list_units(
        self,
        *,
        property_id: str,
        updated_since: datetime | None = None,
        resume_at: str | None = None,
        on_page: OnPage | None = None,
    ) -> Iterator[PmsUnit | MalformedRecord]:
        """List the units of a property."""

    def list_leases(
        self,
        *,
        property_id: str,
        updated_since: datetime | None = None,
        resume_at: str | None = None,
        on_page: OnPage | None = None,
    ) -> Iterator[PmsLease | MalformedRecord]:
        """List the leases of a property."""

    def list_residents(
        self,
        *,
        property_id: str,
        updated_since: datetime | None = None,
        resume_at: str | None = None,
        on_page: OnPage | None = None,
    ) -> Iterator[PmsResident | MalformedRecord]:
        """List the residents of a property."""

    def list_charge_codes(
        self, *, property_id: str, resume_at: str | None = None, on_page: OnPage | None = None
    ) -> Iterator[PmsChargeCode | MalformedRecord]:
        """List a property's chart of accounts."""

    def list_charges(
        self,
        *,
        property_id: str,
        unit_id: str | None = None,
        lease_id: str | None = None,
        effective_date: date | None = None,
        since: date | None = None,
        resume_at: str | None = None,
        on_page: OnPage | None = None,
    ) -> Iterator[PmsCharge | MalformedRecord]:
        """List charges in the PMS's ledger.

        Shape: charges dated before `since` may be left out; not every contract can.
        """

    def list_payments(
        self, *, property_id: str, resume_at: str | None = None, on_page: OnPage | None = None
    ) -> Iterator[PmsPayment | MalformedRecord]:
        """List the payments of a property."""

    def charge_body(self, *, order: ChargeOrder) -> bytes:
        """Write the exact bytes that `post_charge` will send for an order; no call is made.

        Errors: NotSupported when this PMS takes no charges; LeaseNotFound, InvalidChargeCode and
            InvalidRequest when the order lacks something that this PMS wants.
        """

    def post_charge(self, *, body: bytes, reference: str) -> ChargeReceipt:
        """Make a charge in the PMS, in one attempt that is never repeated here.

        Errors: NeverSent, Throttled, ApiKeyRefused, PmsLoginExpired and Refused mean that nothing
            was charged; OutcomeUnknown means that it may have been.
        Effects: a resident is charged.
        """

    def credit_body(self, *, order: ChargeOrder) -> CreditBody:
        """Write the exact bytes that take a charge back, for an order below zero; no call is made.

        Errors: NotSupported when this PMS cannot take charges back; else as `charge_body`.
        """

    def post_credit(self, *, body: bytes, reference: str) -> ChargeReceipt:
        """Make a credit in the PMS, in one attempt that is never repeated here.

        Errors: as `post_charge`; NotSupported when this PMS has no credits of their own.
        Effects: a resident owes less.
        """

    def read_write_job(self, *, job_id: str) -> PmsWriteJob:
        """Read how far Propexo has come with a charge that it took.

        Errors: NotFound when Propexo has no such job; OutcomeUnknown when the job ended in part.
        """
