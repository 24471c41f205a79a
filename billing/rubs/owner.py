"""What the owner bears that is no claim of a unit's days."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from billing.rubs.basis import Basis
from billing.rubs.buckets import Bucket
from billing.rubs.limits import LimitKind
from billing.rubs.results import OwnerPart
from billing.rubs.rule_input import Proration

_BUCKETS = {
    LimitKind.CAP: Bucket.CAP,
    LimitKind.MINIMUM: Bucket.MINIMUM,
    LimitKind.FLAT: Bucket.FLAT,
}


def owner_parts(basis: Basis) -> list[OwnerPart]:
    """List the owner's parts in the order in which ties are broken, the common area first."""
    return [*_common_area(basis), *_kept(basis), *_fixed(basis), *_rest(basis), *_cut(basis)]


def _common_area(basis: Basis) -> Iterator[OwnerPart]:
    rule = basis.rule
    if rule.common_area_percent or rule.common_area_cents or rule.common_area_usage is not None:
        yield OwnerPart(bucket=Bucket.COMMON_AREA, cents=basis.common_area_cents, label="")


def _kept(basis: Basis) -> Iterator[OwnerPart]:
    for line in basis.amounts.kept:
        cents = Fraction(line.amount_cents)
        yield OwnerPart(bucket=Bucket.NOT_PASSED_ON, cents=cents, label=line.label)


def _fixed(basis: Basis) -> Iterator[OwnerPart]:
    for charge in basis.fixed:
        if charge.rest_cents:
            yield OwnerPart(
                bucket=Bucket.FIXED_CHARGE,
                cents=charge.rest_cents,
                label=charge.line.label,
                whole_cents=Fraction(charge.line.amount_cents),
                others="charged to the units lived in",
            )


def _rest(basis: Basis) -> Iterator[OwnerPart]:
    for pool in basis.pools:
        if pool.rest and pool.cents:
            floor = pool.at_least > pool.totals.all or pool.method == "percentage"
            by_date = basis.rule.proration is not Proration.DAYS and not floor
            yield OwnerPart(
                bucket=Bucket.VACANCY if by_date else Bucket.NOT_GIVEN,
                cents=pool.cents * pool.rest,
                label="Days on which nobody is there to share" if by_date else "Not given to units",
                whole_cents=pool.cents,
                others="shared by weight",
            )


def _cut(basis: Basis) -> Iterator[OwnerPart]:
    sign = basis.amounts.sign
    for row, limited in basis.limited.items():
        stay = basis.claims.stays[row]
        yield OwnerPart(
            bucket=_BUCKETS[limited.kind],
            cents=sign * (limited.before_cents - limited.after_cents),
            label=f"{limited.kind.value.capitalize()} of the tenant's charge",
            whole_cents=sign * limited.before_cents,
            others="charged to the tenant",
            unit=basis.claims.units[row],
            lease_key=None if stay is None else stay.lease_key,
        )
