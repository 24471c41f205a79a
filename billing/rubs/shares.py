"""From weights to what falls to every claim: pools, fixed charges, limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm

from billing.rubs.amounts import Amounts
from billing.rubs.basis import Basis
from billing.rubs.by_day import cut_into_segments, shared_divisors, shares_by_segment
from billing.rubs.claims import Claims
from billing.rubs.fixed import fix_charge
from billing.rubs.inputs import BillInput
from billing.rubs.limits import Limitable, Limited, limit_shares
from billing.rubs.methods import MIX, Method
from billing.rubs.numbers import exact
from billing.rubs.pools import (
    Pool,
    Spreading,
    divisors_for,
    owner_part_of,
    shares_by_days,
    start_weight_of,
    totals_of,
)
from billing.rubs.rule_input import Limits, MixPart, Proration, RuleInput
from billing.rubs.weights import Weighed, scale_weights


@dataclass(frozen=True, slots=True)
class WeighedPart:
    """One method of a rule, with its part of the amount to share and what it read."""

    part: MixPart
    method: Method
    weighed: Weighed


@dataclass(frozen=True, slots=True)
class WeighedBill:
    """A bill's claims, weighed by every method of its rule."""

    claims: Claims
    parts: tuple[WeighedPart, ...]


def parts_of(rule: RuleInput) -> tuple[MixPart, ...]:
    """List the methods of a rule with their percentages; a rule that is no mix has one."""
    if rule.method == MIX:
        return rule.mix
    return (
        MixPart(method=rule.method, percent=100, denominator_at_least=rule.denominator_at_least),
    )


def share_out(bill: BillInput, amounts: Amounts, weighed: WeighedBill) -> Basis:
    """Compute what falls to every claim, exactly, limits applied."""
    claims = weighed.claims
    pools = tuple(_pool(bill, amounts, claims, part) for part in weighed.parts)
    fixed = tuple(fix_charge(line, bill, claims) for line in amounts.fixed)
    basis = Basis(
        period=bill.period,
        rule=bill.rule,
        amounts=amounts,
        claims=claims,
        pools=pools,
        fixed=fixed,
        numerators=(),
        scale=1,
        limited={},
    )
    numerators, scale = _add_up(basis)
    basis = replace(basis, numerators=numerators, scale=scale)
    return replace(basis, limited=_limits(basis))


def _pool(bill: BillInput, amounts: Amounts, claims: Claims, of: WeighedPart) -> Pool:
    weights = scale_weights(of.weighed, claims.days, bill.period.days)
    spreading = Spreading(
        claims=claims,
        weights=weights,
        period_days=bill.period.days,
        owner_part=owner_part_of(bill.rule),
        at_least=_at_least(of),
    )
    # A meter counts what was used, whenever that was.
    proration = Proration.DAYS if of.method.name == "submeter" else bill.rule.proration
    start = start_weight_of(spreading) if proration is Proration.START_OF_PERIOD else None
    pool = _shared_by_days(spreading, of, amounts.pool_cents, start)
    return _cut_by_day(pool, spreading) if proration is Proration.BY_DAY else pool


def _shared_by_days(
    spreading: Spreading, of: WeighedPart, pool_cents: Fraction, start: Fraction | None
) -> Pool:
    totals, percent = totals_of(spreading), Fraction(exact(of.part.percent))
    at_least = max(spreading.at_least, start or Fraction(0))
    divisors = divisors_for(totals, at_least, spreading.owner_part)
    shares, share_scale = shares_by_days(spreading, divisors)
    return Pool(
        method=of.method.name,
        label=of.method.label,
        percent=percent,
        cents=pool_cents * percent / 100,
        terms=spreading.weights.terms,
        undated=spreading.weights.undated,
        weight_units=spreading.weights.units,
        weight_scale=spreading.weight_scale,
        shares=shares,
        share_scale=share_scale,
        totals=totals,
        divisors=divisors,
        at_least=spreading.at_least,
        start_weight=start,
    )


def _cut_by_day(pool: Pool, spreading: Spreading) -> Pool:
    segments = cut_into_segments(spreading)
    shares, share_scale = shares_by_segment(spreading, segments)
    return replace(
        pool,
        shares=shares,
        share_scale=share_scale,
        divisors=shared_divisors(segments, pool.totals),
        segments=segments,
    )


def _at_least(of: WeighedPart) -> Fraction:
    asked = of.part.denominator_at_least
    return max(Fraction(of.method.whole or 0), Fraction(0 if asked is None else exact(asked)))


def _add_up(basis: Basis) -> tuple[Sequence[int], int]:
    """Add up what each claim gets of every pool and fixed charge, over one denominator."""
    rates = [pool.cents / pool.share_scale for pool in basis.pools]
    per_day = (
        sum((charge.per_unit_cents for charge in basis.fixed), Fraction(0)) / basis.period.days
    )
    scale = lcm(per_day.denominator, *(rate.denominator for rate in rates))
    first, *others = (
        [factor * share for share in pool.shares]
        for pool, factor in zip(basis.pools, (int(rate * scale) for rate in rates), strict=True)
    )
    for column in others:
        first = [one + other for one, other in zip(first, column, strict=True)]
    if per_day:
        daily = int(per_day * scale)
        first = [
            share if bucket else share + daily * days
            for share, bucket, days in zip(
                first, basis.claims.buckets, basis.claims.days, strict=True
            )
        ]
    return first if basis.claims.one_each else _merged(first, basis), scale


def _merged(column: list[int], basis: Basis) -> list[int]:
    merged = [0] * len(column)
    for head in basis.claims.heads:
        merged[head] = sum(column[place] for place in basis.places(head))
    return merged


def _limits(basis: Basis) -> Mapping[int, Limited]:
    rule, claims = basis.rule, basis.claims
    if rule.limits == Limits() and not any(unit.limits for unit in claims.units):
        return {}
    sign = basis.amounts.sign
    shares = []
    tenants = Fraction(0)
    for row in claims.heads:
        if claims.buckets[row] is None:
            days = sum(claims.days[place] for place in basis.places(row))
            cents = sign * basis.unlimited_cents(row)
            tenants += cents
            shares.append(
                Limitable(
                    place=row,
                    cents=cents,
                    limits=claims.units[row].limits or rule.limits,
                    days=days if rule.limits_by_days else basis.period.days,
                    period_days=basis.period.days,
                )
            )
    room = sign * basis.amounts.ceiling_cents - tenants
    return limit_shares(shares, room_cents=room)
