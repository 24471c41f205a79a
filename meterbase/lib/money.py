"""Money is integer cents inside, dollars with two decimals at the edges.

This module holds the only conversions between the two. Nothing here, and nothing that calls it,
uses binary floating point.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import NewType

Cents = NewType("Cents", int)

ZERO = Cents(0)

# What a bigint column holds with room to sum: a hundred billion dollars.
LARGEST = Cents(10_000_000_000_000)


class NotAnAmount(ValueError):
    """The text or number is not a dollar amount with at most two decimals."""


def cents_from_dollars(dollars: Decimal | int | str) -> Cents:
    """Turn an exact dollar amount into cents.

    Units: dollars in, cents out.
    Errors: NotAnAmount when there are more than two decimals, or it is no finite number.
    """
    try:
        amount = Decimal(dollars)
    except InvalidOperation:
        raise NotAnAmount(f"{dollars!r} is not an amount in dollars") from None
    if not amount.is_finite():
        raise NotAnAmount(f"{dollars!r} is not an amount in dollars")
    # The size first: a huge exponent must not reach the arithmetic, whose digits are limited.
    if abs(amount) > LARGEST // 100:
        raise NotAnAmount(f"{dollars} is larger than any bill that MeterBase handles")
    if amount != amount.quantize(Decimal("0.01")):
        raise NotAnAmount(f"{dollars} has more than two decimals")
    return Cents(int(amount.scaleb(2)))


def dollars_from_cents(cents: int) -> Decimal:
    """Turn cents into dollars with exactly two decimals.

    Units: cents in, dollars out.
    """
    return Decimal(cents).scaleb(-2).quantize(Decimal("0.01"))


def format_dollars(cents: int) -> str:
    """Write cents as people read them: $1,234.50, and −$0.05 for a credit.

    Units: cents in.
    """
    sign = "\N{MINUS SIGN}" if cents < 0 else ""
    dollars, rest = divmod(abs(cents), 100)
    return f"{sign}${dollars:,}.{rest:02}"
