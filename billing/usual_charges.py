"""What units were charged before: the bars beside a charge, and the amount that is usual."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from billing.models import Calculation, CalculationState, Charge, ChargeKind, UtilityBill

BILLS = 12


@dataclass(frozen=True, slots=True)
class PastCharge:
    """What all leases of a unit were charged of one bill, without fees.

    Units: cents; days that the leases held the unit.
    """

    calculation_id: int
    period_start: date
    period_end: date
    cents: int
    days: int


@dataclass(frozen=True, slots=True)
class UsualCharge:
    """The average of a unit's last charges, for the days of a bill.

    Units: cents.
    """

    cents: int
    bills: int


def past_charges(bill: UtilityBill, unit_ids: Collection[int]) -> dict[int, list[PastCharge]]:
    """Read what units were charged of the last approved bills of a bill's account before it.

    Shape: by unit, at most twelve, the oldest first; units without a charge are left out.
    """
    before = {found.pk: found for found in _calculations_before(bill)}
    found: defaultdict[int, list[PastCharge]] = defaultdict(list)
    charges = Charge.objects.filter(
        kind=ChargeKind.SHARE, calculation__in=before, unit__in=unit_ids
    ).values_list("unit_id", "calculation_id", "amount_cents", "explanation__days")
    sums: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for unit_id, calculation_id, cents, days in charges:
        sums[unit_id, calculation_id].append((cents, days))
    for (unit_id, calculation_id), parts in sums.items():
        past = before[calculation_id].bill
        cents, days = (sum(column) for column in zip(*parts, strict=True))
        found[unit_id].append(
            PastCharge(calculation_id, past.period_start, past.period_end, cents, days)
        )
    return {unit: sorted(past, key=lambda one: one.period_start) for unit, past in found.items()}


def usual_charge(past: Sequence[PastCharge], *, days: int) -> UsualCharge | None:
    """Take the average per day of past charges for so many days, cut to the cent.

    Shape: None without a day that was charged, and where credits outweigh the charges.
    """
    held = sum(one.days for one in past)
    cents = sum(one.cents for one in past)
    if not held or cents < 0:
        return None
    return UsualCharge(cents * days // held, len(past))


def _calculations_before(bill: UtilityBill) -> list[Calculation]:
    approved = Calculation.objects.filter(
        state=CalculationState.APPROVED,
        bill__property=bill.property_id,
        bill__utility=bill.utility,
        bill__account_number=bill.account_number,
        bill__period_start__lt=bill.period_start,
    )
    rows = approved.defer("inputs", "result").select_related("bill")
    return list(rows.order_by("-bill__period_start", "-pk")[:BILLS])
