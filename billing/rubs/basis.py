"""The figures that all lines of one bill have in common, and the columns that lines look up."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from billing.rubs.amounts import Amounts
from billing.rubs.claims import Claims
from billing.rubs.fixed import FixedCharge
from billing.rubs.inputs import BillPeriod
from billing.rubs.limits import Limited
from billing.rubs.numbers import exact
from billing.rubs.pools import Pool
from billing.rubs.rule_input import RuleInput, Vacancy


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Everything that the shares of a bill were computed from.

    Shape: numerators[n] / scale is what falls to claim n before limits and rounding, in cents;
        where several claims make one line the first of them has the sum. `limited` by the place of
        a line's first claim.
    """

    period: BillPeriod
    rule: RuleInput
    amounts: Amounts
    claims: Claims
    pools: tuple[Pool, ...]
    fixed: tuple[FixedCharge, ...]
    numerators: Sequence[int]
    scale: int
    limited: Mapping[int, Limited]

    @property
    def bill_cents(self) -> int:
        """Tell the amount of the bill.

        Units: cents.
        """
        return self.amounts.bill_cents

    @property
    def method(self) -> str:
        """Name the rule's method."""
        return self.rule.method

    @property
    def vacancy(self) -> Vacancy:
        """Tell who pays for vacant days."""
        return self.rule.vacancy

    @property
    def strict_floor(self) -> bool:
        """Tell whether every share is cut to the cent."""
        return self.rule.strict_floor

    @property
    def common_area_percent(self) -> Fraction:
        """Tell which percentage the owner bears for common areas.

        Units: percent.
        """
        return Fraction(exact(self.rule.common_area_percent))

    @property
    def common_area_cents(self) -> Fraction:
        """Tell what the owner bears for common areas.

        Units: cents, exact.
        """
        return self.amounts.common_area_cents

    @property
    def pool_cents(self) -> Fraction:
        """Tell what is left to share by weight.

        Units: cents, exact.
        """
        return self.amounts.pool_cents

    @property
    def total_weight(self) -> Fraction:
        """Tell the divisor of a tenant's weight; the weights of a mixed rule are shares of one."""
        return self.pools[0].divisors.tenants if len(self.pools) == 1 else Fraction(1)

    @property
    def tenants_cents(self) -> Fraction:
        """Add up what falls to the tenants, limits applied.

        Units: cents, exact.
        """
        buckets, numerators = self.claims.buckets, self.numerators
        shares = sum([numerators[row] for row in self.claims.heads if buckets[row] is None])
        changes = (self.exact_cents(row) - self.unlimited_cents(row) for row in self.limited)
        return Fraction(shares, self.scale) + sum(changes, Fraction(0))

    def places(self, row: int) -> range:
        """List the claims that make the line that begins at a claim."""
        if self.claims.one_each:
            return range(row, row + 1)
        heads = self.claims.heads
        following = bisect_right(heads, row)
        return range(row, heads[following] if following < len(heads) else len(self.claims))

    def days(self, row: int) -> int:
        """Count the days of a line.

        Units: days.
        """
        return sum(self.claims.days[place] for place in self.places(row))

    def lease_key(self, row: int | None) -> str | None:
        """Tell the lease that a line is for, if there is one."""
        stay = None if row is None else self.claims.stays[row]
        return None if stay is None else stay.lease_key

    def weight(self, row: int) -> Fraction:
        """Tell the weight of a line, prorated by days."""
        if len(self.pools) > 1:
            return self.share(row)
        (pool,) = self.pools
        return Fraction(sum(pool.weight_units[n] for n in self.places(row)), pool.weight_scale)

    def share(self, row: int) -> Fraction:
        """Tell which fraction of the amount to share falls to a line."""
        shares = (self.share_of(pool, row) * pool.percent / 100 for pool in self.pools)
        return sum(shares, Fraction(0))

    def share_of(self, pool: Pool, row: int) -> Fraction:
        """Tell which fraction of a pool falls to a line."""
        return Fraction(sum(pool.shares[n] for n in self.places(row)), pool.share_scale)

    def unlimited_cents(self, row: int) -> Fraction:
        """Tell what falls to a line before limits and rounding.

        Units: cents, exact.
        """
        return Fraction(self.numerators[row], self.scale)

    def exact_cents(self, row: int) -> Fraction:
        """Tell what falls to a line before rounding.

        Units: cents, exact.
        """
        limited = self.limited.get(row)
        if limited is None:
            return self.unlimited_cents(row)
        return self.amounts.sign * limited.after_cents
