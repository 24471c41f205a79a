"""Dollars on the wire, cents in the ledger."""

from __future__ import annotations

from decimal import Decimal

LARGEST_DOLLARS = 9_999_999


class NotAnAmount(ValueError):
    """The number is not a charge's amount; the text says why."""


def cents_from(dollars: Decimal | int) -> int:
    """Turn dollars into cents.

    Errors: NotAnAmount for more than two decimals, for nothing, and for sums that no charge has.
    """
    amount = Decimal(dollars)
    # The size comes first: arithmetic on 1e999999 would not end well.
    if not amount.is_finite() or amount.copy_abs() > LARGEST_DOLLARS:
        raise NotAnAmount(f"must be between -{LARGEST_DOLLARS} and {LARGEST_DOLLARS}")
    whole_cents = amount.quantize(Decimal("0.01"))
    if whole_cents != amount:
        raise NotAnAmount("must have at most two decimals")
    if not amount:
        raise NotAnAmount("must not be zero")
    return int(whole_cents.scaleb(2))


def dollars_from(cents: int) -> Decimal:
    """Turn cents into dollars with exactly two decimals."""
    return Decimal(cents).scaleb(-2)
