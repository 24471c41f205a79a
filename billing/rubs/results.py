"""What a calculation gives: a line for each tenant, lines for the owner, and every number used."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from billing.rubs.inputs import BillPeriod, Vacancy
from billing.rubs.methods import Term


class Bucket(StrEnum):
    """Why the owner bears a part of the bill."""

    COMMON_AREA = "common_area"
    VACANCY = "vacancy"
    EXCLUDED = "excluded"
    ROUNDING = "rounding"


class UnbalancedAllocation(ArithmeticError):
    """The lines of an allocation do not add up to its bill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The figures that all lines of one bill have in common.

    Shape: total_weight_units / weight_scale is the denominator of every share.
    Units: bill_cents in cents, common_area_percent in percent.
    """

    bill_cents: int
    period: BillPeriod
    method: str
    vacancy: Vacancy
    strict_floor: bool
    common_area_percent: Fraction
    weight_scale: int
    total_weight_units: int

    @property
    def total_weight(self) -> Fraction:
        """Add up the weights of all claims, prorated by days."""
        return Fraction(self.total_weight_units, self.weight_scale)

    @property
    def common_area_cents(self) -> Fraction:
        """Take the owner's percentage for common areas off the bill.

        Units: cents, exact.
        """
        return self.bill_cents * self.common_area_percent / 100

    @property
    def pool_cents(self) -> Fraction:
        """Tell what is left to share by weight.

        Units: cents, exact.
        """
        return self.bill_cents - self.common_area_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One claimant's part of the bill.

    Shape: the terms and the days make the weight; weight_units / basis.weight_scale is it.
    Units: days; cents.
    """

    basis: Basis
    unit_label: str
    terms: tuple[Term, ...]
    days: int
    weight_units: int
    cents: int

    @property
    def period_days(self) -> int:
        """Count the days of the bill's period.

        Units: days.
        """
        return self.basis.period.days

    @property
    def weight(self) -> Fraction:
        """Tell the weight, prorated by days."""
        return Fraction(self.weight_units, self.basis.weight_scale)

    @property
    def share(self) -> Fraction:
        """Tell which fraction of the shared amount this line bears."""
        return Fraction(self.weight_units, self.basis.total_weight_units)

    @property
    def exact_cents(self) -> Fraction:
        """Tell the amount before rounding.

        Units: cents, exact.
        """
        return self.basis.pool_cents * self.share

    @property
    def rounding_cents(self) -> Fraction:
        """Tell what rounding added to the exact amount.

        Units: cents, exact; negative when it took something off.
        """
        return self.cents - self.exact_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantLine(Line):
    """What one lease is charged for one unit."""

    unit_key: str
    lease_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerLine(Line):
    """What the owner bears, and why.

    Shape: no unit for common area and rounding; `lease_key` and `reason` when a unit is excluded.
    """

    bucket: Bucket
    unit_key: str | None
    lease_key: str | None
    reason: str | None

    @property
    def exact_cents(self) -> Fraction:
        """Tell the amount before rounding; cents that flooring left over have none.

        Units: cents, exact.
        """
        if self.bucket is Bucket.COMMON_AREA:
            return self.basis.common_area_cents
        return self.basis.pool_cents * self.share


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """A bill divided to the cent.

    Shape: lines by unit key and lease key; the owner's common area first, rounding last.
    Units: cents.
    Errors: UnbalancedAllocation when tenants and owner do not add up to the bill.
    """

    engine_version: str
    basis: Basis
    bill_cents: int
    tenants_cents: int
    owner_cents: int
    lines: tuple[TenantLine, ...]
    owner: tuple[OwnerLine, ...]

    def __post_init__(self) -> None:
        tenants = sum(line.cents for line in self.lines)
        owner = sum(line.cents for line in self.owner)
        if (tenants, owner) != (self.tenants_cents, self.owner_cents):
            raise UnbalancedAllocation("the lines do not add up to their totals")
        if tenants + owner != self.bill_cents:
            raise UnbalancedAllocation(
                f"tenants {tenants} and owner {owner} do not add up to {self.bill_cents} cents"
            )

    def owner_cents_in(self, bucket: Bucket) -> int:
        """Add up what the owner bears for one reason.

        Units: cents.
        """
        return sum(line.cents for line in self.owner if line.bucket is bucket)
