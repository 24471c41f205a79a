"""Correcting a bill that was entered wrongly, and voiding one; both end with its approval."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import IntegrityError, transaction

from billing.models import CalculationState, UtilityBill, UtilityBillLine
from billing.operations.bills import (
    BillAlreadyEntered,
    BillEntry,
    flag_bill,
    identity_of,
    lines_of,
    refuse_locked,
    refuse_wrong_sum,
)
from billing.operations.utility_accounts import account_of, keep_accounts
from portfolios.models import User
from portfolios.operations.audit import record_event

_OPEN = (CalculationState.DRAFT, CalculationState.IN_REVIEW, CalculationState.REJECTED)


class BillChanged(Exception):
    """Somebody changed the bill after it was shown."""

    def __init__(self) -> None:
        super().__init__(
            "Somebody has changed this bill since you opened it. Nothing was saved: look at it as "
            "it is now, then change it."
        )


class BillVoided(Exception):
    """The bill was voided before."""

    def __init__(self) -> None:
        super().__init__("This bill was voided before.")


def bill_stamp(bill: UtilityBill) -> str:
    """Name what a bill says now; what was shown under another stamp is no longer so."""
    facts = sorted(_facts(bill).items())
    return hashlib.sha256(repr(facts).encode()).hexdigest()


@transaction.atomic
def change_bill(
    *,
    bill: UtilityBill,
    entry: BillEntry,
    reason: str,
    seen: str,
    by: User,
    now: datetime,
) -> UtilityBill:
    """Put what a bill really says in place of what was typed; its flags are looked for anew.

    Shape: `seen` is the stamp of the bill as it was shown. Its calculations are out of date where
        the change touches what they were made from.
    Errors: BillLocked, BillVoided, BillChanged, LinesDoNotAddUp, BillAlreadyEntered.
    Effects: the bill, its lines and flags, what is kept of its account, and an audit event where
        anything changes.
    """
    refuse_wrong_sum(entry)
    current = _locked(bill)
    if bill_stamp(current) != seen:
        raise BillChanged
    before, account = _facts(current), account_of(current)
    _write(current, entry)
    current.lines.all().delete()
    UtilityBillLine.objects.bulk_create(lines_of(current, entry))
    after = _facts(current)
    changed = {name for name, value in after.items() if value != before[name]}
    if changed:
        keep_accounts([account, account_of(current)], now=now)
        current.flags.all().delete()
        flag_bill(bill=current, now=now)
        record_event(
            verb="bill.changed",
            subject=current,
            by=by,
            now=now,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
            note=reason,
        )
    return current


@transaction.atomic
def void_bill(*, bill: UtilityBill, reason: str, by: User, now: datetime) -> None:
    """Take a bill out of everything that is shared, counted and listed; it stays to be looked at.

    Errors: BillLocked, BillVoided.
    Effects: the bill carries who, when and why; its open calculations are superseded; what is kept
        of its account; an audit event.
    """
    current = _locked(bill)
    current.calculations.filter(state__in=_OPEN).update(state=CalculationState.SUPERSEDED)
    current.voided_by, current.voided_at, current.voided_because = by, now, reason
    current.save(update_fields=["voided_by", "voided_at", "voided_because"])
    keep_accounts([account_of(current)], now=now)
    record_event(
        verb="bill.voided", subject=current, by=by, now=now, before=_facts(current), note=reason
    )


def _locked(bill: UtilityBill) -> UtilityBill:
    """Read a bill so that nobody calculates or changes it meanwhile.

    Errors: BillLocked, BillVoided.
    """
    current = UtilityBill.everything.select_for_update(of=("self",)).get(pk=bill.pk)
    if current.voided_at is not None:
        raise BillVoided
    refuse_locked(current)
    return current


def _write(bill: UtilityBill, entry: BillEntry) -> None:
    """Store what was typed.

    Errors: BillAlreadyEntered.
    """
    key = identity_of(entry)
    for name, value in key.items():
        setattr(bill, name, value)
    bill.amount_cents, bill.usage, bill.usage_unit = entry.amount, entry.usage, entry.usage_unit
    try:
        with transaction.atomic():
            bill.save()
    except IntegrityError:
        twin = UtilityBill.objects.filter(property=bill.property_id, **key).exclude(pk=bill.pk)
        existing = twin.first()
        if existing is None:
            raise
        raise BillAlreadyEntered(existing) from None


def _facts(bill: UtilityBill) -> dict[str, object]:
    """Write what a bill says as the audit trail keeps it."""
    usage = "" if bill.usage is None else f"{bill.usage:.3f}"
    return {
        "utility": str(bill.utility),
        "account_number": bill.account_number,
        "period_start": bill.period_start.isoformat(),
        "period_end": bill.period_end.isoformat(),
        "amount_cents": int(bill.amount_cents),
        "usage": usage,
        "usage_unit": bill.usage_unit,
        "lines": [
            [str(line.kind), line.name, int(line.amount_cents), str(line.spread)]
            for line in bill.lines.order_by("position")
        ],
    }
