"""The one place where a bill's shares become whole cents."""

from __future__ import annotations

from collections.abc import Sequence


def largest_remainder(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to weights, without losing or making a cent.

    Each share is cut to the cent; the cents left over go one each to the largest remainders, and
    among equal remainders to whoever comes first in the sequence.

    Units: cents; a negative amount is the mirror image of the positive one.
    Errors: ValueError when a weight is negative or there is nothing to divide by.
    """
    shares, remainders = _cut(abs(amount), weights)
    left_over = abs(amount) - sum(shares)
    if left_over:
        by_remainder = sorted(range(len(weights)), key=remainders.__getitem__, reverse=True)
        for position in by_remainder[:left_over]:
            shares[position] += 1
    return _signed(shares, amount)


def strict_floor(amount: int, weights: Sequence[int]) -> list[int]:
    """Cut every proportional share to the cent, toward zero, and leave the rest undivided.

    Units: cents.
    Errors: ValueError when a weight is negative or there is nothing to divide by.
    """
    shares, _ = _cut(abs(amount), weights)
    return _signed(shares, amount)


def _cut(magnitude: int, weights: Sequence[int]) -> tuple[list[int], list[int]]:
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("shares need weights that are not negative and not all zero")
    shares, remainders = [], []
    for weight in weights:
        share, remainder = divmod(magnitude * weight, total)
        shares.append(share)
        remainders.append(remainder)
    return shares, remainders


def _signed(shares: list[int], amount: int) -> list[int]:
    return [-share for share in shares] if amount < 0 else shares
