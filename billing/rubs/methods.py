"""The methods of sharing: what a unit weighs, as terms that can be added up and printed.

A new method is one more function with `@_method`: it says what it reads and names the terms, and
the check that they are known, the arithmetic and the explanation follow from them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from billing.rubs.fields import (
    ASSUMED_OCCUPANTS,
    ASSUMED_RATIO,
    BATHROOMS,
    BEDROOM_RATIO,
    BEDROOMS,
    OCCUPANCY_RATIO,
    OCCUPANTS,
    PERCENT,
    SQUARE_FEET,
    STUDIO,
    UNIT,
    USAGE,
    WEIGHT,
    Field,
    Term,
)
from billing.rubs.numbers import Exact, exact
from billing.rubs.rule_input import RatioTable, RuleInput

Terms = tuple[Term, ...]

MIX: Final = "mix"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a method read of a unit or a stay, None where it is unknown.

    Shape: `facts` in the order of the method's `reads`; of a vacant unit, whose people nobody can
        count, a method that counts people reads the number that the rule assumes.
    """

    facts: tuple[Exact | None, ...]
    rule: RuleInput
    vacant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One way to weigh units.

    Shape: `reads` are attributes of the unit, or of the stay where `of_stay`; `whole` is the
        smallest divisor, so that what the units do not make up of it is the owner's.
    """

    name: str
    label: str
    reads: tuple[str, ...]
    terms: Callable[[Reading], Terms]
    of_stay: bool = False
    whole: int | None = None


METHODS: dict[str, Method] = {}


def _method(
    *reads: str, label: str, of_stay: bool = False, whole: int | None = None
) -> Callable[[Callable[[Reading], Terms]], Callable[[Reading], Terms]]:
    def register(terms: Callable[[Reading], Terms]) -> Callable[[Reading], Terms]:
        METHODS[terms.__name__] = Method(
            name=terms.__name__,
            label=label,
            reads=reads,
            terms=terms,
            of_stay=of_stay,
            whole=whole,
        )
        return terms

    return register


@_method("sqft", label="square footage")
def square_feet(reading: Reading) -> Terms:
    """Weigh a unit by its floor area.

    Units: square feet.
    """
    return (Term(SQUARE_FEET, reading.facts[0]),)


@_method("occupants", label="occupants", of_stay=True)
def occupants(reading: Reading) -> Terms:
    """Weigh a stay by its people, and a vacant unit by the number that the rule assumes.

    Units: people.
    """
    return (Term(ASSUMED_OCCUPANTS if reading.vacant else OCCUPANTS, reading.facts[0]),)


@_method("occupants", label="occupancy ratio", of_stay=True)
def ratio_occupancy(reading: Reading) -> Terms:
    """Weigh a stay by the rule's ratio for its number of people.

    Source: 16 TAC 24.281(e)(2) for the table that a rule has unless it is given another.
    """
    (people,) = reading.facts
    plain, ratio = (
        (ASSUMED_OCCUPANTS, ASSUMED_RATIO) if reading.vacant else (OCCUPANTS, OCCUPANCY_RATIO)
    )
    return (_looked_up(reading.rule.occupancy_ratios, people, plain, ratio),)


@_method("bedrooms", label="bedrooms")
def bedrooms(reading: Reading) -> Terms:
    """Weigh a unit by its bedrooms.

    Shape: a studio counts as the rule says.
    """
    return (_bedrooms(reading, 1),)


@_method("bedrooms", "bathrooms", label="bedrooms and bathrooms")
def bed_bath(reading: Reading) -> Terms:
    """Weigh a unit by its bedrooms and bathrooms, each with the rule's factor.

    Shape: a term whose factor is 0 is left out, so that its quantity need not be known.
    """
    rule = reading.rule
    terms = (
        _bedrooms(reading, exact(rule.bedroom_factor)),
        Term(BATHROOMS, reading.facts[1], exact(rule.bathroom_factor)),
    )
    return tuple(term for term in terms if term.factor)


@_method("bedrooms", label="estimated occupancy")
def estimated_occupancy(reading: Reading) -> Terms:
    """Weigh a unit by the people that its bedrooms let one expect, whoever really lives there.

    Source: 16 TAC 24.281(e)(2) for the table that a rule has unless it is given another.
    """
    return (_looked_up(reading.rule.bedroom_ratios, reading.facts[0], BEDROOMS, BEDROOM_RATIO),)


@_method(label="equal shares")
def equal(_reading: Reading) -> Terms:
    """Weigh every unit the same."""
    return (Term(UNIT, 1),)


@_method("weight", label="weights set for the units")
def custom_weight(reading: Reading) -> Terms:
    """Weigh a unit as somebody set it."""
    return (Term(WEIGHT, reading.facts[0]),)


@_method("percent", label="percentages", whole=100)
def percentage(reading: Reading) -> Terms:
    """Give a unit its percentage; the owner keeps what is not given away.

    Units: percent.
    """
    return (Term(PERCENT, reading.facts[0]),)


@_method("usage", label="submeters")
def submeter(reading: Reading) -> Terms:
    """Weigh a unit by what its submeter counted."""
    return (Term(USAGE, reading.facts[0]),)


def _bedrooms(reading: Reading, factor: Exact) -> Term:
    count = reading.facts[0]
    if count == 0:
        return Term(STUDIO, exact(reading.rule.studio_bedrooms), factor, read=0)
    return Term(BEDROOMS, count, factor)


def _looked_up(table: RatioTable, count: Exact | None, plain: Field, ratio: Field) -> Term:
    """Look a count up; one that the table does not know is left for the checks to refuse."""
    if count is None or (count <= 0 and not plain.zero_counts):
        return Term(plain, count)
    if count < table.first or int(count) != count:
        return Term(plain, None, read=count)
    return Term(ratio, table.ratio_of(int(count)), read=count)
