"""The account of one lease's charges of one bill, from what was frozen with the calculation."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from billing.models import Calculation, Charge
from billing.rubs import BillInput, StepUnit
from billing.rubs.figures import dollars_cut, plain
from billing.statements.billed import BilledLine, Timeline
from billing.words import percent

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step as a sentence, and its value as it stands in a table."""

    label: str
    expression: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BillAccount:
    """What a lease pays of a bill, and what that was made from.

    Shape: `share` and `fee` are the two charges of the same lease and bill; one may be missing.
    Units: cents.
    """

    calculation: Calculation
    bill: BillInput
    share: Charge | None
    fee: Charge | None
    lines: list[BilledLine]
    timeline: Timeline

    @property
    def total_cents(self) -> int:
        """Add the fee to the share.

        Units: cents.
        """
        return sum(charge.amount_cents for charge in self.charges)

    @property
    def charges(self) -> tuple[Charge, ...]:
        """Give the share and the fee, as far as they are there."""
        return tuple(charge for charge in (self.share, self.fee) if charge)


def steps_of(explanation: Json) -> list[StepRow]:
    """Write the steps of a line with their values."""
    return [
        StepRow(step["label"], step["expression"], _value(step)) for step in explanation["steps"]
    ]


def _value(step: Json) -> str:
    value = Fraction(step["value"])
    match StepUnit(step["unit"]):
        case StepUnit.CENTS:
            return dollars_cut(value)
        case StepUnit.SHARE:
            return percent(value, places=4)
        case StepUnit.WEIGHT:
            return plain(value)
