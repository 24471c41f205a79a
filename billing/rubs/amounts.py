"""What of a bill is whose before anybody shares: lines, fixed charges, the common area."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from billing.rubs.bill_lines import BillLine, LineKind, Spread
from billing.rubs.inputs import BillInput
from billing.rubs.numbers import exact
from billing.rubs.rule_input import CommonAreaBase, RuleInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """A bill taken apart.

    Shape: `sign` is -1 when what is passed on is a credit, so that a credit mirrors a charge;
        `common_area_asked_cents` is what the rule asks for common areas, be there so much or not.
    Units: cents.
    """

    sign: int
    bill_cents: int
    shared: tuple[BillLine, ...]
    fixed: tuple[BillLine, ...]
    kept: tuple[BillLine, ...]
    common_area_base_cents: int
    common_area_asked_cents: Fraction
    common_area_cents: Fraction

    @property
    def shared_cents(self) -> int:
        """Add up the lines that are shared by the rule's method.

        Units: cents.
        """
        return _sum(self.shared)

    @property
    def pool_cents(self) -> Fraction:
        """Tell what is left to share by weight.

        Units: cents, exact.
        """
        return self.shared_cents - self.common_area_cents

    @property
    def ceiling_cents(self) -> Fraction:
        """Tell the most that tenants may be charged together.

        Units: cents, exact.
        """
        return self.pool_cents + _sum(self.fixed)


def lines_of(bill: BillInput) -> tuple[BillLine, ...]:
    """List the lines of a bill; a bill without lines is one of usage."""
    return bill.lines or (BillLine(kind=LineKind.USAGE, amount_cents=bill.amount_cents),)


def take_apart(bill: BillInput) -> Amounts:
    """Sort the lines by how they are passed on, and take off the common area."""
    lines = lines_of(bill)
    shared = tuple(line for line in lines if line.passed_on is Spread.SHARED)
    fixed = tuple(line for line in lines if line.is_fixed)
    sign = _sign(_sum(shared) + _sum(fixed), bill.amount_cents, _sum(shared))
    base = _base(bill, sign, _sum(shared))
    common_area = _common_area(bill.rule, sign * base)
    # The owner can keep no more than there is: nobody is paid for using the stairs.
    most = max(sign * _sum(shared), 0)
    return Amounts(
        sign=sign,
        bill_cents=bill.amount_cents,
        shared=shared,
        fixed=fixed,
        kept=tuple(line for line in lines if line.passed_on is Spread.OWNER),
        common_area_base_cents=base,
        common_area_asked_cents=sign * common_area,
        common_area_cents=sign * min(max(common_area, Fraction(0)), Fraction(most)),
    )


def _sum(lines: Iterable[BillLine]) -> int:
    return sum(line.amount_cents for line in lines)


def _sign(*amounts: int) -> int:
    first = next((amount for amount in amounts if amount), 0)
    return -1 if first < 0 else 1


def _base(bill: BillInput, sign: int, shared: int) -> int:
    """Take the percentage of the larger amount, so that the tenants never pay for the choice."""
    if bill.rule.common_area_base is CommonAreaBase.SHARED_LINES:
        return shared
    return sign * max(sign * bill.amount_cents, sign * shared)


def _common_area(rule: RuleInput, base: int) -> Fraction:
    part = base * Fraction(exact(rule.common_area_percent)) / 100 + rule.common_area_cents
    if rule.common_area_usage is not None and rule.total_usage:
        part += base * Fraction(exact(rule.common_area_usage)) / exact(rule.total_usage)
    return part
