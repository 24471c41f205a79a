"""What is set for single units on one bill alone, laid over what the rule says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from billing.rubs.inputs import BillInput, UnitInput
from billing.rubs.rule_input import Limits, RuleInput


class TermKind(StrEnum):
    """What is done with a unit: left out, held down to a cap, or charged a flat amount."""

    EXCLUDED = "excluded"
    CAP = "cap"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class BillTerm:
    """What one bill says of one unit.

    Shape: an exclusion has no amount, the others have one.
    Units: cents, for a whole period.
    """

    kind: TermKind
    reason: str
    amount_cents: int | None = None


def with_bill_terms(bill: BillInput, terms: Mapping[str, BillTerm]) -> BillInput:
    """Lay terms over a bill's units, by unit key; the units without one stay as they are."""
    if not terms:
        return bill
    units = tuple(
        _with_term(unit, terms[unit.key], bill.rule) if unit.key in terms else unit
        for unit in bill.units
    )
    return replace(bill, units=units)


def _with_term(unit: UnitInput, term: BillTerm, rule: RuleInput) -> UnitInput:
    if term.kind is TermKind.EXCLUDED:
        return replace(unit, excluded_because=term.reason)
    if term.kind is TermKind.FLAT:
        return replace(unit, limits=Limits(flat_cents=term.amount_cents))
    return replace(unit, limits=_capped(unit.limits or rule.limits, term.amount_cents))


def _capped(limits: Limits, cap_cents: int | None) -> Limits:
    """Put a cap in the place of the one before; a minimum above it would contradict it."""
    minimum = limits.minimum_cents
    if minimum is not None and cap_cents is not None:
        minimum = min(minimum, cap_cents)
    return Limits(minimum_cents=minimum, cap_cents=cap_cents)
