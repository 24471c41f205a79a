"""Weights brought to one common denominator, so that the rest is integer arithmetic."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import lcm
from operator import attrgetter, mul
from typing import Any, Final

from billing.rubs.claims import Claims
from billing.rubs.fields import USAGE, Term
from billing.rubs.inputs import UnitInput
from billing.rubs.methods import Method, Reading, Terms
from billing.rubs.numbers import Exact, exact, exact_or_none
from billing.rubs.rule_input import RuleInput

_VACANT: Final = "vacant"


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a method read for every claim, and the terms that it made of each fact.

    Shape: `facts` in the order of the claims; claims in `undated` were metered for their own days,
        so that the days do not count once more.
    """

    facts: Sequence[Hashable]
    terms_of: Mapping[Hashable, Terms]
    undated: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of the claims, times days, as integers.

    Shape: `units` in the order of the claims; units / scale is the weight times days.
    """

    terms: Sequence[Terms]
    undated: frozenset[int]
    units: Sequence[int]
    scale: int


def weigh(claims: Claims, method: Method, rule: RuleInput) -> Weighed:
    """Read what a method asks for; equal facts share their terms."""
    if method.name == "submeter" and any(stay and stay.usage is not None for stay in claims.stays):
        return _metered(claims)
    facts = _facts(claims, method)
    return Weighed(facts, {fact: method.terms(_reading(fact, rule)) for fact in set(facts)})


def scale_weights(weighed: Weighed, days: Sequence[int], period_days: int) -> Weights:
    """Scale the weights of the claims to integers without loss.

    Errors: ValueError when a quantity is unknown.
    """
    plain = {fact: weight_of(terms) for fact, terms in weighed.terms_of.items()}
    scale = lcm(*(weight.denominator for weight in plain.values()))
    whole = {
        fact: weight.numerator * (scale // weight.denominator) for fact, weight in plain.items()
    }
    counted = days
    if weighed.undated:
        counted = [period_days if place in weighed.undated else n for place, n in enumerate(days)]
    units = list(map(mul, map(whole.__getitem__, weighed.facts), counted))
    terms = list(map(weighed.terms_of.__getitem__, weighed.facts))
    return Weights(terms, weighed.undated, units, scale)


def weight_of(terms: Sequence[Term]) -> Exact:
    """Add up the terms of a weight.

    Errors: ValueError when a quantity is unknown.
    """
    if len(terms) == 1:
        return terms[0].weight
    return sum(term.weight for term in terms)


def _facts(claims: Claims, method: Method) -> Sequence[Hashable]:
    if not method.reads:
        return [None] * len(claims)
    read = attrgetter(*method.reads)
    if method.of_stay:
        return [_VACANT if stay is None else read(stay) for stay in claims.stays]
    return list(map(read, claims.units))


def _reading(fact: Any, rule: RuleInput) -> Reading:
    if fact is _VACANT:
        return Reading((exact_or_none(rule.vacant_unit_occupants),), rule, vacant=True)
    facts = fact if isinstance(fact, tuple) else (fact,)
    return Reading(tuple(map(exact_or_none, facts)), rule)


def _metered(claims: Claims) -> Weighed:
    """Read each stay's own meter reading; what it leaves of the unit's was used while vacant."""
    read: dict[str, Exact] = {}
    for unit, stay in zip(claims.units, claims.stays, strict=True):
        if stay is not None and stay.usage is not None:
            read[unit.key] = read.get(unit.key, 0) + exact(stay.usage)
    facts: list[Hashable] = []
    terms_of: dict[Hashable, Terms] = {}
    undated = set()
    for place, (unit, stay) in enumerate(zip(claims.units, claims.stays, strict=True)):
        if unit.key not in read:
            usage = exact_or_none(unit.usage)
        else:
            undated.add(place)
            usage = _left_over(unit, read) if stay is None else exact_or_none(stay.usage)
        facts.append(usage)
        terms_of[usage] = (Term(USAGE, usage),)
    return Weighed(facts, terms_of, frozenset(undated))


def _left_over(unit: UnitInput, read: Mapping[str, Exact]) -> Exact | None:
    return None if unit.usage is None else exact(unit.usage) - read[unit.key]
