"""Entering utility bills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from billing.models import Utility, UtilityBill
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import Property, User
from portfolios.operations.audit import record_event


@dataclass(frozen=True, slots=True, kw_only=True)
class BillEntry:
    """A bill as somebody typed it.

    Units: cents.
    """

    utility: Utility
    period: Period
    amount: Cents
    account_number: str = ""
    usage: Decimal | None = None
    usage_unit: str = ""


class BillAlreadyEntered(Exception):
    """The same account's bill for the same period is there already."""

    def __init__(self, existing: UtilityBill) -> None:
        super().__init__(
            f"This bill was entered before, by {existing.entered_by} on "
            f"{existing.entered_at:%Y-%m-%d}. Give the account number if it is another account's."
        )
        self.existing = existing


def enter_bill(*, place: Property, entry: BillEntry, by: User, now: datetime) -> UtilityBill:
    """Store a bill.

    Errors: BillAlreadyEntered.
    Effects: a bill and an audit event.
    """
    key: dict[str, str | date] = {
        "utility": entry.utility.value,
        "account_number": entry.account_number,
        "period_start": entry.period.start,
        "period_end": entry.period.end,
    }
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
            after = {name: str(value) for name, value in key.items()}
            after["amount_cents"] = str(entry.amount)
            record_event(verb="bill.entered", subject=bill, by=by, now=now, after=after)
    except IntegrityError:
        existing = UtilityBill.objects.filter(property=place, **key).first()
        if existing is None:
            raise
        raise BillAlreadyEntered(existing) from None
    return bill
