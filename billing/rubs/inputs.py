"""What a calculation is made of: a bill, its rule and the units, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

Exact = int | Fraction
Number = int | Decimal | Fraction


class Vacancy(StrEnum):
    """Who pays for the days on which nobody lives in a unit."""

    OWNER_PAYS = "owner_pays"
    OCCUPIED_ONLY = "occupied_only"


@dataclass(frozen=True, slots=True)
class BillPeriod:
    """The days that a bill is for: `start` belongs to it, `end` does not.

    Shape: an empty period is refused by allocate(), so that it is reported with everything else.
    """

    start: date
    end: date

    @property
    def days(self) -> int:
        """Count the days.

        Units: days.
        """
        return (self.end - self.start).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """The days on which a unit is held under one lease.

    Shape: half-open; None as `start` or `end` means since ever or until further notice.
    Units: occupants in people, None when unknown.
    """

    lease_key: str
    start: date | None = None
    end: date | None = None
    occupants: int | None = None

    def __post_init__(self) -> None:
        _refuse_floats(self.occupants)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitInput:
    """A unit as it was when the calculation was made.

    Shape: None means unknown, which is never read as zero; `excluded_because` is the reason why a
    billable unit is left out of this calculation.
    Units: sqft in square feet.
    """

    key: str
    label: str
    sqft: Number | None = None
    bedrooms: Number | None = None
    bathrooms: Number | None = None
    stays: tuple[Stay, ...] = ()
    billable: bool = True
    excluded_because: str | None = None

    def __post_init__(self) -> None:
        _refuse_floats(self.sqft, self.bedrooms, self.bathrooms)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInput:
    """How a bill is shared.

    Shape: `method` is a name in the registry of methods.
    Units: common_area_percent in percent of the bill, so 10 is ten percent; vacant_unit_occupants
    in people assumed for a vacant unit.
    """

    method: str
    vacancy: Vacancy
    common_area_percent: Number = 0
    vacant_unit_occupants: Number | None = None
    strict_floor: bool = False
    bedroom_factor: Number = 1
    bathroom_factor: Number = Fraction(1, 2)
    studio_bedrooms: Number = 1

    def __post_init__(self) -> None:
        _refuse_floats(
            self.common_area_percent,
            self.vacant_unit_occupants,
            self.bedroom_factor,
            self.bathroom_factor,
            self.studio_bedrooms,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BillInput:
    """A bill with everything that its calculation depends on.

    Units: amount_cents in cents; a credit is negative.
    """

    amount_cents: int
    period: BillPeriod
    rule: RuleInput
    units: tuple[UnitInput, ...]

    def __post_init__(self) -> None:
        _refuse_floats(self.amount_cents)


def exact(number: Number) -> Exact:
    """Turn a number into one that adds and multiplies without loss."""
    return Fraction(number) if isinstance(number, Decimal) else number


def _refuse_floats(*values: object) -> None:
    for value in values:
        if isinstance(value, float):
            raise TypeError(f"{value!r} is a binary float; give an int, a Decimal or a Fraction")
