"""Looking for charges that a posting would repeat, in MeterBase's books and in the PMS's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice

from django.db.models import Q

from billing.charge_codes import PmsAccounts, find_code, links_with_portfolios
from billing.duplicates import (
    Duplicates,
    Finding,
    LedgerLook,
    earlier_charges,
    ordered_charges,
)
from billing.models import Calculation, Charge, Posting, PostingState
from integrations.models import PropertyLink
from integrations.pms.errors import PmsError
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import MalformedRecord, PmsCharge
from integrations.rate_limit import waiting
from meterbase.lib.money import cents_from_dollars

# Somebody may have charged the bill by hand shortly before its service began, as an estimate, or
# with the next rent after MeterBase's own date.
_DAYS_BEFORE_SERVICE = timedelta(days=5)
_DAYS_AFTER_CHARGE = timedelta(days=45)

# A person waits for the answer. What is not read by then is said to be unread.
LONGEST_LOOK_SECONDS = 20
_LONGEST_WAIT_FOR_A_TURN = timedelta(seconds=5)

# So many candidates are looked up at a time; nothing else of the ledger is kept in memory.
_BATCH = 500


class DuplicatesFound(Exception):
    """Residents may have been charged this already; going on has to be confirmed, with a reason."""

    def __init__(self, found: Duplicates, *, has_changed: bool) -> None:
        what = (
            "What was found has changed since it was confirmed."
            if has_changed
            else "Residents may have been charged this already."
        )
        super().__init__(
            f"{what} {_counted(found)} Look at what was found, and confirm it with a reason if "
            "they are to be charged all the same."
        )
        self.found = found


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """The word of somebody who has seen what was found, and posts all the same.

    Shape: `digest` names the findings that were shown.
    """

    digest: str
    reason: str


def find_duplicates(
    *,
    calculation: Calculation,
    charge_code: str,
    charge_date: date,
    gateway: PmsGateway,
    now: datetime,
) -> Duplicates:
    """Look for earlier charges like those that a job would make; call it outside of transactions.

    Errors: CodeNotMapped. A ledger that cannot be read is a finding, not an error.
    Effects: reads the PMS's ledger, for a limited time.
    """
    look = look_in_ledger(
        calculation=calculation,
        charge_code=charge_code,
        charge_date=charge_date,
        gateway=gateway,
        now=now,
    )
    return Duplicates(earlier=earlier_charges(calculation), look=look)


def look_in_ledger(
    *,
    calculation: Calculation,
    charge_code: str,
    charge_date: date,
    gateway: PmsGateway,
    now: datetime,
) -> LedgerLook | None:
    """Read the PMS's ledger for charges that MeterBase did not make; None without a PMS.

    Errors: CodeNotMapped.
    """
    link = links_with_portfolios().filter(property=calculation.bill.property_id).first()
    if link is None:
        return None
    accounts = find_code(link, charge_code).pms_accounts()
    reading = _Reading(
        link=link,
        wanted=_Wanted.of(ordered_charges(calculation), accounts),
        since=calculation.bill.period_start - _DAYS_BEFORE_SERVICE,
        until=max(charge_date, calculation.bill.period_end) + _DAYS_AFTER_CHARGE,
    )
    try:
        with waiting(longest=_LONGEST_WAIT_FOR_A_TURN):
            return reading.read(gateway, now=now)
    except PmsError as error:
        return reading.result(problem=error.message)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The charges to be posted, by what a row of the ledger names."""

    by_lease: dict[str, list[Charge]]
    by_unit: dict[str, list[Charge]]
    codes: frozenset[str]

    @classmethod
    def of(cls, charges: Iterable[Charge], accounts: PmsAccounts) -> _Wanted:
        by_lease: dict[str, list[Charge]] = {}
        by_unit: dict[str, list[Charge]] = {}
        for charge in charges:
            by_lease.setdefault(charge.propexo_lease_id, []).append(charge)
            by_unit.setdefault(charge.propexo_unit_id, []).append(charge)
        named = (accounts.code, accounts.charge_code_id, accounts.financial_account_id)
        codes = frozenset(code.casefold() for code in named if code)
        return cls(by_lease, by_unit, codes)

    def has_code(self, row: PmsCharge) -> bool:
        """Tell whether a row may be under the code; some PMSs do not say.

        What MeterBase made and has forgotten, after a restore, counts under whatever code.
        """
        named = row.charge_code.casefold()
        return not named or named in self.codes or row.reference is not None

    def charge_like(self, row: PmsCharge) -> Charge | None:
        """Find the charge that a row is most like: to the same lease, else to the same unit."""
        charges = self.by_lease.get(row.lease_id or "") or self.by_unit.get(row.unit_id) or []
        cents = cents_from_dollars(row.amount)
        alike = [charge for charge in charges if (charge.amount_cents < 0) == (cents < 0)]
        exact = [charge for charge in alike if charge.amount_cents == cents]
        if not row.charge_code:
            alike = exact
        return next(iter([*exact, *alike]), None)


