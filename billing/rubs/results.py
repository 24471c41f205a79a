"""What a calculation gives: a line for each tenant, lines for the owner, and every number used."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from billing.rubs.basis import Basis
from billing.rubs.buckets import Bucket
from billing.rubs.fields import Term
from billing.rubs.inputs import UnitInput


class UnbalancedAllocation(ArithmeticError):
    """The lines of an allocation do not add up to its bill."""


@dataclass(frozen=True, slots=True)
class Line:
    """One claimant's part of the bill.

    Shape: `row` is the place of the line's first claim in the columns of the basis; None for what
        the owner bears for no unit in particular.
    Units: cents.
    """

    basis: Basis = field(repr=False, compare=False)
    row: int | None
    unit: UnitInput | None
    cents: int

    @property
    def days(self) -> int:
        """Count the days on which the unit was held, or vacant.

        Units: days.
        """
        return 0 if self.row is None else self.basis.days(self.row)

    @property
    def unit_label(self) -> str:
        """Name the unit; nothing when there is none."""
        return "" if self.unit is None else self.unit.label

    @property
    def terms(self) -> tuple[Term, ...]:
        """List what made the weight, over all methods and all spells of the lease."""
        if self.row is None:
            return ()
        places = self.basis.places(self.row)
        return tuple(
            dict.fromkeys(
                term for pool in self.basis.pools for n in places for term in pool.terms[n]
            )
        )

    @property
    def period_days(self) -> int:
        """Count the days of the bill's period.

        Units: days.
        """
        return self.basis.period.days

    @property
    def weight(self) -> Fraction:
        """Tell the weight, prorated by days; under a mixed rule it is the share."""
        return Fraction(0) if self.row is None else self.basis.weight(self.row)

    @property
    def share(self) -> Fraction:
        """Tell which fraction of the shared amount this line bears."""
        return Fraction(0) if self.row is None else self.basis.share(self.row)

    @property
    def exact_cents(self) -> Fraction:
        """Tell the amount before rounding.

        Units: cents, exact.
        """
        return Fraction(0) if self.row is None else self.basis.exact_cents(self.row)

    @property
    def rounding_cents(self) -> Fraction:
        """Tell what rounding added to the exact amount.

        Units: cents, exact; negative when it took something off.
        """
        return self.cents - self.exact_cents


@dataclass(frozen=True, slots=True)
class TenantLine(Line):
    """What one lease is charged for one unit."""

    @property
    def lease_key(self) -> str:
        """Tell the lease's key."""
        return self.basis.lease_key(self.row) or ""

    @property
    def unit_key(self) -> str:
        """Tell the unit's key."""
        return "" if self.unit is None else self.unit.key


@dataclass(frozen=True, slots=True)
class OwnerLine(Line):
    """What the owner bears, and why.

    Shape: no unit for a part of the whole bill; `part` when it is not the share of a claim.
    """

    bucket: Bucket
    part: OwnerPart | None = None

    @property
    def unit_key(self) -> str | None:
        """Tell the unit's key, if there is a unit."""
        return None if self.unit is None else self.unit.key

    @property
    def lease_key(self) -> str | None:
        """Tell the lease whose share this would be, if there is one."""
        return self.basis.lease_key(self.row) if self.part is None else self.part.lease_key

    @property
    def reason(self) -> str | None:
        """Say why the unit is excluded, or what the part is."""
        if self.part is not None:
            return self.part.label or None
        return None if self.unit is None else self.unit.excluded_because

    @property
    def exact_cents(self) -> Fraction:
        """Tell the amount before rounding; cents that flooring left over have none.

        Units: cents, exact.
        """
        if self.part is not None:
            return self.part.cents
        return Fraction(0) if self.row is None else self.basis.exact_cents(self.row)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerPart:
    """A part of the bill that is the owner's before or after the sharing.

    Shape: `whole_cents` less what `others` take is the part; None when it is the whole of itself.
    Units: cents, exact.
    """

    bucket: Bucket
    cents: Fraction
    label: str
    whole_cents: Fraction | None = None
    others: str = ""
    unit: UnitInput | None = None
    lease_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLine:
    """An administrative fee beside a tenant's charge; it is no part of the bill.

    Units: cents; exact_cents before it was cut to the cent.
    """

    unit_key: str
    unit_label: str
    lease_key: str
    charge_cents: int
    exact_cents: Fraction
    cents: int
    expression: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """A bill divided to the cent.

    Shape: lines by unit key and lease key; the owner's lines of no unit first, rounding last; fees
        are beside the bill.
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
    fees: tuple[FeeLine, ...] = ()

    def __post_init__(self) -> None:
        tenants = sum(line.cents for line in self.lines)
        owner = sum(line.cents for line in self.owner)
        if (tenants, owner) != (self.tenants_cents, self.owner_cents):
            raise UnbalancedAllocation("the lines do not add up to their totals")
        if tenants + owner != self.bill_cents:
            raise UnbalancedAllocation(
                f"tenants {tenants} and owner {owner} do not add up to {self.bill_cents} cents"
            )

    @property
    def fees_cents(self) -> int:
        """Add up the fees.

        Units: cents.
        """
        return sum(fee.cents for fee in self.fees)

    def owner_cents_in(self, bucket: Bucket) -> int:
        """Add up what the owner bears for one reason.

        Units: cents.
        """
        return sum(line.cents for line in self.owner if line.bucket is bucket)
