"""Pools: an amount, a weight for every claim on it, and the share that follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from billing.rubs.buckets import Bucket
from billing.rubs.claims import Claims
from billing.rubs.fields import Term
from billing.rubs.numbers import exact
from billing.rubs.rule_input import RuleInput, Vacancy
from billing.rubs.weights import Weights

KINDS: tuple[Bucket | None, ...] = (None, Bucket.VACANCY, Bucket.EXCLUDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What the claims of a pool weigh together, over some days.

    Units: the method's weight.
    """

    tenants: Fraction
    vacant: Fraction
    excluded: Fraction

    @property
    def all(self) -> Fraction:
        """Add up all claims."""
        return self.tenants + self.vacant + self.excluded


@dataclass(frozen=True, slots=True, kw_only=True)
class Divisors:
    """What a weight is divided by, whoever it belongs to.

    Shape: `whole` is what the claims weigh together, or more when the rule divides by more; the
        others differ from it when the owner bears only a part of the share of vacant units.
    """

    whole: Fraction
    tenants: Fraction
    vacant: Fraction

    def of(self, bucket: Bucket | None) -> Fraction:
        """Pick the divisor for a claim."""
        if bucket is None:
            return self.tenants
        return self.vacant if bucket is Bucket.VACANCY else self.whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Days on which the same claims stand, when the bill is cut into days.

    Shape: `first` counts from the period's start.
    Units: days.
    """

    first: int
    days: int
    totals: Totals
    divisors: Divisors


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A part of the bill that is shared by one method.

    Shape: shares[n] / share_scale is the part of the pool that falls to claim n; weight_units[n] /
        weight_scale is its weight, prorated by days. `start_weight` is what stood at the start of
        the period, when that is the divisor; `segments` when the bill is cut into days.
    Units: cents, exact; percent of the amount to share.
    """

    method: str
    label: str
    percent: Fraction
    cents: Fraction
    terms: Sequence[tuple[Term, ...]]
    undated: frozenset[int]
    weight_units: Sequence[int]
    weight_scale: int
    shares: Sequence[int]
    share_scale: int
    totals: Totals
    divisors: Divisors
    at_least: Fraction
    start_weight: Fraction | None = None
    segments: tuple[Segment, ...] = ()

    @property
    def rest(self) -> Fraction:
        """Tell the part of the pool that no claim takes; it is the owner's."""
        return 1 - Fraction(sum(self.shares), self.share_scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spreading:
    """How the weights of one pool become shares.

    Units: owner_part as a fraction of a vacant unit's normal share; at_least in weight.
    """

    claims: Claims
    weights: Weights
    period_days: int
    owner_part: Fraction
    at_least: Fraction

    @property
    def weight_scale(self) -> int:
        """Tell what a weight times days is divided by to be a weight prorated by days."""
        return self.weights.scale * self.period_days


def owner_part_of(rule: RuleInput) -> Fraction:
    """Tell which part of a vacant unit's normal share the owner bears."""
    if rule.vacancy is Vacancy.PARTIAL and rule.vacancy_owner_percent is not None:
        return Fraction(exact(rule.vacancy_owner_percent)) / 100
    return Fraction(1)


def divisors_for(totals: Totals, at_least: Fraction, owner_part: Fraction) -> Divisors:
    """Find the divisors that make the shares add up to one, or to less when `at_least` is more."""
    whole = max(totals.all, at_least)
    if owner_part == 1 or not totals.vacant or not totals.tenants:
        return Divisors(whole=whole, tenants=whole, vacant=whole)
    absorbed = (1 - owner_part) * totals.vacant
    return Divisors(
        whole=whole,
        tenants=whole * totals.tenants / (totals.tenants + absorbed),
        vacant=whole / owner_part,
    )


def totals_of(spreading: Spreading) -> Totals:
    """Add up the weights of the claims, prorated by days."""
    units, scale = spreading.weights.units, spreading.weight_scale
    sums = dict.fromkeys(KINDS, 0)
    owner = 0
    for unit, bucket in zip(units, spreading.claims.buckets, strict=True):
        if bucket is not None:
            sums[bucket] += unit
            owner += unit
    return Totals(
        tenants=Fraction(sum(units) - owner, scale),
        vacant=Fraction(sums[Bucket.VACANCY], scale),
        excluded=Fraction(sums[Bucket.EXCLUDED], scale),
    )


def start_weight_of(spreading: Spreading) -> Fraction:
    """Add up what the claims weigh that stand on the first day of the period."""
    claims, weights = spreading.claims, spreading.weights
    standing = (
        units // days
        for units, first, days in zip(weights.units, claims.firsts, claims.days, strict=True)
        if first == 0
    )
    return Fraction(sum(standing), weights.scale)


def shares_by_days(spreading: Spreading, divisors: Divisors) -> tuple[Sequence[int], int]:
    """Divide each weight, prorated by days, by its divisor.

    Shape: integers, and what to divide them by.
    """
    units, scale = spreading.weights.units, spreading.weight_scale
    by_kind = {kind: divisors.of(kind) * scale for kind in KINDS}
    common = lcm(*(divisor.numerator for divisor in by_kind.values()))
    factors = {
        kind: common // divisor.numerator * divisor.denominator for kind, divisor in by_kind.items()
    }
    if set(factors.values()) == {1}:
        return units, common
    buckets = spreading.claims.buckets
    return [unit * factors[b] for unit, b in zip(units, buckets, strict=True)], common
