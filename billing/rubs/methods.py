"""The methods of sharing: what a unit weighs, as terms that can be added up and printed.

A new method is one more function with `@_method`: it names the terms, and the check that they are
known, the arithmetic and the explanation follow from them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from billing.rubs.inputs import Exact, Number, RuleInput, UnitInput, exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A fact about a unit that a method asks for, with the words for it.

    Shape: `zero_counts` says that 0 is a real answer, as in no bathrooms; `of_lease` that the fact
    belongs to the lease rather than the unit.
    """

    name: str
    noun: str
    singular: str
    plural: str
    remedy: str
    zero_counts: bool = False
    of_lease: bool = False


_ON_THE_UNIT = "enter it on the unit or sync it from the PMS"

SQUARE_FEET = Field(
    name="sqft", noun="square footage", singular="sq ft", plural="sq ft", remedy=_ON_THE_UNIT
)
OCCUPANTS = Field(
    name="occupants",
    noun="number of occupants",
    singular="person",
    plural="people",
    remedy="enter it on the lease or sync it from the PMS",
    of_lease=True,
)
ASSUMED_OCCUPANTS = Field(
    name="vacant_unit_occupants",
    noun="assumed number of occupants",
    singular="assumed person",
    plural="assumed people",
    remedy="set it on the share rule",
)
BEDROOMS = Field(
    name="bedrooms",
    noun="number of bedrooms",
    singular="bedroom",
    plural="bedrooms",
    remedy=_ON_THE_UNIT,
    zero_counts=True,
)
STUDIO = Field(
    name="bedrooms",
    noun="number of bedrooms",
    singular="bedroom for a studio",
    plural="bedrooms for a studio",
    remedy=_ON_THE_UNIT,
    zero_counts=True,
)
BATHROOMS = Field(
    name="bathrooms",
    noun="number of bathrooms",
    singular="bathroom",
    plural="bathrooms",
    remedy=_ON_THE_UNIT,
    zero_counts=True,
)


@dataclass(frozen=True, slots=True)
class Term:
    """One summand of a weight: a quantity, None when unknown, times its factor."""

    field: Field
    quantity: Exact | None
    factor: Exact = 1

    @property
    def weight(self) -> Exact:
        """Multiply the quantity by its factor.

        Errors: ValueError when the quantity is unknown.
        """
        if self.quantity is None:
            raise ValueError(f"an unknown {self.field.noun} has no weight")
        return self.factor * self.quantity


@dataclass(frozen=True, slots=True)
class UnitState:
    """A unit as it stood for some days of the period: lived in by so many, or vacant."""

    unit: UnitInput
    rule: RuleInput
    vacant: bool
    occupants: int | None = None


Method = Callable[[UnitState], tuple[Term, ...]]

METHODS: dict[str, Method] = {}


def _method(weigh: Method) -> Method:
    METHODS[weigh.__name__] = weigh
    return weigh


@_method
def square_feet(state: UnitState) -> tuple[Term, ...]:
    """Weigh a unit by its floor area.

    Units: square feet.
    """
    return (Term(SQUARE_FEET, _known(state.unit.sqft)),)


@_method
def occupants(state: UnitState) -> tuple[Term, ...]:
    """Weigh a stay by its people, and a vacant unit by the number that the rule assumes.

    Units: people.
    """
    if state.vacant:
        return (Term(ASSUMED_OCCUPANTS, _known(state.rule.vacant_unit_occupants)),)
    return (Term(OCCUPANTS, state.occupants),)


@_method
def bed_bath(state: UnitState) -> tuple[Term, ...]:
    """Weigh a unit by its bedrooms and bathrooms, each with the rule's factor.

    Shape: a term whose factor is 0 is left out, so that its quantity need not be known.
    """
    rule, unit = state.rule, state.unit
    bedrooms = Term(BEDROOMS, _known(unit.bedrooms), exact(rule.bedroom_factor))
    if bedrooms.quantity == 0:
        bedrooms = Term(STUDIO, exact(rule.studio_bedrooms), bedrooms.factor)
    bathrooms = Term(BATHROOMS, _known(unit.bathrooms), exact(rule.bathroom_factor))
    return tuple(term for term in (bedrooms, bathrooms) if term.factor)


def _known(number: Number | None) -> Exact | None:
    return None if number is None else exact(number)
