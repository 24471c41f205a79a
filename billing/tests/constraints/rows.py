"""One sound row of each table, and how to write it as it may not be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model

from billing.models import (
    Approval,
    BillFlag,
    BillTerms,
    Calculation,
    Charge,
    ChargeCode,
    ChargeCodeMapping,
    GoLiveTick,
    LedgerCheck,
    PlaceOverride,
    Posting,
    PostingAttempt,
    PostingJob,
    Reversal,
    ReversalItem,
    ShareRule,
    SubmeterReading,
    UnitTerms,
    UtilityAccount,
    UtilityBill,
    UtilityBillLine,
    UtilityChargeCode,
)
from billing.tests.small_place import small_job
from conftest import Cast


@dataclass(frozen=True)
class Rows:
    """One sound row of each table."""

    bill: UtilityBill
    account: UtilityAccount
    line: UtilityBillLine
    reading: SubmeterReading
    flag: BillFlag
    terms: UnitTerms
    bill_terms: BillTerms
    override: PlaceOverride
    rule: ShareRule
    calculation: Calculation
    approval: Approval
    charge: Charge
    job: PostingJob
    posting: Posting
    attempt: PostingAttempt
    check: LedgerCheck
    code: ChargeCode
    usual: UtilityChargeCode
    mapping: ChargeCodeMapping
    reversal: Reversal
    item: ReversalItem
    tick: GoLiveTick
    now: datetime


def sound_rows(cast: Cast, now: datetime) -> Rows:
    """Make a job with an attempt that is open, and what else there is of everything."""
    job = small_job(cast, now)
    approved = job.calculation
    posting = job.postings.all()[0]
    bill, unit = approved.bill, posting.charge.unit
    entered = {"entered_by": cast.manager, "entered_at": now}
    return Rows(
        bill=bill,
        account=UtilityAccount.objects.get(property=bill.property),
        line=UtilityBillLine.objects.create(bill=bill, position=1, kind="usage", amount_cents=1),
        reading=SubmeterReading.objects.create(bill=bill, unit=unit, usage=1, **entered),
        flag=BillFlag.objects.create(bill=bill, kind="gap", message="A gap.", found_at=now),
        terms=UnitTerms.objects.create(unit=unit, utility="water", set_by=cast.manager, set_at=now),
        bill_terms=BillTerms.objects.create(
            bill=bill,
            unit=unit,
            kind="cap",
            amount_cents=0,
            reason="A leak.",
            set_by=cast.manager,
            set_at=now,
        ),
        override=PlaceOverride.objects.create(
            property=bill.property,
            utility="water",
            place_rule_id="ct.not_allowed",
            reason="Counsel agreed.",
            decided_by=cast.accountant,
            decided_at=now,
        ),
        rule=approved.share_rule,
        calculation=approved,
        approval=approved.approvals.get(),
        charge=posting.charge,
        job=job,
        posting=posting,
        attempt=PostingAttempt.objects.create(
            posting=posting, number=1, token="t", host="here", pid=1, started_at=now
        ),
        check=LedgerCheck.objects.create(property=bill.property, started_at=now, finished_at=now),
        code=ChargeCode.objects.get(code="WATER"),
        usual=UtilityChargeCode.objects.get(utility="water"),
        mapping=ChargeCodeMapping.objects.get(charge_code__code="WATER"),
        reversal=(
            reversal := Reversal.objects.create(
                public_id="rev_1",
                job=job,
                reason="The meter was read wrongly.",
                charge_date=job.charge_date,
                requested_by=cast.accountant,
                requested_at=now,
            )
        ),
        item=ReversalItem.objects.create(reversal=reversal, posting=posting),
        tick=GoLiveTick.objects.get(connection=job.connection, item="results_checked"),
        now=now,
    )


def again(row: Model, **changes: object) -> None:
    """Write a row a second time, a little changed."""
    row.pk = None
    row._state.adding = True
    change(row, **changes)


def change(row: Model, **changes: object) -> None:
    """Write a row as it may not be."""
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()


# The name of a constraint, and what it forbids.
Offence = tuple[str, Callable[[Rows], Any]]
