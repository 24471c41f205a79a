"""A PMS in memory that has no idea of duplicates and does with each charge what the test says."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.conf import settings

from conftest import Clock
from integrations.pms import errors
from integrations.pms.records import ChargeReceipt, MalformedRecord, PmsCharge, PmsWriteJob
from integrations.pms.reference import find_reference


class Fate(StrEnum):
    """What becomes of one call."""

    TAKEN = "taken"
    TAKEN_BUT_ANSWER_LOST = "taken_but_answer_lost"
    TAKEN_LATE = "taken_late"
    LOST = "lost"
    JOB_SUCCEEDS = "job_succeeds"
    JOB_SUCCEEDS_WITHOUT_ID = "job_succeeds_without_id"
    JOB_FAILS = "job_fails"
    JOB_IS_LATE = "job_is_late"
    JOB_NEVER_ENDS = "job_never_ends"
    JOB_IS_FORGOTTEN = "job_is_forgotten"
    JOB_FINDS_A_DUPLICATE = "job_finds_a_duplicate"
    NEVER_SENT = "never_sent"
    THROTTLED = "throttled"
    LOGIN_EXPIRED = "login_expired"
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    SENDER_DIES_BEFORE = "sender_dies_before"
    SENDER_DIES_AFTER = "sender_dies_after"


class SenderDied(BaseException):
    """The sender is gone; nothing may catch this but the test."""


def fake_pms(clock: Clock) -> Any:
    """Make a PMS that stands in for a gateway as far as posting charges asks for one."""
    return FakePms(clock)


@dataclass
class FakePms:
    """A ledger, and a script of what becomes of the next calls; after it every charge is taken."""

    clock: Clock
    script: deque[Fate] = field(default_factory=deque)
    sent: list[str] = field(default_factory=list)
    jobs: dict[str, tuple[Fate, PmsCharge]] = field(default_factory=dict)
    failure_code: str = "LEASE_NOT_FOUND"
    looks: int = 0
    ledger_error: errors.PmsError | None = None
    shows_charges_at_once: bool = True
    meanwhile: deque[Callable[[], None]] = field(default_factory=deque)
    _rows: list[PmsCharge | MalformedRecord] = field(default_factory=list)
    _late: list[tuple[datetime, PmsCharge]] = field(default_factory=list)

    def post_charge(self, *, body: bytes, reference: str) -> ChargeReceipt:
        """Do with a charge what the script says, after whatever else happens in the meantime."""
        if self.meanwhile:
            self.meanwhile.popleft()()
        self.sent.append(reference)
        charge = self.charge_of(body)
        fate = self.script.popleft() if self.script else Fate.TAKEN
        if fate in _TAKEN:
            self._rows.append(charge)
        if fate in _JOBS:
            return self._open_job(fate, charge)
        if fate is Fate.TAKEN_LATE:
            # Within the settling time, which is what the PMS promises.
            late = self.clock() + timedelta(seconds=settings.POSTING_SETTLE_SECONDS - 1)
            self._late.append((late, charge))
        if fate is not Fate.TAKEN:
            raise _failure(fate)
        return ChargeReceipt(charge.charge_id, None, 201, "{}")

    def _open_job(self, fate: Fate, charge: PmsCharge) -> ChargeReceipt:
        """Take a charge into a job, as most platforms do, which writes it or fails."""
        job_id = f"job_{len(self.sent)}"
        if fate in _WRITTEN_BY_JOB:
            self._rows.append(charge)
        self.jobs[job_id] = (fate, charge)
        return ChargeReceipt(None, job_id, 200, "{}")

    def read_write_job(self, *, job_id: str) -> PmsWriteJob:
        """Tell how far a job is."""
        if self.ledger_error is not None:
            raise self.ledger_error
        fate, charge = self.jobs[job_id]
        match fate:
            case Fate.JOB_SUCCEEDS:
                return PmsWriteJob(job_id, "succeeded", charge.charge_id)
            case Fate.JOB_SUCCEEDS_WITHOUT_ID:
                return PmsWriteJob(job_id, "succeeded", None)
            case Fate.JOB_IS_LATE:
                self.jobs[job_id] = (Fate.JOB_SUCCEEDS, charge)
                self._rows.append(charge)
                return PmsWriteJob(job_id, "pending", None)
            case Fate.JOB_NEVER_ENDS:
                return PmsWriteJob(job_id, "pending", None)
            case Fate.JOB_IS_FORGOTTEN:
                raise errors.NotFound("Propexo has no such record.", http_status=404)
            case Fate.JOB_FINDS_A_DUPLICATE:
                text = "Duplicate transaction id"
                return PmsWriteJob(job_id, "failed", None, (text,), "DUPLICATE_CHARGE")
        return PmsWriteJob(job_id, "failed", None, ("Tenant not found",), self.failure_code)

    def list_charges(
        self,
        *,
        property_id: str,  # noqa: ARG002  the gateway's signature
        unit_id: str | None = None,
        lease_id: str | None = None,  # noqa: ARG002  the gateway's signature
        effective_date: date | None = None,  # noqa: ARG002  the gateway's signature
    ) -> Iterator[PmsCharge | MalformedRecord]:
        """Show the ledger of a unit."""
        self.looks += 1
        if self.ledger_error is not None:
            raise self.ledger_error
        for row in self.rows():
            if isinstance(row, MalformedRecord) or row.unit_id == unit_id:
                yield row

    def charge_id_of(self, reference: str) -> str | None:
        """Look a charge up as a person does, who looks again when something may still come."""
        if self._late:
            return None
        for row in self.rows():
            if isinstance(row, PmsCharge) and find_reference(row.description) == reference:
                return row.charge_id
        return ""

    def rows(self) -> list[PmsCharge | MalformedRecord]:
        """Give the ledger as it is by now."""
        due = [entry for entry in self._late if entry[0] <= self.clock()]
        self._late = [entry for entry in self._late if entry not in due]
        self._rows += [charge for _, charge in due]
        return self._rows

    def amounts(self) -> dict[str, list[Decimal]]:
        """Give the charged amounts by reference."""
        found: dict[str, list[Decimal]] = {}
        for row in self.rows():
            if isinstance(row, PmsCharge):
                found.setdefault(find_reference(row.description) or "", []).append(row.amount)
        return found

    def charge_of(self, body: bytes, *, charge_id: str = "") -> PmsCharge:
        """Read a charge, and give it an id that no other has."""
        read = json.loads(body, parse_float=Decimal)
        return PmsCharge(
            charge_id=charge_id or f"chg_{len(self.sent)}_{len(self._rows)}",
            unit_id=read["unit_id"],
            lease_id=None,
            amount=Decimal(read["amount"]),
            effective_date=date.fromisoformat(read["effective_date"]),
            charge_code=read["charge_code"],
            description=read["description"],
        )


_WRITTEN_BY_JOB = frozenset(
    {Fate.JOB_SUCCEEDS, Fate.JOB_SUCCEEDS_WITHOUT_ID, Fate.JOB_IS_FORGOTTEN}
)
_JOBS = _WRITTEN_BY_JOB | {
    Fate.JOB_FAILS,
    Fate.JOB_IS_LATE,
    Fate.JOB_NEVER_ENDS,
    Fate.JOB_FINDS_A_DUPLICATE,
}
_TAKEN = frozenset({Fate.TAKEN, Fate.TAKEN_BUT_ANSWER_LOST, Fate.SENDER_DIES_AFTER})


def _failure(fate: Fate) -> BaseException:
    match fate:
        case Fate.NEVER_SENT:
            return errors.NeverSent("Propexo cannot be reached, so nothing was sent.")
        case Fate.THROTTLED:
            return errors.Throttled("Slow down.", retry_after=timedelta(seconds=20))
        case Fate.LOGIN_EXPIRED:
            return errors.PmsLoginExpired("Renew the login.", http_status=403)
        case Fate.REFUSED:
            return errors.LeaseNotFound("No active lease.", http_status=404)
        case Fate.DUPLICATE:
            return errors.DuplicateCharge("There already.", charge_id="chg_of_others")
        case Fate.SENDER_DIES_BEFORE | Fate.SENDER_DIES_AFTER:
            return SenderDied()
    return errors.OutcomeUnknown("The connection broke off.")
