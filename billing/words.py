"""Months and shares in the words that pages and papers have in common."""

from __future__ import annotations

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from billing.models import UtilityBill
from meterbase.lib.periods import Period


def month_of(period: Period) -> date:
    """Find the first day of the month in which the middle of a service period lies."""
    return period.middle.replace(day=1)


def billing_month(bill: UtilityBill) -> str:
    """Name the month in which the middle of the service period lies, such as March 2026."""
    return f"{month_of(bill.period):%B %Y}"


def percent(share: Fraction, *, places: int) -> str:
    """Write a share as a percentage, rounded for reading only."""
    exact = Decimal(share.numerator * 100) / Decimal(share.denominator)
    return f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,f} %"


def natural_order(label: str) -> list[int | str]:
    """Give a key that sorts 2 before 10 and A-2 before A-10."""
    parts = re.split(r"([0-9]+)", label)
    return [int(part) if n % 2 else part.casefold() for n, part in enumerate(parts)]
