"""The figures behind one charge, as its page lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from billing.models import Charge
from billing.rubs.figures import plain

_NAMES = {
    "sqft": "Square feet",
    "occupants": "People on the lease",
    "bedrooms": "Bedrooms",
    "bathrooms": "Bathrooms",
}


@dataclass(frozen=True, slots=True)
class Input:
    """A figure that the method read: how much there is, and what one of it weighs."""

    name: str
    quantity: str
    factor: str


@dataclass(frozen=True, slots=True)
class Held:
    """The days of the bill's period on which the lease held the unit; the end is not one."""

    start: date
    end: date


def inputs_of(explanation: dict[str, Any]) -> list[Input]:
    """List what made the weight of a line."""
    return [
        Input(
            _NAMES.get(term["field"], term["field"].replace("_", " ").capitalize()),
            plain(Fraction(term["quantity"])),
            plain(Fraction(term["factor"])),
        )
        for term in explanation["terms"]
    ]


def stay_of(charge: Charge) -> Held | None:
    """Find the days that a charge is for among the calculation's frozen inputs."""
    for unit in charge.calculation.inputs["units"]:
        if unit["key"] != charge.propexo_unit_id:
            continue
        for stay in unit["stays"]:
            if stay["lease_key"] == charge.propexo_lease_id:
                return Held(date.fromisoformat(stay["start"]), date.fromisoformat(stay["end"]))
    return None
