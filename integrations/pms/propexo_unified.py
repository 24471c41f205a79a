"""Propexo's unified contract: bare objects, cursor pages, charges posted by unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from integrations.pms import unified_charges, unified_records
from integrations.pms.answer import Answer
from integrations.pms.errors import InvalidRequest, NotFound, NotSupported
from integrations.pms.gateway import FollowingList, OnPage
from integrations.pms.moments import utc_text
from integrations.pms.paging import Turn
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

_Record = TypeVar("_Record")

_ROWS_PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class _Page:
    rows: list[object]
    next_cursor: str | None


class UnifiedGateway:
    """Ask Propexo in the unified contract; implements PmsGateway."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __repr__(self) -> str:
        return f"UnifiedGateway({self._transport!r})"

    @property
    def rate_limit(self) -> RateLimit | None:
        """Tell what the last answer's rate headers said."""
        return self._transport.rate_limit

    @property
    def shows_charges_at_once(self) -> bool:
        """Say that the ledger shows a charge from the moment on that it is made."""
        return True

    def read_connection(self, *, connection_id: str) -> PmsConnection:
        """Read one connection.

        Errors: NotFound when Propexo has no such connection.
        """
        if not connection_id.strip("."):
            # Dots would climb out of the path instead of naming a record.
            raise NotFound(f"Propexo has no connection with the id {connection_id!r}.")
        answer = self._transport.get(f"/v1/connections/{quote(connection_id, safe='')}")
        record = read_row(json_of(answer), kind="connection", build=unified_records.connection_from)
        if isinstance(record, MalformedRecord):
            raise unreadable(answer, " ".join(record.problems))
        if record.connection_id != connection_id:
            raise unreadable(answer, "It describes another connection than the one asked for.")
        return record

    def list_properties(
        self, *, connection_id: str, resume_at: str | None = None, on_page: OnPage | None = None
    ) -> Iterator[PmsProperty | MalformedRecord]:
        """List the properties of a connection."""
        return self._list(
            "/v1/properties",
            {"connection_id": connection_id},
            kind="property",
            build=unified_records.property_from,
            turn=Turn(resume_at, on_page),
        )

    def expect(
        self, following: FollowingList, *, property_id: str, updated_since: datetime | None = None
    ) -> None:
        """Ask for the first page of the list that is read next.

        Effects: at most one request.
        """
        filters = _of_property(property_id, updated_since)
        self._transport.ask_ahead(f"/v1/{following}", params=_page_params(filters, ""))

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
            "/v1/units",
            _of_property(property_id, updated_since),
            kind="unit",
            build=partial(unified_records.unit_from, property_id=property_id),
            turn=Turn(resume_at, on_page),
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
        return self._list(
            "/v1/leases",
            _of_property(property_id, updated_since),
            kind="lease",
            build=unified_records.lease_from,
            turn=Turn(resume_at, on_page),
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
            "/v1/residents",
            _of_property(property_id, updated_since),
            kind="resident",
            build=unified_records.resident_from,
            turn=Turn(resume_at, on_page),
        )

    def list_charge_codes(
        self, *, property_id: str, resume_at: str | None = None, on_page: OnPage | None = None
    ) -> Iterator[PmsChargeCode | MalformedRecord]:
        """List a property's chart of accounts."""
        return self._list(
            "/v1/charge-codes",
            {"property_id": property_id},
            kind="charge_code",
            build=partial(unified_records.charge_code_from, property_id=property_id),
            turn=Turn(resume_at, on_page),
            id_field="code",
        )

    def list_charges(
        self,
        *,
        property_id: str,
        unit_id: str | None = None,
        lease_id: str | None = None,
        effective_date: date | None = None,
        since: date | None = None,  # noqa: ARG002 - the contract has no filter for it
        resume_at: str | None = None,
        on_page: OnPage | None = None,
    ) -> Iterator[PmsCharge | MalformedRecord]:
        """List charges in the PMS's ledger."""
        filters = {"property_id": property_id}
        if unit_id is not None:
            filters["unit_id"] = unit_id
        if effective_date is not None:
            filters["effective_date"] = effective_date.isoformat()
        rows = self._list(
            "/v1/charges",
            filters,
            kind="charge",
            build=unified_records.charge_from,
            turn=Turn(resume_at, on_page),
        )
        # The contract has no filter by lease; a row without one may still be the one looked for.
        return (row for row in rows if lease_id is None or _may_be_of_lease(row, lease_id))

    def list_payments(
        self, *, property_id: str, resume_at: str | None = None, on_page: OnPage | None = None
    ) -> Iterator[PmsPayment | MalformedRecord]:
        """List the payments of a property."""
        return self._list(
            "/v1/payments",
            {"property_id": property_id},
            kind="payment",
            build=unified_records.payment_from,
            turn=Turn(resume_at, on_page),
        )

    def charge_body(self, *, order: ChargeOrder) -> bytes:
        """Write the exact bytes that `post_charge` will send for an order; no call is made.

        Errors: InvalidRequest when the amount has more than two decimals or the reference is odd.
        """
        return unified_charges.write_body(order)

    def post_charge(self, *, body: bytes, reference: str) -> ChargeReceipt:
        """Make a charge in the PMS, in one attempt that is never repeated here.

        Errors: NeverSent, Throttled, ApiKeyRefused, PmsLoginExpired and Refused mean that nothing
            was charged; OutcomeUnknown means that it may have been.
        Effects: a resident is charged.
        """
        sent = unified_charges.read_body(body, reference=reference)
        answer = self._transport.post_once(
            "/v1/charges", body=body, headers={"Idempotency-Key": reference}
        )
        return unified_charges.receipt_for(answer, sent=sent)

    def credit_body(self, *, order: ChargeOrder) -> CreditBody:
        """Write a charge below zero, which is how this contract takes one back.

        Errors: InvalidRequest, as `charge_body`.
        """
        return CreditBody(unified_charges.write_body(order), "charge")

    def post_credit(self, *, body: bytes, reference: str) -> ChargeReceipt:  # noqa: ARG002  no call
        """Say that this contract has no credits of their own.

        Errors: NotSupported, always.
        """
        raise NotSupported("Credits are charges below zero here, so nothing was sent.")

    def read_write_job(self, *, job_id: str) -> PmsWriteJob:
        """Say that there is no such job: this contract makes a charge at once.

        Errors: NotFound, always.
        """
        raise NotFound(f"Propexo has no job with the id {job_id!r}.")

    def _list(
        self,
        path: str,
        filters: Mapping[str, str],
        *,
        kind: RecordKind,
        build: Callable[[Fields], _Record],
        turn: Turn,
        id_field: str = "id",
    ) -> Iterator[_Record | MalformedRecord]:
        cursor = turn.resume_at or ""
        seen = {cursor}
        while True:
            try:
                answer = self._transport.get(path, params=_page_params(filters, cursor))
            except InvalidRequest:
                if not cursor or cursor != turn.resume_at:
                    raise
                # The mark has expired; reading from the start loses nothing.
                cursor = ""
                continue
            page = _page_of(answer)
            # Whoever wants to know of each page reads all of them.
            following = page.next_cursor
            if turn.on_page is not None and following is not None and following not in seen:
                self._transport.ask_ahead(path, params=_page_params(filters, following))
            for row in page.rows:
                yield read_row(row, kind=kind, build=build, id_field=id_field)
            turn.page_is_read(page.next_cursor)
            if page.next_cursor is None:
                return
            cursor = page.next_cursor
            if cursor in seen:
                raise unreadable(answer, "The list goes round in circles.")
            seen.add(cursor)


