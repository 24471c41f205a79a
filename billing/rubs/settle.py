"""Bring all shares to one denominator and round them once, the owner's among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm

from billing.rubs.basis import Basis
from billing.rubs.results import OwnerPart
from billing.rubs.rounding import floor_shares, round_shares


@dataclass(frozen=True, slots=True)
class Settled:
    """Cents for the owner's parts and for every line.

    Units: cents.
    """

    part_cents: list[int]
    line_cents: list[int]


def settle(basis: Basis, parts: Sequence[OwnerPart]) -> Settled:
    """Round the owner's parts, first, and the lines, in their order."""
    after = {row: basis.exact_cents(row) for row in basis.limited}
    scale = lcm(
        basis.scale,
        *(part.cents.denominator for part in parts),
        *(cents.denominator for cents in after.values()),
    )
    factor = basis.amounts.sign * (scale // basis.scale)
    numerators = _of_lines(basis)
    if factor != 1:
        numerators = [factor * numerator for numerator in numerators]
    line_of = {row: place for place, row in enumerate(basis.claims.heads)} if after else {}
    for row, cents in after.items():
        numerators[line_of[row]] = basis.amounts.sign * int(cents * scale)
    first = [basis.amounts.sign * int(part.cents * scale) for part in parts]
    divide = floor_shares if basis.strict_floor else round_shares
    rounded = divide([*first, *numerators], scale)
    if basis.amounts.sign < 0:
        rounded = [-cents for cents in rounded]
    return Settled(rounded[: len(first)], rounded[len(first) :])


def _of_lines(basis: Basis) -> list[int]:
    return [basis.numerators[row] for row in basis.claims.heads]
