"""Administrative fees: lines of their own beside the charges, never a part of the bill."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from billing.rubs.figures import TIMES, dollars, dollars_cut, in_sum
from billing.rubs.numbers import exact
from billing.rubs.results import FeeLine, TenantLine
from billing.rubs.rule_input import AdminFee


def charge_fees(
    lines: Iterable[TenantLine], fee: AdminFee | None, sign: int
) -> tuple[FeeLine, ...]:
    """Add the fee to every charge; the fee on a credit is a credit."""
    return () if fee is None else tuple(_fee_line(line, fee, sign) for line in lines)


def _fee_line(line: TenantLine, fee: AdminFee, sign: int) -> FeeLine:
    amount, expression = _fee(Fraction(max(sign * line.cents, 0)), fee)
    # Cut, never rounded up: a fee limited by law must not be above its percentage.
    cents = int(amount)
    if amount != cents:
        expression += f", cut to the cent {dollars(cents)}"
    return FeeLine(
        unit_key=line.unit_key,
        unit_label=line.unit_label,
        lease_key=line.lease_key,
        charge_cents=line.cents,
        exact_cents=sign * amount,
        cents=sign * cents,
        expression=expression,
    )


def _fee(charge: Fraction, fee: AdminFee) -> tuple[Fraction, str]:
    if fee.percent is not None:
        part = Fraction(exact(fee.percent))
        amount = charge * part / 100
        text = f"{in_sum(part)} % {TIMES} {dollars(charge)} = {dollars_cut(amount)}"
    else:
        amount = Fraction(fee.flat_cents or 0)
        text = f"{dollars(amount)} for each charge"
    limits = []
    if fee.at_most_percent is not None:
        limits.append(charge * exact(fee.at_most_percent) / 100)
    if fee.at_most_cents is not None:
        limits.append(Fraction(fee.at_most_cents))
    if limits and min(limits) < amount:
        amount = min(limits)
        text += f", at most {dollars_cut(amount)}"
    return amount, text