def _may_be_of_lease(row: PmsCharge | MalformedRecord, lease_id: str) -> bool:
    return isinstance(row, MalformedRecord) or row.lease_id in (None, lease_id)


def _page_params(filters: Mapping[str, str], cursor: str) -> dict[str, str]:
    return {**filters, "cursor": cursor, "per_page": str(_ROWS_PER_PAGE)}


def _of_property(property_id: str, updated_since: datetime | None) -> dict[str, str]:
    filters = {"property_id": property_id}
    if updated_since is not None:
        filters["updated_since"] = utc_text(updated_since)
    return filters


def _page_of(answer: Answer) -> _Page:
    body = json_of(answer)
    rows = body.get("data") if isinstance(body, dict) else None
    pagination = body.get("pagination") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not isinstance(pagination, dict):
        raise unreadable(answer, "It is not a page of a list.")
    match pagination.get("has_more"), pagination.get("next_cursor"):
        case False, _:
            return _Page(rows, None)
        case True, str(cursor) if cursor:
            _check_is_whole(rows, pagination.get("per_page"), answer)
            return _Page(rows, cursor)
    # A list that ends too early would pass for a complete one, and a charge for missing.
    raise unreadable(answer, "It does not say where the list goes on.")


def _check_is_whole(rows: list[object], per_page: object, answer: Answer) -> None:
    """Notice rows that got lost: only the last page may be shorter than a page."""
    if isinstance(per_page, int) and len(rows) < per_page:
        raise unreadable(answer, f"The page has {len(rows)} rows instead of {per_page}.")
