"""The one place where a bill's shares become whole cents."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from billing.rubs.selection import nth_largest


def round_shares(numerators: Sequence[int], scale: int) -> list[int]:
    """Turn exact shares that add up to whole cents into cents, without losing or making one.

    Each share is cut down to the cent; the cents left over go one each to the largest remainders,
    and among equal remainders to whoever comes first in the sequence.

    Shape: a share is its numerator divided by `scale`.
    Units: cents.
    Errors: ValueError when the shares do not add up to whole cents.
    """
    total, odd = divmod(sum(numerators), scale)
    if odd:
        raise ValueError("the shares do not add up to whole cents")
    cents = floor_shares(numerators, scale)
    left_over = total - sum(cents)
    if left_over:
        _give(cents, [numerator % scale for numerator in numerators], left_over)
    return cents


def floor_shares(numerators: Sequence[int], scale: int) -> list[int]:
    """Cut every share down to the cent, and leave the rest undivided.

    Units: cents.
    """
    return [numerator // scale for numerator in numerators]


def largest_remainder(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to weights.

    Units: cents; a negative amount is the mirror image of the positive one.
    Errors: ValueError when a weight is negative or there is nothing to divide by.
    """
    return _signed(round_shares(_numerators(amount, weights), sum(weights)), amount)


def strict_floor(amount: int, weights: Sequence[int]) -> list[int]:
    """Cut every proportional share to the cent, toward zero, and leave the rest undivided.

    Units: cents.
    Errors: ValueError when a weight is negative or there is nothing to divide by.
    """
    return _signed(floor_shares(_numerators(amount, weights), sum(weights)), amount)


def _give(cents: list[int], remainders: Sequence[int], left_over: int) -> None:
    """Add a cent for each of the largest remainders, the first among equals first."""
    smallest = nth_largest(remainders, left_over)
    larger = [place for place, remainder in enumerate(remainders) if remainder > smallest]
    equals = (place for place, remainder in enumerate(remainders) if remainder == smallest)
    for place in (*larger, *islice(equals, left_over - len(larger))):
        cents[place] += 1


def _numerators(amount: int, weights: Sequence[int]) -> list[int]:
    if sum(weights) <= 0 or min(weights) < 0:
        raise ValueError("shares need weights that are not negative and not all zero")
    return [abs(amount) * weight for weight in weights]


def _signed(shares: list[int], amount: int) -> list[int]:
    return [-share for share in shares] if amount < 0 else shares
