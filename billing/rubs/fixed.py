"""Lines of the invoice that are spread over units by count: base and service charges."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from billing.rubs.bill_lines import BillLine, Spread
from billing.rubs.buckets import Bucket
from billing.rubs.claims import Claims
from billing.rubs.inputs import BillInput


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedCharge:
    """A line that every tenant pays for the days on which a unit is held, whatever its weight.

    Shape: `unit_count` is what the line is divided by, None when the invoice names the amount for
        one unit; `rest_cents` is the owner's, for units that are vacant or excluded.
    Units: per_unit_cents for one unit and the whole period, exact.
    """

    line: BillLine
    unit_count: Fraction | None
    per_unit_cents: Fraction
    rest_cents: Fraction


def fix_charge(line: BillLine, bill: BillInput, claims: Claims) -> FixedCharge:
    """Find what one unit bears of a line."""
    period_days = bill.period.days
    count = None
    if line.cents_per_unit is not None:
        per_unit = Fraction(line.cents_per_unit)
    else:
        count = _count(line, bill, claims)
        per_unit = line.amount_cents / count if count else Fraction(0)
    billed = per_unit * _tenant_days(claims) / period_days
    return FixedCharge(
        line=line,
        unit_count=count,
        per_unit_cents=per_unit,
        rest_cents=line.amount_cents - billed,
    )


def billable_units(bill: BillInput) -> int:
    """Count the units that a line over all units is divided by, vacant and excluded ones too."""
    return sum(unit.billable for unit in bill.units)


def _count(line: BillLine, bill: BillInput, claims: Claims) -> Fraction:
    if line.unit_count is not None:
        return Fraction(line.unit_count)
    if line.passed_on is Spread.ALL_UNITS:
        return Fraction(billable_units(bill))
    held = zip(claims.stays, claims.days, strict=True)
    return Fraction(sum(days for stay, days in held if stay is not None), bill.period.days)


def _tenant_days(claims: Claims) -> int:
    pairs = zip(claims.buckets, claims.days, strict=True)
    owner: dict[Bucket | None, int] = {}
    for bucket, days in pairs:
        owner[bucket] = owner.get(bucket, 0) + days
    return owner.get(None, 0)
