"""Share one bill over the tenants and the owner, to the cent."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from billing.rubs.checks import admissible_claims
from billing.rubs.claims import Claim
from billing.rubs.inputs import BillInput, exact
from billing.rubs.results import Allocation, Basis, Bucket, OwnerLine, TenantLine
from billing.rubs.rounding import largest_remainder, strict_floor
from billing.rubs.weights import ScaledWeights, scale_weights

ENGINE_VERSION: Final = "1"


def allocate(bill: BillInput) -> Allocation:
    """Share a bill by its rule: common area, weights, vacancy, days, then one rounding.

    Errors: CannotAllocate with every problem that stands in the way.
    """
    claims = admissible_claims(bill)
    weights = scale_weights(claims)
    basis = _basis(bill, weights)
    common_area, *shares = _round(basis, weights)
    settled = list(zip(claims, weights.units, shares, strict=True))
    lines = tuple(
        _tenant_line(basis, claim, units, cents)
        for claim, units, cents in settled
        if claim.bucket is None
    )
    left_over = bill.amount_cents - common_area - sum(shares)
    owner = _owner_lines(basis, settled, common_area, left_over)
    return Allocation(
        engine_version=ENGINE_VERSION,
        basis=basis,
        bill_cents=bill.amount_cents,
        tenants_cents=sum(line.cents for line in lines),
        owner_cents=sum(line.cents for line in owner),
        lines=lines,
        owner=owner,
    )


def _basis(bill: BillInput, weights: ScaledWeights) -> Basis:
    rule = bill.rule
    return Basis(
        bill_cents=bill.amount_cents,
        period=bill.period,
        method=rule.method,
        vacancy=rule.vacancy,
        strict_floor=rule.strict_floor,
        common_area_percent=Fraction(exact(rule.common_area_percent)),
        weight_scale=weights.scale * bill.period.days,
        total_weight_units=weights.total,
    )


def _round(basis: Basis, weights: ScaledWeights) -> list[int]:
    """Turn the common area, first, and the claims, in their order, into cents."""
    part = basis.common_area_percent / 100
    left = part.denominator - part.numerator
    claimants = [part.numerator * weights.total, *(left * units for units in weights.units)]
    divide = strict_floor if basis.strict_floor else largest_remainder
    return divide(basis.bill_cents, claimants)


def _tenant_line(basis: Basis, claim: Claim, weight_units: int, cents: int) -> TenantLine:
    return TenantLine(
        basis=basis,
        unit_key=claim.unit.key,
        unit_label=claim.unit.label,
        lease_key=claim.lease_key,
        terms=claim.terms,
        days=claim.days,
        weight_units=weight_units,
        cents=cents,
    )


def _owner_lines(
    basis: Basis, settled: Iterable[tuple[Claim, int, int]], common_area: int, left_over: int
) -> tuple[OwnerLine, ...]:
    lines = [
        _owner_line(basis, claim.bucket, claim, units, cents)
        for claim, units, cents in settled
        if claim.bucket is not None
    ]
    if basis.common_area_percent:
        lines.insert(0, _line_of_no_unit(basis, Bucket.COMMON_AREA, common_area))
    if left_over:
        lines.append(_line_of_no_unit(basis, Bucket.ROUNDING, left_over))
    return tuple(lines)


def _owner_line(
    basis: Basis, bucket: Bucket, claim: Claim, weight_units: int, cents: int
) -> OwnerLine:
    return OwnerLine(
        basis=basis,
        bucket=bucket,
        unit_key=claim.unit.key,
        unit_label=claim.unit.label,
        lease_key=claim.lease_key or None,
        reason=claim.unit.excluded_because,
        terms=claim.terms,
        days=claim.days,
        weight_units=weight_units,
        cents=cents,
    )


def _line_of_no_unit(basis: Basis, bucket: Bucket, cents: int) -> OwnerLine:
    return OwnerLine(
        basis=basis,
        bucket=bucket,
        unit_key=None,
        unit_label="",
        lease_key=None,
        reason=None,
        terms=(),
        days=0,
        weight_units=0,
        cents=cents,
    )
