"""What was left of a bill to share, and by which methods it was shared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from billing.models import Calculation, Method
from billing.rubs.figures import dollars_cut, plain

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """Days on which the same people were there to share."""

    first_day: date
    days: int
    weight: str
    divisor: str


@dataclass(frozen=True, slots=True)
class Part:
    """The part of the amount to share that goes by one method.

    Shape: exact figures as texts; `spans` only where a rule shares day by day.
    """

    method: str
    percent: str
    amount: str
    tenants_weight: str
    vacant_weight: str
    excluded_weight: str
    divisor: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Pools:
    """The amount to share with its parts."""

    amount: str
    parts: tuple[Part, ...]
    has_excluded: bool


def pools_of(calculation: Calculation) -> Pools:
    """Set out what was shared by weight."""
    basis = calculation.result["basis"]
    start = date.fromisoformat(basis["period"]["start"])
    return Pools(
        amount=dollars_cut(Fraction(basis["pool_exact_cents"])),
        parts=tuple(_part(pool, start) for pool in basis["pools"]),
        has_excluded=any(Fraction(pool["excluded_weight"]) for pool in basis["pools"]),
    )


def _part(pool: Json, start: date) -> Part:
    return Part(
        method=Method(pool["method"]).label,
        percent=plain(Fraction(pool["percent"])),
        amount=dollars_cut(Fraction(pool["exact_cents"])),
        tenants_weight=plain(Fraction(pool["tenants_weight"])),
        vacant_weight=plain(Fraction(pool["vacant_weight"])),
        excluded_weight=plain(Fraction(pool["excluded_weight"])),
        divisor=plain(Fraction(pool["divisor"])),
        spans=tuple(
            Span(
                start + timedelta(days=segment["first_day"] - 1),
                segment["days"],
                plain(Fraction(segment["tenants_weight"])),
                plain(Fraction(segment["divisor"])),
            )
            for segment in pool["segments"]
        ),
    )
