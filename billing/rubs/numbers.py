"""Exact numbers: what may come in, and what is kept out."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

Exact = int | Fraction
Number = int | Decimal | Fraction


def exact(number: Number) -> Exact:
    """Turn a number into one that adds and multiplies without loss."""
    return Fraction(number) if isinstance(number, Decimal) else number


def exact_or_none(number: Number | None) -> Exact | None:
    """Turn a number into an exact one, and leave the unknown unknown."""
    return None if number is None else exact(number)


def refuse_floats(*values: object) -> None:
    """Keep binary floats out.

    Errors: TypeError.
    """
    for value in values:
        if isinstance(value, float):
            raise TypeError(f"{value!r} is a binary float; give an int, a Decimal or a Fraction")
