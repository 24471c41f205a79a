"""What a calculation is made of: a bill, its rule and the units, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing.rubs.bill_lines import BillLine
from billing.rubs.numbers import Number, refuse_floats
from billing.rubs.rule_input import Limits, RuleInput


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

    Shape: half-open; None as `start` or `end` means since ever or until further notice. A lease
        whose people change has a stay for each number of people.
    Units: occupants in people, None when unknown; usage in the submeter's own unit, read for these
        very days.
    """

    lease_key: str
    start: date | None = None
    end: date | None = None
    occupants: int | None = None
    usage: Number | None = None

    def __post_init__(self) -> None:
        refuse_floats(self.occupants, self.usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitInput:
    """A unit as it was when the calculation was made.

    Shape: None means unknown, which is never read as zero; `excluded_because` is the reason why a
        billable unit is left out of this calculation; `limits` take the place of the rule's.
    Units: sqft in square feet; percent of the amount to share; usage in the submeter's own unit,
        for the whole period.
    """

    key: str
    label: str
    sqft: Number | None = None
    bedrooms: Number | None = None
    bathrooms: Number | None = None
    stays: tuple[Stay, ...] = ()
    billable: bool = True
    excluded_because: str | None = None
    weight: Number | None = None
    percent: Number | None = None
    usage: Number | None = None
    limits: Limits | None = None

    def __post_init__(self) -> None:
        refuse_floats(
            self.sqft, self.bedrooms, self.bathrooms, self.weight, self.percent, self.usage
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BillInput:
    """A bill with everything that its calculation depends on.

    Shape: without lines the whole amount is usage; with lines they add up to the amount.
    Units: amount_cents in cents; a credit is negative.
    """

    amount_cents: int
    period: BillPeriod
    rule: RuleInput
    units: tuple[UnitInput, ...]
    lines: tuple[BillLine, ...] = ()

    def __post_init__(self) -> None:
        refuse_floats(self.amount_cents)
