"""The steps of an explanation, and how terms and amounts are put into words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from billing.rubs.fields import PERCENT, WEIGHT, Field, Term
from billing.rubs.figures import TIMES, dollars, dollars_cut, in_sum
from billing.rubs.numbers import Exact


class StepUnit(StrEnum):
    """What the value of a step counts."""

    CENTS = "cents"
    WEIGHT = "weight"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an explanation.

    Shape: the value is exact, what the expression prints may be cut and then says so.
    """

    label: str
    expression: str
    value: Fraction
    unit: StepUnit


def money_step(label: str, expression: str, cents: Fraction) -> Step:
    """Make a step whose value is an amount.

    Units: cents.
    """
    return Step(label, f"{expression} = {dollars_cut(cents)}", cents, StepUnit.CENTS)


def term_text(term: Term) -> str:
    """Write a term: a quantity with its noun, times its factor."""
    if term.read is not None and term.field.name.endswith("_ratio"):
        return f"{in_sum(term.quantity or 0)} for {counted(term.read, term.field)}"
    text = counted(term.quantity or 0, term.field)
    return text if term.factor == 1 else f"{in_sum(term.factor)} {TIMES} {text}"


def counted(quantity: Exact, field: Field) -> str:
    """Write a quantity with its noun."""
    if field in (WEIGHT, PERCENT):
        return in_sum(quantity)
    return f"{in_sum(quantity)} {field.singular if quantity == 1 else field.plural}"


def days_text(days: int, period_days: int) -> str:
    """Write days over the days of the period."""
    return f"{days}/{period_days} days"


def rounding_step(exact: Fraction, cents: int, *, strict_floor: bool) -> Step:
    """Say how an exact amount became whole cents, and whether a cent came or went.

    Units: cents.
    """
    if exact == cents:
        text = f"{dollars(cents)} comes out in whole cents"
    elif strict_floor:
        text = f"{dollars_cut(exact)} cut to the cent is {dollars(cents)}; the owner pays the rest"
    else:
        text = _rounded(exact, cents)
    return Step("Rounding", text, Fraction(cents), StepUnit.CENTS)


def _rounded(exact: Fraction, cents: int) -> str:
    whole, rest = divmod(abs(exact), 1)
    nearest = whole + (rest >= Fraction(1, 2))
    signed = -nearest if exact < 0 else nearest
    text = f"{dollars_cut(exact)} rounded to the nearest cent is {dollars(signed)}"
    if cents == signed:
        return text
    change = "added to" if abs(cents) > nearest else "taken off"
    noun = "credit" if exact < 0 else "charge"
    return (
        f"{text}; one cent was {change} the {noun}, so that all shares add up to the bill:"
        f" {dollars(cents)}"
    )
