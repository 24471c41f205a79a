"""Setting what one bill alone says of single units."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from billing.models import BillTerms, Calculation, UtilityBill
from billing.operations.calculations import WrongState, calculate_bill, lock_bill
from billing.rubs.bill_terms import BillTerm
from portfolios.models import AuditEvent, Unit, User
from portfolios.operations.audit import describe_event


class NotAsSeen(Exception):
    """Something changed between the preview and the confirmation."""

    def __init__(self) -> None:
        super().__init__(
            "Something about this bill or its units has changed since you looked at the preview. "
            "Nothing was saved: look at the preview again."
        )


@transaction.atomic
def set_bill_terms(
    *,
    calculation: Calculation,
    terms: Mapping[Unit, BillTerm | None],
    reason: str,
    seen_digest: str,
    by: User,
    now: datetime,
) -> Calculation:
    """Set terms for units on one bill alone, and calculate it again as a new version.

    Shape: None takes a unit's term away; `seen_digest` is that of the preview that was confirmed.
    Errors: NotAsSeen; WrongState when there is a newer version, or the bill was posted or voided;
        NoShareRule and CannotCalculate. Nothing is stored then.
    Effects: rows of bill terms, an audit event for each unit, and those of `calculate_bill`.
    """
    bill = lock_bill(calculation.bill_id)
    if bill.calculations.filter(version__gt=calculation.version).exists():
        raise WrongState(
            "A newer version has taken the place of this calculation. Change its units there."
        )
    stored = BillTerms.objects.filter(bill=bill, unit__in=terms)
    before = {row.unit_id: row for row in stored}
    stored.delete()
    rows = [_row(bill, unit, term, by, now) for unit, term in terms.items() if term is not None]
    BillTerms.objects.bulk_create(rows)
    AuditEvent.objects.bulk_create(
        describe_event(
            verb="bill_terms.set",
            subject=unit,
            by=by,
            now=now,
            before={"bill": str(bill), **_written(before.get(unit.pk))},
            after={"bill": str(bill), **_stated(term)},
            note=reason,
        )
        for unit, term in terms.items()
    )
    made = calculate_bill(bill=bill, by=by, now=now)
    if made.inputs_digest != seen_digest:
        raise NotAsSeen
    return made


def _row(bill: UtilityBill, unit: Unit, term: BillTerm, by: User, now: datetime) -> BillTerms:
    return BillTerms(
        bill=bill,
        unit=unit,
        kind=term.kind.value,
        amount_cents=term.amount_cents,
        reason=term.reason,
        set_by=by,
        set_at=now,
    )


def _written(row: BillTerms | None) -> dict[str, object]:
    return {} if row is None else {"kind": row.kind, "amount_cents": row.amount_cents}


def _stated(term: BillTerm | None) -> dict[str, object]:
    return {} if term is None else {"kind": term.kind.value, "amount_cents": term.amount_cents}
