"""The account of one charge: what went in, the steps to the cent, and what stands around them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from billing.models import BillDocument, Charge, ChargeKind
from billing.rubs import bill_input_from_json
from billing.rubs.figures import plain
from billing.statements.account import BillAccount, StepRow, steps_of
from billing.statements.billed import adds_up, billed_lines, timeline_of
from billing.views.findings import FindingRow, set_aside_in
from billing.views.owner_buckets import OwnerPart, owner_parts

Json = dict[str, Any]

_NAMES = {
    "sqft": "Square feet",
    "occupants": "People on the lease",
    "vacant_unit_occupants": "People assumed",
    "occupancy_ratio": "Ratio for the people on the lease",
    "bedroom_ratio": "Ratio for the bedrooms",
    "usage": "Submeter reading",
    "percent": "Percentage of the unit",
    "weight": "Weight of the unit",
    "unit": "The unit itself",
}


@dataclass(frozen=True, slots=True)
class Input:
    """A figure that the method read: how much there is, and what one of it weighs.

    Shape: `read` is the figure that a table turned into the quantity, empty without a table.
    """

    name: str
    quantity: str
    factor: str
    read: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeAccount(BillAccount):
    """Everything that the pages of a charge tell."""

    inputs: list[Input]
    steps: list[StepRow]
    owner: list[OwnerPart]
    adds_up: bool
    set_aside: list[FindingRow]
    document: BillDocument | None


def account_of(charge: Charge) -> ChargeAccount:
    """Gather the account of a charge from what was frozen with its calculation."""
    calculation = charge.calculation
    bill = bill_input_from_json(calculation.inputs)
    kinds = {found.kind: found for found in _both(charge)}
    return ChargeAccount(
        calculation=calculation,
        bill=bill,
        share=kinds.get(ChargeKind.SHARE),
        fee=kinds.get(ChargeKind.FEE),
        lines=billed_lines(bill),
        timeline=timeline_of(
            bill, unit_key=charge.propexo_unit_id, lease_key=charge.propexo_lease_id
        ),
        inputs=inputs_of(charge.explanation),
        steps=steps_of(charge.explanation),
        owner=owner_parts(calculation),
        adds_up=adds_up(calculation),
        set_aside=set_aside_in(calculation),
        document=BillDocument.objects.filter(bill=calculation.bill_id).first(),
    )


def _both(charge: Charge) -> list[Charge]:
    charges = Charge.objects.filter(
        calculation=charge.calculation_id, unit=charge.unit_id, lease=charge.lease_id
    )
    return list(charges)


def inputs_of(explanation: Json) -> list[Input]:
    """List what made the weight of a line; a fee has no weight."""
    return [
        Input(
            _NAMES.get(term["field"], term["field"].replace("_", " ").capitalize()),
            plain(Fraction(term["quantity"])),
            plain(Fraction(term["factor"])),
            plain(Fraction(term["read"])) if "read" in term else "",
        )
        for term in explanation.get("terms", ())
    ]
