"""Weights brought to one common denominator, so that the rest is integer arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm

from billing.rubs.claims import Claim
from billing.rubs.inputs import Exact
from billing.rubs.methods import Term


@dataclass(frozen=True, slots=True)
class ScaledWeights:
    """The weights of the claims, times days, as integers.

    Shape: `units` in the order of the claims; units / scale is the weight times days.
    """

    units: tuple[int, ...]
    scale: int
    total: int


def scale_weights(claims: Sequence[Claim]) -> ScaledWeights:
    """Scale the weights of the claims to integers without loss.

    Errors: ValueError when a quantity is unknown.
    """
    plain = [weight_of(claim.terms) for claim in claims]
    scale = lcm(*{weight.denominator for weight in plain})
    units = tuple(
        weight.numerator * (scale // weight.denominator) * claim.days
        for weight, claim in zip(plain, claims, strict=True)
    )
    return ScaledWeights(units, scale, sum(units))


def weight_of(terms: Sequence[Term]) -> Exact:
    """Add up the terms of a weight.

    Errors: ValueError when a quantity is unknown.
    """
    if len(terms) == 1:
        return terms[0].weight
    return sum(term.weight for term in terms)
