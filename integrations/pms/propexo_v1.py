"""Propexo's contract v1: integrations, offset pages, charges that are made by jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import partial
from typing import TypeVar

from integrations.pms import v1_charges, v1_leases, v1_ledger, v1_records
from integrations.pms.answer import Answer
from integrations.pms.errors import NotFound, NotSupported, OutcomeUnknown, Refused
from integrations.pms.gateway import FollowingList, OnPage
from integrations.pms.moments import utc_text
from integrations.pms.paging import Turn, one_after_the_other
from integrations.pms.parsing import Fields, read_row
from integrations.pms.reading import json_of, unreadable
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
    RecordKind,
)
from integrations.pms.transport import Transport
from integrations.pms.v1_integrations import path_part, read_enabled, read_integration
from integrations.pms.v1_pages import read_rows

_Record = TypeVar("_Record")

_CHARGES = "/v1/resident-charges/"
_CREDITS = "/v1/resident-credits/"


def _today() -> date:
    return datetime.now(UTC).date()


class V1Gateway:
    """Ask Propexo in contract v1; implements PmsGateway.

    Shape: `provider` is Propexo's word for the connection's PMS, which decides what a charge must
        hold; `transaction_batch_id` is what RealPage gives out for its charges.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        connection_id: str,
        provider: str,
        transaction_batch_id: str = "",
        today: Callable[[], date] = _today,
    ) -> None:
        self._transport = transport
        self._connection_id = connection_id
        self._provider = provider
        self._transaction_batch_id = transaction_batch_id
        self._today = today
        self._whole_only: set[str] = set()

    def __repr__(self) -> str:
        return f"V1Gateway({self._transport!r}, {self._connection_id!r}, {self._provider!r})"

    @property
    def rate_limit(self) -> RateLimit | None:
        """Tell what the last answer's rate headers said."""
        return self._transport.rate_limit

    @property
    def shows_charges_at_once(self) -> bool:
        """Say that the ledger is as old as Propexo's last sync, and some charges never show."""
        return False

    def read_connection(self, *, connection_id: str) -> PmsConnection:
        """Read one connection, and what was last proven of its PMS.

        Errors: NotFound when Propexo has no such connection.
        """
        return read_integration(self._transport, connection_id=connection_id)

    def list_properties(
        self, *, connection_id: str, resume_at: str | None = None, on_page: OnPage | None = None
    ) -> Iterator[PmsProperty | MalformedRecord]:
        """List the properties of a connection, and which of them Propexo loads."""
        enabled = read_enabled(self._transport, connection_id=connection_id)
        return self._list(
            "/v1/properties/",
            {"integration_id": connection_id},
            kind="property",
            build=partial(v1_records.property_from, enabled=enabled),
            turn=Turn(resume_at, on_page),
        )

    def expect(
        self, following: FollowingList, *, property_id: str, updated_since: datetime | None = None
    ) -> None:
        """Do nothing: at this contract's rate limit, nobody waits for an answer."""

    def list_units(
        self,
        *,
        property_id: str,
        updated_since: datetime | None = None,
        resume_at: str | None = None,
        on_page: OnPage | None = None,
    ) -> Iterator[PmsUnit | MalformedRecord]:
        """List the units of a property."""
        return self._list(
            "/v1/units/",
            {"property_id": property_id},
            kind="unit",
            build=partial(v1_records.unit_from, property_id=property_id),
            turn=Turn(resume_at, on_page),
            updated_since=updated_since,
        )

    def list_leases(
        self,
        *,
        property_id: str,
        updated_since: datetime | None = None,
        resume_at: str | None = None,
        on_page: OnPage | None = None,
    ) -> Iterator[PmsLease | MalformedRecord]:
        """List the leases of a property."""
        build = partial(v1_leases.lease_from, property_id=property_id, today=self._today())
        return self._list(
            "/v1/leases/",
            {"property_id": property_id},
            kind="lease",
            build=build,
            turn=Turn(resume_at, on_page),
            updated_since=updated_since,
        )

    def list_residents(
        self,
        *,
        property_id: str,
        updated_since: datetime | None = None,
        resume_at: str | None = None,
        on_page: OnPage | None = None,
    ) -> Iterator[PmsResident | MalformedRecord]:
        """List the residents of a property."""
        return self._list(
            "/v1/residents/",
            {"property_id": property_id},
            kind="resident",
            build=v1_records.resident_from,
            turn=Turn(resume_at, on_page),
            updated_since=updated_since,
        )

    def list_charge_codes(
        self, *, property_id: str, resume_at: str | None = None, on_page: OnPage | None = None
    ) -> Iterator[PmsChargeCode | MalformedRecord]:
        """List a property's chart of accounts: its charge codes, then its financial accounts."""
        return one_after_the_other(
            Turn(resume_at, on_page),
            {
                "codes": partial(
                    self._chart, "/v1/charge-codes/", v1_ledger.charge_code_from, property_id
                ),
                "accounts": partial(
                    self._chart, "/v1/financial-accounts/", v1_ledger.account_from, property_id
                ),
            },
        )

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
        """List charges in the PMS's ledger, as Propexo last read it."""
        filters = {"integration_id": self._connection_id, "property_id": property_id}
        if lease_id is not None:
            filters["lease_id"] = lease_id
        if effective_date is not None:
            day = effective_date.isoformat()
            filters |= {"transaction_date_start": day, "transaction_date_end": day}
        elif since is not None:
            filters["transaction_date_start"] = since.isoformat()
        rows = self._list(
            _CHARGES,
            filters,
            kind="charge",
            build=v1_ledger.charge_from,
            turn=Turn(resume_at, on_page),
        )
        # There is no filter by unit; a row that names none may still be the one looked for.
        return (row for row in rows if unit_id is None or _may_be_of_unit(row, unit_id))

    def list_payments(
        self, *, property_id: str, resume_at: str | None = None, on_page: OnPage | None = None
    ) -> Iterator[PmsPayment | MalformedRecord]:
        """List the payments of a property."""
        return self._list(
            "/v1/resident-payments/",
            {"integration_id": self._connection_id, "property_id": property_id},
            kind="payment",
            build=v1_ledger.payment_from,
            turn=Turn(resume_at, on_page),
        )

    def charge_body(self, *, order: ChargeOrder) -> bytes:
        """Write the exact bytes that `post_charge` will send for an order; no call is made.

        Errors: NotSupported when this PMS takes no charges; LeaseNotFound, InvalidChargeCode and
            InvalidRequest when the order lacks something that this PMS wants.
        """
        return v1_charges.write_body(
            order,
            connection_id=self._connection_id,
            provider=self._provider,
            transaction_batch_id=self._transaction_batch_id,
        )

    def post_charge(self, *, body: bytes, reference: str) -> ChargeReceipt:
        """Have a charge made in the PMS, in one attempt that is never repeated here.

        Shape: the receipt names a job; whether it succeeds is not known yet.
        Errors: NeverSent, Throttled, ApiKeyRefused, PmsLoginExpired and Refused mean that nothing
            was charged; OutcomeUnknown means that it may have been.
        Effects: a resident is charged, soon.
        """
        v1_charges.check_body(body, connection_id=self._connection_id, reference=reference)
        answer = self._transport.post_once(_CHARGES, body=body)
        return v1_charges.receipt_for(answer)

    def credit_body(self, *, order: ChargeOrder) -> CreditBody:
        """Write the exact bytes that take a charge back, for an order below zero; no call is made.

        Errors: NotSupported when this PMS cannot take charges back; else as `charge_body`.
        """
        return v1_charges.write_credit(
            order,
            connection_id=self._connection_id,
            provider=self._provider,
        )

    def post_credit(self, *, body: bytes, reference: str) -> ChargeReceipt:
        """Have a credit made in the PMS, in one attempt that is never repeated here.

        Shape: the receipt names a job; whether it succeeds is not known yet.
        Errors: as `post_charge`.
        Effects: a resident owes less, soon.
        """
        v1_charges.check_body(body, connection_id=self._connection_id, reference=reference)
        answer = self._transport.post_once(_CREDITS, body=body)
        return v1_charges.receipt_for(answer)

    def read_write_job(self, *, job_id: str) -> PmsWriteJob:
        """Read how far Propexo has come with a charge that it took.

        Errors: NotFound when Propexo has no such job; OutcomeUnknown when the job ended in part.
        """
        path = f"/v1/admin/write-status/{path_part(job_id, kind='job')}"
        try:
            answer = self._transport.get(path)
        except NotFound:
            raise
        except Refused as error:
            # What it says of a job that it does not know is documented nowhere.
            raise NotFound(
                f"Propexo does not tell of the job {job_id}. {error.message}",
                http_status=error.http_status,
                raw=error.raw,
            ) from None
        job = read_row(
            json_of(answer), kind="charge", build=partial(v1_ledger.write_job_from, job_id=job_id)
        )
        if isinstance(job, MalformedRecord):
            raise unreadable(answer, " ".join(job.problems))
        if job is None:
            raise _half_done(answer)
        return job

    def _chart(
        self,
        path: str,
        build: Callable[..., PmsChargeCode],
        property_id: str,
        turn: Turn,
    ) -> Iterator[PmsChargeCode | MalformedRecord]:
        rows = self._list(
            path,
            {"property_id": property_id},
            kind="charge_code",
            build=partial(build, property_id=property_id),
            turn=turn,
        )
        try:
            yield from rows
        except NotSupported:
            # Some PMSs have one kind of the two only.
            turn.page_is_read(None)

    def _list(
        self,
        path: str,
        filters: Mapping[str, str],
        *,
        kind: RecordKind,
        build: Callable[[Fields], _Record],
        turn: Turn,
        updated_since: datetime | None = None,
    ) -> Iterator[_Record | MalformedRecord]:
        changed = {} if updated_since is None else {"updated_at_gte": utc_text(updated_since)}
        rows = read_rows(
            self._transport,
            path,
            filters,
            turn=turn,
            changed=changed,
            whole_only=self._whole_only,
        )
        for row in rows:
            yield read_row(row, kind=kind, build=build)


def _may_be_of_unit(row: PmsCharge | MalformedRecord, unit_id: str) -> bool:
    return isinstance(row, MalformedRecord) or row.unit_id in ("", unit_id)


def _half_done(answer: Answer) -> OutcomeUnknown:
    return OutcomeUnknown(
        "Propexo says that the charge was made in part only. Look for it in the PMS.",
        http_status=answer.status,
        raw=answer.excerpt,
        request_id=answer.request_id,
    )
