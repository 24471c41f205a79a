"""Why a line is what it is, as steps that a reader can compute again and arrive at the cent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import lcm

from billing.rubs.figures import MINUS, TIMES, dollars, dollars_cut, percent_equation, plain
from billing.rubs.methods import Term
from billing.rubs.results import Basis, Bucket, OwnerLine, TenantLine
from billing.rubs.weights import weight_of


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


def explain(line: TenantLine | OwnerLine) -> tuple[Step, ...]:
    """Tell how a line came about, from the bill to the cent."""
    if isinstance(line, OwnerLine):
        if line.bucket is Bucket.COMMON_AREA:
            return (_common_area(line.basis), _rounding(line))
        if line.bucket is Bucket.ROUNDING:
            return (_left_over(line),)
    return tuple(_steps_by_weight(line))


def _steps_by_weight(line: TenantLine | OwnerLine) -> Iterator[Step]:
    yield _pool(line.basis)
    if len(line.terms) > 1 or line.terms[0].factor != 1:
        yield _weight(line.terms)
    yield _share(line)
    yield _amount(line)
    yield _rounding(line)


def _pool(basis: Basis) -> Step:
    if basis.common_area_percent == 0:
        text = f"Bill {dollars(basis.bill_cents)}, all of it to share"
    else:
        percent, deducted = plain(basis.common_area_percent), dollars(basis.common_area_cents)
        text = (
            f"Bill {dollars(basis.bill_cents)} {MINUS} common area {percent} % {deducted}"
            f" = {dollars(basis.pool_cents)} to share"
        )
    return Step("Amount to share", text, basis.pool_cents, StepUnit.CENTS)


def _common_area(basis: Basis) -> Step:
    text = (
        f"Bill {dollars(basis.bill_cents)} {TIMES} common area {plain(basis.common_area_percent)} %"
        f" = {dollars(basis.common_area_cents)}"
    )
    return Step("Common area", text, basis.common_area_cents, StepUnit.CENTS)


def _weight(terms: tuple[Term, ...]) -> Step:
    weight = Fraction(weight_of(terms))
    text = " + ".join(_term(term) for term in terms)
    return Step("Weight", f"{text} = {plain(weight)}", weight, StepUnit.WEIGHT)


def _term(term: Term) -> str:
    quantity = term.quantity or 0
    noun = term.field.singular if quantity == 1 else term.field.plural
    text = f"{plain(quantity)} {noun}"
    return text if term.factor == 1 else f"{plain(term.factor)} {TIMES} {text}"


def _share(line: TenantLine | OwnerLine) -> Step:
    only, *others = line.terms
    weight = plain(weight_of(line.terms)) if others or only.factor != 1 else _term(only)
    total = line.basis.total_weight
    divisor = f"({plain(total)})" if "/" in plain(total) else plain(total)
    text = (
        f"{weight} {TIMES} {line.days}/{line.period_days} days ÷ {divisor}"
        f" {percent_equation(line.share)}"
    )
    return Step("Share", text, line.share, StepUnit.SHARE)


def _amount(line: TenantLine | OwnerLine) -> Step:
    """Multiply by the share as a fraction, because the printed percentage may be rounded."""
    weight, total = line.weight, line.basis.total_weight
    scale = lcm(weight.denominator, total.denominator)
    text = (
        f"{dollars(line.basis.pool_cents)} {TIMES} {plain(weight * scale)}/{plain(total * scale)}"
        f" = {dollars_cut(line.exact_cents)}"
    )
    return Step("Amount", text, line.exact_cents, StepUnit.CENTS)


def _rounding(line: TenantLine | OwnerLine) -> Step:
    exact, cents = line.exact_cents, Fraction(line.cents)
    if exact == cents:
        text = f"{dollars(cents)} comes out in whole cents"
    elif line.basis.strict_floor:
        text = f"{dollars_cut(exact)} cut to the cent is {dollars(cents)}; the owner pays the rest"
    else:
        text = _rounded(exact, cents)
    return Step("Rounding", text, cents, StepUnit.CENTS)


def _rounded(exact: Fraction, cents: Fraction) -> str:
    whole, rest = divmod(abs(exact), 1)
    nearest = whole + (rest >= Fraction(1, 2))
    signed = -nearest if exact < 0 else nearest
    text = f"{dollars_cut(exact)} rounded to the nearest cent is {dollars(signed)}"
    if abs(cents) == nearest:
        return text
    change = "added to" if abs(cents) > nearest else "taken off"
    noun = "credit" if exact < 0 else "charge"
    return (
        f"{text}; one cent was {change} the {noun}, so that all shares add up to the bill:"
        f" {dollars(cents)}"
    )


def _left_over(line: OwnerLine) -> Step:
    text = f"{dollars(line.cents)} was left over when every share was cut to the cent"
    return Step("Rounding", text, Fraction(line.cents), StepUnit.CENTS)