@dataclass(slots=True)
class _Reading:
    link: PropertyLink
    wanted: _Wanted
    since: date
    until: date
    findings: list[Finding] = field(default_factory=list)
    rows: int = 0
    unreadable: int = 0
    unplaced: int = 0
    shown_until: datetime | None = None
    clock: Callable[[], float] = time.monotonic

    def read(self, gateway: PmsGateway, *, now: datetime) -> LedgerLook:
        """Read the ledger from `since` on.

        Errors: any PmsError.
        """
        stop_at = self.clock() + LONGEST_LOOK_SECONDS
        candidates = self._candidates(gateway, stop_at)
        while batch := list(islice(candidates, _BATCH)):
            self.findings += _of_others(batch, self.link)
        if self.clock() > stop_at:
            return self.result(
                problem=f"It is too long to be read while you wait: {self.rows:,} rows were read."
            )
        self.shown_until = now
        if not gateway.shows_charges_at_once:
            known = self.link.connection.propexo_connection_id
            self.shown_until = gateway.read_connection(connection_id=known).last_synced_at
        return self.result()

    def result(self, *, problem: str = "") -> LedgerLook:
        """Give what was read; of a ledger that was not read to its end, nothing is sure."""
        return LedgerLook(
            since=self.since,
            until=self.until,
            findings=tuple(sorted(self.findings, key=_place)),
            rows=self.rows,
            unreadable=self.unreadable,
            unplaced=self.unplaced,
            shown_until=self.shown_until,
            problem=problem,
        )

    def _candidates(self, gateway: PmsGateway, stop_at: float) -> Iterator[Finding]:
        place_id = self.link.property.propexo_property_id
        for row in gateway.list_charges(property_id=place_id, since=self.since):
            if self.clock() > stop_at:
                return
            self.rows += 1
            if isinstance(row, MalformedRecord):
                self.unreadable += 1
            elif self.since <= row.effective_date <= self.until and self.wanted.has_code(row):
                charge = self.wanted.charge_like(row)
                if charge is not None:
                    yield Finding(charge, row=row)
                elif row.charge_code and not (row.unit_id or row.lease_id):
                    self.unplaced += 1


def _place(finding: Finding) -> tuple[int, date]:
    day = finding.found_on
    return finding.charge.pk, day or date.min


def _of_others(candidates: Sequence[Finding], link: PropertyLink) -> list[Finding]:
    """Keep what MeterBase did not make, as far as it knows.

    What it made counts elsewhere. What it calls refused or never sent and the PMS shows all the
    same is as good as somebody else's: whoever posts it again charges it twice.
    """
    rows = [finding.row for finding in candidates if finding.row is not None]
    references = {row.reference for row in rows if row.reference}
    remote_ids = {row.charge_id for row in rows}
    named = Q(reference__in=references) | Q(
        connection=link.connection, remote_charge_id__in=remote_ids
    )
    nothing_made = Q(state__in=[PostingState.REJECTED, PostingState.CANCELLED], resolved_at=None)
    own = Posting.objects.filter(named).exclude(nothing_made)
    known: set[str] = set()
    for reference, remote_id in own.values_list("reference", "remote_charge_id"):
        known |= {reference, remote_id}
    return [
        finding
        for finding in candidates
        if finding.row is not None
        and finding.row.reference not in known
        and finding.row.charge_id not in known
    ]


def _counted(found: Duplicates) -> str:
    parts = []
    if found.findings:
        count = len(found.findings)
        parts.append(
            f"{count:,} earlier charge{'' if count == 1 else 's'} found, {found.probable:,} of "
            "the same amount to the cent."
        )
    if found.reversed:
        parts.append(f"{found.reversed:,} of them taken back on purpose, and charged again now.")
    parts += found.gaps
    if found.problem:
        parts.append(f"The PMS's ledger was not looked through. {found.problem}")
    return " ".join(parts)
