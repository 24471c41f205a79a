"""A share rule as plain values: how a bill is shared, and within which limits."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from billing.rubs.numbers import Exact, Number, exact, refuse_floats


class Vacancy(StrEnum):
    """Who pays for the days on which nobody lives in a unit."""

    OWNER_PAYS = "owner_pays"
    PARTIAL = "partial"
    OCCUPIED_ONLY = "occupied_only"


class Proration(StrEnum):
    """How days count: in the weights, in slices of the bill, or against the period's first day."""

    DAYS = "days"
    BY_DAY = "by_day"
    START_OF_PERIOD = "start_of_period"


class CommonAreaBase(StrEnum):
    """What the owner's percentage for common areas is taken of."""

    BILL = "bill"
    SHARED_LINES = "shared_lines"


@dataclass(frozen=True, slots=True)
class RatioTable:
    """Weights by a whole number of people or bedrooms.

    Shape: `ratios` for `first`, first + 1 and so on; every one beyond the table adds `each_more`.
    """

    first: int
    ratios: tuple[Number, ...]
    each_more: Number

    def __post_init__(self) -> None:
        refuse_floats(*self.ratios, self.each_more)

    def ratio_of(self, count: int) -> Exact:
        """Look up a count."""
        place = count - self.first
        if place < len(self.ratios):
            return exact(self.ratios[place])
        beyond = place - len(self.ratios) + 1
        return exact(self.ratios[-1]) + beyond * exact(self.each_more)


TEXAS_OCCUPANCY: Final = RatioTable(1, (Decimal(1), Decimal("1.6"), Decimal("2.2")), Decimal("0.4"))
TEXAS_BEDROOMS: Final = RatioTable(
    0, (Decimal(1), Decimal("1.6"), Decimal("2.8"), Decimal(4)), Decimal("1.2")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MixPart:
    """One of the methods that a mixed rule is made of.

    Units: percent of the amount to share; denominator_at_least in the method's own weight.
    """

    method: str
    percent: Number
    denominator_at_least: Number | None = None

    def __post_init__(self) -> None:
        refuse_floats(self.percent, self.denominator_at_least)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The least and the most that a unit is charged, or the flat amount that it is charged.

    Units: cents, for a whole period.
    """

    minimum_cents: int | None = None
    cap_cents: int | None = None
    flat_cents: int | None = None

    def __post_init__(self) -> None:
        refuse_floats(self.minimum_cents, self.cap_cents, self.flat_cents)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminFee:
    """A fee beside the charge, on a line of its own and never part of the bill.

    Shape: a percentage of the charge or a flat amount, held down by either limit.
    Units: cents; percent of the charge.
    """

    percent: Number | None = None
    flat_cents: int | None = None
    at_most_cents: int | None = None
    at_most_percent: Number | None = None

    def __post_init__(self) -> None:
        refuse_floats(self.percent, self.flat_cents, self.at_most_cents, self.at_most_percent)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInput:
    """How a bill is shared.

    Shape: `method` is a name in the registry of methods, or "mix" with the methods in `mix`. The
        common area is the percentage, the amount and the metered part together. `total_usage` is
        what the master meter counted.
    Units: common_area_percent in percent of the bill, so 10 is ten percent; vacant_unit_occupants
        in people assumed for a vacant unit; vacancy_owner_percent in percent of the vacant unit's
        normal share; denominator_at_least in the method's weight; cents.
    """

    method: str
    vacancy: Vacancy
    common_area_percent: Number = 0
    vacant_unit_occupants: Number | None = None
    strict_floor: bool = False
    bedroom_factor: Number = 1
    bathroom_factor: Number = Fraction(1, 2)
    studio_bedrooms: Number = 1
    proration: Proration = Proration.DAYS
    mix: tuple[MixPart, ...] = ()
    vacancy_owner_percent: Number | None = None
    common_area_base: CommonAreaBase = CommonAreaBase.BILL
    common_area_cents: int = 0
    common_area_usage: Number | None = None
    total_usage: Number | None = None
    denominator_at_least: Number | None = None
    occupancy_ratios: RatioTable = TEXAS_OCCUPANCY
    bedroom_ratios: RatioTable = TEXAS_BEDROOMS
    limits: Limits = Limits()
    limits_by_days: bool = True
    admin_fee: AdminFee | None = None

    def __post_init__(self) -> None:
        refuse_floats(
            self.common_area_percent,
            self.vacant_unit_occupants,
            self.bedroom_factor,
            self.bathroom_factor,
            self.studio_bedrooms,
            self.vacancy_owner_percent,
            self.common_area_cents,
            self.common_area_usage,
            self.total_usage,
            self.denominator_at_least,
        )
