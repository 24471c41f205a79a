"""What a resident may have been charged already: by an earlier job, or in the PMS by somebody else.

Whoever posts all the same confirms exactly these findings, by their digest, and says why.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db.models import Exists, OuterRef, Q, QuerySet

from billing.models import Calculation, Charge, Posting, PostingJob
from billing.queries import MAY_BE_CHARGED, charges_to_post
from integrations.pms.records import PmsCharge
from meterbase.lib.money import cents_from_dollars, format_dollars

LONGEST_REASON = 1000


class FindingKind(StrEnum):
    """Where an earlier charge was found."""

    SAME_BILL = "same_bill"
    REVERSED = "reversed"
    SAME_DAYS = "same_days"
    IN_THE_PMS = "in_the_pms"


@dataclass(frozen=True, slots=True)
class Finding:
    """An earlier charge that a charge to be posted may repeat.

    Shape: an earlier job's has a `posting`, one that the PMS shows and MeterBase did not make has a
        `row`.
    Units: cents.
    """

    charge: Charge
    posting: Posting | None = None
    row: PmsCharge | None = None

    @property
    def kind(self) -> FindingKind:
        """Tell where it was found."""
        if self.posting is None:
            return FindingKind.IN_THE_PMS
        if self.was_reversed:
            return FindingKind.REVERSED
        same = self.posting.charge.calculation.bill_id == self.charge.calculation.bill_id
        return FindingKind.SAME_BILL if same else FindingKind.SAME_DAYS

    @property
    def job(self) -> PostingJob | None:
        """Give the job that made it."""
        return self.posting.job if self.posting else None

    @property
    def was_reversed(self) -> bool:
        """Tell whether it was taken back since, and would be charged once more."""
        return self.posting is not None and self.posting.reversed_at is not None

    @property
    def found_cents(self) -> int:
        """Tell how much was charged."""
        if self.posting is not None:
            return self.posting.amount_cents
        return cents_from_dollars(self.row.amount) if self.row else 0

    @property
    def found_on(self) -> date | None:
        """Tell the day that the earlier charge bears."""
        if self.posting is not None:
            return self.posting.job.charge_date
        return self.row.effective_date if self.row else None

    @property
    def is_probable(self) -> bool:
        """Tell whether the amounts are the same to the cent."""
        return self.found_cents == self.charge.amount_cents

    @property
    def key(self) -> str:
        """Name what a confirmation covers."""
        if self.posting is not None:
            return f"{self.charge.pk}:posting:{self.posting.pk}"
        assert self.row is not None  # noqa: S101 - one of the two is there
        row = self.row
        return f"{self.charge.pk}:pms:{row.charge_id}:{row.amount}:{row.effective_date}"

    @property
    def sentence(self) -> str:
        """Say who charged what, when, and how much."""
        same = ", the same to the cent" if self.is_probable else ""
        found = f"Unit {self.charge.unit_label}: {format_dollars(self.found_cents)}{same}"
        if self.posting is not None:
            job, at = self.posting.job, self.posting.reversed_at
            since = f"; it was reversed on {at:%Y-%m-%d} and would be charged again" if at else ""
            return (
                f"{found}, in {job.public_id} by {job.created_by} on {job.created_at:%Y-%m-%d}, "
                f"as {job.charge_code} dated {job.charge_date}{since}."
            )
        assert self.row is not None  # noqa: S101 - one of the two is there
        return (
            f"{found}, in the PMS's ledger as {self.row.charge_id}, dated "
            f"{self.row.effective_date}; MeterBase did not make it."
        )


@dataclass(frozen=True, slots=True)
class LedgerLook:
    """What was read of the PMS's ledger, and what it shows that MeterBase did not make.

    Shape: `problem` says why it was not read to its end. `shown_until` is when Propexo had last
        read the PMS, None where it does not say; `unreadable` rows made no sense, `unplaced` ones
        name neither lease nor unit.
    """

    since: date
    until: date
    findings: tuple[Finding, ...] = ()
    rows: int = 0
    unreadable: int = 0
    unplaced: int = 0
    shown_until: datetime | None = None
    problem: str = ""

    @property
    def gaps(self) -> tuple[str, ...]:
        """Say what of the ledger nobody can judge: any of it may be one of these charges."""
        rows = f"{self.unreadable:,} row{'' if self.unreadable == 1 else 's'}"
        charges = f"{self.unplaced:,} charge{' names' if self.unplaced == 1 else 's name'}"
        unread = f"{rows} of the PMS's ledger could not be read."
        nowhere = f"In the PMS's ledger {charges} neither a lease nor a unit."
        return (
            *((unread,) if self.unreadable else ()),
            *((nowhere,) if self.unplaced else ()),
        )


@dataclass(frozen=True, slots=True)
class Duplicates:
    """All that has to be confirmed before charges are posted; nothing where `digest` is empty."""

    earlier: tuple[Finding, ...] = ()
    look: LedgerLook | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """List the earlier charges, MeterBase's own first."""
        return (*self.earlier, *(self.look.findings if self.look else ()))

    @property
    def problem(self) -> str:
        """Say why the PMS's ledger could not be read; nothing when it was."""
        return self.look.problem if self.look else ""

    @property
    def gaps(self) -> tuple[str, ...]:
        """Say what of the PMS's ledger nobody can judge."""
        return self.look.gaps if self.look else ()

    @property
    def digest(self) -> str:
        """Name exactly these findings in a few letters."""
        keys = [*sorted(finding.key for finding in self.findings), *self.gaps]
        if self.problem:
            keys.append("the ledger was not read")
        return _in_few_letters(keys) if keys else ""

    @property
    def sentences(self) -> tuple[str, ...]:
        """Say everything that has to be confirmed."""
        unread = (f"The PMS's ledger was not looked through. {self.problem}",)
        return (
            *(finding.sentence for finding in self.findings),
            *self.gaps,
            *(unread if self.problem else ()),
        )

    @property
    def probable(self) -> int:
        """Count the findings whose amount is the same to the cent."""
        return sum(finding.is_probable for finding in self.findings)

    @property
    def reversed(self) -> int:
        """Count the findings that were taken back since, and would be charged once more."""
        return sum(finding.was_reversed for finding in self.findings)

    def by_job(self) -> Iterator[tuple[PostingJob, list[Finding]]]:
        """Group MeterBase's own earlier charges by their job."""
        found: dict[int, list[Finding]] = defaultdict(list)
        jobs: dict[int, PostingJob] = {}
        for finding in self.earlier:
            if finding.job is not None:
                found[finding.job.pk].append(finding)
                jobs[finding.job.pk] = finding.job
        for pk, job in jobs.items():
            yield job, found[pk]


