"""The facts that methods ask for, with the words for them, and the terms of weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from billing.rubs.numbers import Exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A fact that a method asks for, with the words for it.

    Shape: `zero_counts` says that 0 is a real answer, as in no bathrooms; `of_lease` that the fact
        belongs to the lease rather than the unit, `of_rule` that it is one figure for all units.
    """

    name: str
    noun: str
    singular: str
    plural: str
    remedy: str
    zero_counts: bool = False
    of_lease: bool = False
    of_rule: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One summand of a weight: a quantity, None when unknown, times its factor.

    Shape: `read` is the fact behind a quantity that a table gave for it.
    """

    field: Field
    quantity: Exact | None
    factor: Exact = 1
    read: Exact | None = None

    @property
    def weight(self) -> Exact:
        """Multiply the quantity by its factor.

        Errors: ValueError when the quantity is unknown.
        """
        if self.quantity is None:
            raise ValueError(f"an unknown {self.field.noun} has no weight")
        return self.factor * self.quantity


_ON_THE_UNIT: Final = "enter it on the unit or sync it from the PMS"
_FOR_THE_RULE: Final = "enter it with the unit's part in this share rule"

SQUARE_FEET: Final = Field(
    name="sqft", noun="square footage", singular="sq ft", plural="sq ft", remedy=_ON_THE_UNIT
)
OCCUPANTS: Final = Field(
    name="occupants",
    noun="number of occupants",
    singular="person",
    plural="people",
    remedy="enter it on the lease or sync it from the PMS",
    of_lease=True,
)
ASSUMED_OCCUPANTS: Final = Field(
    name="vacant_unit_occupants",
    noun="assumed number of occupants",
    singular="assumed person",
    plural="assumed people",
    remedy="set it on the share rule",
    of_rule=True,
)
OCCUPANCY_RATIO: Final = Field(
    name="occupancy_ratio",
    noun="occupancy ratio",
    singular="person",
    plural="people",
    remedy="correct the rule's table of ratios",
    of_lease=True,
)
ASSUMED_RATIO: Final = Field(
    name="occupancy_ratio",
    noun="occupancy ratio",
    singular="assumed person",
    plural="assumed people",
    remedy="correct the rule's table of ratios",
    of_rule=True,
)
BEDROOMS: Final = Field(
    name="bedrooms",
    noun="number of bedrooms",
    singular="bedroom",
    plural="bedrooms",
    remedy=_ON_THE_UNIT,
    zero_counts=True,
)
STUDIO: Final = Field(
    name="bedrooms",
    noun="number of bedrooms",
    singular="bedroom for a studio",
    plural="bedrooms for a studio",
    remedy=_ON_THE_UNIT,
    zero_counts=True,
)
BEDROOM_RATIO: Final = Field(
    name="bedroom_ratio",
    noun="bedroom ratio",
    singular="bedroom",
    plural="bedrooms",
    remedy="correct the rule's table of ratios",
)
BATHROOMS: Final = Field(
    name="bathrooms",
    noun="number of bathrooms",
    singular="bathroom",
    plural="bathrooms",
    remedy=_ON_THE_UNIT,
    zero_counts=True,
)
UNIT: Final = Field(name="unit", noun="unit", singular="unit", plural="units", remedy=_ON_THE_UNIT)
WEIGHT: Final = Field(
    name="weight",
    noun="weight",
    singular="by its weight",
    plural="by its weight",
    remedy=_FOR_THE_RULE,
    zero_counts=True,
)
PERCENT: Final = Field(
    name="percent",
    noun="percentage",
    singular="percent",
    plural="percent",
    remedy=_FOR_THE_RULE,
    zero_counts=True,
)
USAGE: Final = Field(
    name="usage",
    noun="submeter reading",
    singular="metered",
    plural="metered",
    remedy="enter what its submeter counted",
    zero_counts=True,
)
