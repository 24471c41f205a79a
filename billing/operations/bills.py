"""Entering utility bills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from billing.bill_checks import check_bill
from billing.models import (
    BillFlag,
    CalculationState,
    LineKind,
    Spread,
    Utility,
    UtilityBill,
    UtilityBillLine,
)
from billing.operations.utility_accounts import account_of, keep_accounts
from meterbase.lib.money import Cents, format_dollars
from meterbase.lib.periods import Period
from portfolios.models import Property, User
from portfolios.operations.audit import record_event


@dataclass(frozen=True, slots=True, kw_only=True)
class LineEntry:
    """A line of a bill as somebody typed it.

    Shape: without `spread` it is passed on as is usual for its kind.
    Units: cents.
    """

    kind: LineKind
    amount: Cents
    name: str = ""
    spread: Spread | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillEntry:
    """A bill as somebody typed it.

    Shape: lines add up to the amount; without lines all of it is usage.
    Units: cents.
    """

    utility: Utility
    period: Period
    amount: Cents
    account_number: str = ""
    usage: Decimal | None = None
    usage_unit: str = ""
    lines: tuple[LineEntry, ...] = ()


class BillAlreadyEntered(Exception):
    """The same account's bill for the same period is there already."""

    def __init__(self, existing: UtilityBill) -> None:
        super().__init__(
            f"This bill was entered before, by {existing.entered_by} on "
            f"{existing.entered_at:%Y-%m-%d}. Give the account number if it is another account's."
        )
        self.existing = existing


class LinesDoNotAddUp(Exception):
    """The lines of a bill are not its amount."""

    def __init__(self, entry: BillEntry) -> None:
        total = sum(line.amount for line in entry.lines)
        super().__init__(
            f"The lines add up to {format_dollars(total)}, but the bill is "
            f"{format_dollars(entry.amount)}."
        )


class BillLocked(Exception):
    """A calculation of the bill is approved, which locks its figures."""

    def __init__(self) -> None:
        super().__init__(
            "A calculation of this bill is approved, so the bill can no longer be changed."
        )


def enter_bill(*, place: Property, entry: BillEntry, by: User, now: datetime) -> UtilityBill:
    """Store a bill with its lines, and flag what looks wrong with it.

    Errors: BillAlreadyEntered, LinesDoNotAddUp.
    Effects: a bill, its lines and flags, what is kept of its account, and an audit event.
    """
    refuse_wrong_sum(entry)
    key = identity_of(entry)
    try:
        with transaction.atomic():
            bill = UtilityBill.objects.create(
                property=place,
                amount_cents=entry.amount,
                usage=entry.usage,
                usage_unit=entry.usage_unit,
                entered_by=by,
                entered_at=now,
                **key,
            )
            UtilityBillLine.objects.bulk_create(lines_of(bill, entry))
            flag_bill(bill=bill, now=now)
            keep_accounts([account_of(bill)], now=now)
            after = {name: str(value) for name, value in key.items()}
            after["amount_cents"] = str(entry.amount)
            record_event(verb="bill.entered", subject=bill, by=by, now=now, after=after)
    except IntegrityError:
        existing = UtilityBill.objects.filter(property=place, **key).first()
        if existing is None:
            raise
        raise BillAlreadyEntered(existing) from None
    return bill


def identity_of(entry: BillEntry) -> dict[str, str | date]:
    """Give the columns that tell one bill of a property from another."""
    return {
        "utility": entry.utility.value,
        "account_number": entry.account_number,
        "period_start": entry.period.start,
        "period_end": entry.period.end,
    }


def refuse_wrong_sum(entry: BillEntry) -> None:
    """Refuse lines that are not the bill's amount.

    Errors: LinesDoNotAddUp.
    """
    if entry.lines and sum(line.amount for line in entry.lines) != entry.amount:
        raise LinesDoNotAddUp(entry)


def lines_of(bill: UtilityBill, entry: BillEntry) -> list[UtilityBillLine]:
    """Give the lines of a bill as rows that are not stored yet."""
    return [
        UtilityBillLine(
            bill=bill,
            position=position,
            kind=line.kind,
            name=line.name,
            amount_cents=line.amount,
            spread=line.spread or "",
        )
        for position, line in enumerate(entry.lines, start=1)
    ]


def flag_bill(*, bill: UtilityBill, now: datetime) -> None:
    """Keep what looks wrong with a bill.

    Effects: flags, one of a kind.
    """
    for finding in check_bill(bill):
        BillFlag.objects.get_or_create(
            bill=bill, kind=finding.kind, defaults={"message": finding.message, "found_at": now}
        )


@transaction.atomic
def clear_flag(*, flag: BillFlag, note: str, by: User, now: datetime) -> None:
    """Say that a flag was looked at, and what came of it; a cleared one stays as it is.

    Effects: the flag carries the note, who and when; an audit event.
    """
    open_flag = BillFlag.objects.filter(pk=flag.pk, cleared_at=None)
    if open_flag.update(cleared_by=by, cleared_at=now, note=note):
        record_event(
            verb="bill.flag_cleared",
            subject=flag.bill,
            by=by,
            now=now,
            before={"flag": flag.kind, "message": flag.message},
            note=note,
        )


def refuse_locked(bill: UtilityBill) -> None:
    """Refuse to change what an approved calculation was made from.

    Errors: BillLocked.
    """
    if bill.calculations.filter(state=CalculationState.APPROVED).exists():
        raise BillLocked