def _in_few_letters(keys: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:32]


def charges_digest(calculation: Calculation) -> str:
    """Name in a few letters exactly which charges, and how much, a job would post now."""
    charges = ordered_charges(calculation)
    return _in_few_letters(sorted(f"{charge.pk}:{charge.amount_cents}" for charge in charges))


def ordered_charges(calculation: Calculation) -> list[Charge]:
    """List the charges that a job would post: the rest, or all where all of it is posted."""
    every = calculation.charges.exclude(amount_cents=0).select_related("calculation", "lease")
    rest = charges_to_post(calculation).select_related("calculation", "lease")
    light = ("calculation__inputs", "calculation__result")
    return list(rest.defer(*light)) or list(every.defer(*light))


def earlier_charges(calculation: Calculation) -> tuple[Finding, ...]:
    """Find what was charged before to the units that a job would charge.

    Shape: for the same bill, to the same lease; for another bill of the same utility whose days
        overlap, to the same unit. What was taken back is found only where the very same charge
        would go out once more.
    """
    charges: dict[tuple[int, str], list[Charge]] = defaultdict(list)
    for charge in ordered_charges(calculation):
        charges[charge.unit_id, charge.kind].append(charge)
    return tuple(
        Finding(charge, posting=posting)
        for posting in (*_charged_before(calculation), *_taken_back(calculation))
        for charge in charges[posting.charge.unit_id, posting.charge.kind]
        if _repeats(charge, posting, calculation)
    )


def _repeats(charge: Charge, posting: Posting, calculation: Calculation) -> bool:
    if posting.reversed_at is not None:
        return posting.charge_id == charge.pk
    same_bill = posting.charge.calculation.bill_id == calculation.bill_id
    return not same_bill or posting.charge.lease_id == charge.lease_id


def _charged_before(calculation: Calculation) -> QuerySet[Posting]:
    bill = calculation.bill
    return _told(
        Posting.objects.filter(
            MAY_BE_CHARGED,
            Q(reverses__isnull=True, reversed_at__isnull=True),
            job__post_to_pms=True,
            charge__calculation__bill__property=bill.property_id,
            charge__calculation__bill__utility=bill.utility,
            charge__calculation__bill__period_start__lt=bill.period_end,
            charge__calculation__bill__period_end__gt=bill.period_start,
        )
    )


def _taken_back(calculation: Calculation) -> QuerySet[Posting]:
    """Select what of a calculation was reversed, and not charged anew since."""
    anew = Posting.objects.filter(MAY_BE_CHARGED, charge=OuterRef("charge"))
    reversed_ones = Posting.objects.filter(
        charge__calculation=calculation, reversed_at__isnull=False
    )
    return _told(reversed_ones.exclude(Exists(anew)))


def _told(postings: QuerySet[Posting]) -> QuerySet[Posting]:
    return (
        postings.select_related("charge__calculation__bill", "job__created_by")
        .defer(
            "body",
            "charge__explanation",
            "charge__calculation__inputs",
            "charge__calculation__result",
        )
        .order_by("-job__created_at", "pk")
    )
