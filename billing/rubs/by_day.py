"""Cutting a bill into days: each day's part is shared among those who stand on that day."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from math import lcm

from billing.rubs.buckets import Bucket
from billing.rubs.pools import KINDS, Divisors, Segment, Spreading, Totals, divisors_for


def cut_into_segments(spreading: Spreading) -> tuple[Segment, ...]:
    """List the stretches of days between two changes, with what stands on each of them."""
    claims, length = spreading.claims, spreading.period_days
    ends = map(sum, zip(claims.firsts, claims.days, strict=True))
    marks = sorted({0, length, *claims.firsts, *ends})
    changes = {mark: dict.fromkeys(KINDS, 0) for mark in marks}
    for weight, bucket, first, days in zip(
        _weights_of_a_day(spreading), claims.buckets, claims.firsts, claims.days, strict=True
    ):
        changes[first][bucket] += weight
        changes[first + days][bucket] -= weight
    standing = dict.fromkeys(KINDS, 0)
    segments = []
    for first, end in pairwise(marks):
        for kind in KINDS:
            standing[kind] += changes[first][kind]
        totals = _totals(standing, spreading.weights.scale)
        divisors = divisors_for(totals, spreading.at_least, spreading.owner_part)
        segments.append(Segment(first=first, days=end - first, totals=totals, divisors=divisors))
    return tuple(segments)


def shares_by_segment(
    spreading: Spreading, segments: Sequence[Segment]
) -> tuple[Sequence[int], int]:
    """Add up each claim's share of the days on which it stands.

    Shape: integers, and what to divide them by.
    """
    scale = spreading.weight_scale
    rates = {
        kind: [_rate(segment, segment.divisors.of(kind), scale) for segment in segments]
        for kind in KINDS
    }
    common = lcm(*(rate.denominator for kind in KINDS for rate in rates[kind]))
    sums = {
        kind: list(accumulate((int(rate * common) for rate in rates[kind]), initial=0))
        for kind in KINDS
    }
    marks = [segment.first for segment in segments] + [spreading.period_days]
    place = {mark: n for n, mark in enumerate(marks)}
    claims = spreading.claims
    shares = [
        weight * (sums[bucket][place[first + days]] - sums[bucket][place[first]])
        for weight, bucket, first, days in zip(
            _weights_of_a_day(spreading), claims.buckets, claims.firsts, claims.days, strict=True
        )
    ]
    return shares, common


def shared_divisors(segments: Sequence[Segment], totals: Totals) -> Divisors:
    """Give the average over the days, for those who ask for one figure."""
    days = sum(segment.days for segment in segments)
    whole = sum((segment.divisors.whole * segment.days for segment in segments), Fraction(0)) / days
    return Divisors(whole=max(whole, totals.all), tenants=whole, vacant=whole)


def _weights_of_a_day(spreading: Spreading) -> list[int]:
    pairs = zip(spreading.weights.units, spreading.claims.days, strict=True)
    return [units // days for units, days in pairs]


def _totals(standing: dict[Bucket | None, int], scale: int) -> Totals:
    return Totals(
        tenants=Fraction(standing[None], scale),
        vacant=Fraction(standing[Bucket.VACANCY], scale),
        excluded=Fraction(standing[Bucket.EXCLUDED], scale),
    )


def _rate(segment: Segment, divisor: Fraction, scale: int) -> Fraction:
    return segment.days / (divisor * scale) if divisor else Fraction(0)
