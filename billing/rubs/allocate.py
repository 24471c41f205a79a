"""Share one bill over the tenants and the owner, to the cent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from billing.rubs.amounts import take_apart
from billing.rubs.basis import Basis
from billing.rubs.buckets import Bucket
from billing.rubs.checks import admissible, refuse_more_than_the_bill
from billing.rubs.fees import charge_fees
from billing.rubs.inputs import BillInput
from billing.rubs.owner import owner_parts
from billing.rubs.results import Allocation, OwnerLine, OwnerPart, TenantLine
from billing.rubs.settle import settle
from billing.rubs.shares import share_out

ENGINE_VERSION: Final = "2"


def allocate(bill: BillInput) -> Allocation:
    """Share a bill by its rule: lines, common area, weights, vacancy, days, limits, one rounding.

    Errors: CannotAllocate with every problem that stands in the way.
    """
    weighed = admissible(bill)
    basis = share_out(bill, take_apart(bill), weighed)
    refuse_more_than_the_bill(basis)
    parts = owner_parts(basis)
    settled = settle(basis, parts)
    lines = tuple(_tenant_lines(basis, settled.line_cents))
    owner = tuple(_owner_lines(basis, parts, settled.part_cents, settled.line_cents))
    tenants_cents = sum([line.cents for line in lines])
    owner_cents = sum([line.cents for line in owner])
    left_over = bill.amount_cents - tenants_cents - owner_cents
    if left_over:
        owner += (OwnerLine(basis, None, None, left_over, Bucket.ROUNDING),)
    return Allocation(
        engine_version=ENGINE_VERSION,
        basis=basis,
        bill_cents=bill.amount_cents,
        tenants_cents=tenants_cents,
        owner_cents=owner_cents + left_over,
        lines=lines,
        owner=owner,
        fees=charge_fees(lines, bill.rule.admin_fee, basis.amounts.sign),
    )


def _tenant_lines(basis: Basis, cents: Sequence[int]) -> Iterator[TenantLine]:
    units, buckets = basis.claims.units, basis.claims.buckets
    for row, amount in zip(basis.claims.heads, cents, strict=True):
        if buckets[row] is None:
            yield TenantLine(basis, row, units[row], amount)


def _owner_lines(
    basis: Basis, parts: Sequence[OwnerPart], part_cents: Sequence[int], cents: Sequence[int]
) -> Iterator[OwnerLine]:
    for part, amount in zip(parts, part_cents, strict=True):
        yield OwnerLine(basis, None, part.unit, amount, part.bucket, part)
    units, buckets = basis.claims.units, basis.claims.buckets
    for row, amount in zip(basis.claims.heads, cents, strict=True):
        bucket = buckets[row]
        if bucket is not None:
            yield OwnerLine(basis, row, units[row], amount, bucket)
