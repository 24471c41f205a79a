"""Reads a printed explanation as a person with a calculator would, and does the sums again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from billing.rubs import Step, StepUnit

_MINUS = "\N{MINUS SIGN}"
_TOKEN = re.compile(rf"[\d.,]*\d…?|[×÷+{_MINUS}/()%]")
_READ_FROM_A_TABLE = re.compile(r" for [\d.,/]+ (assumed )?(person|people|bedrooms?)")
_PERCENT_BESIDE_ITS_AMOUNT = re.compile(rf"\(?[\d.,/]+\)? % (?={_MINUS}?\$)")
_AN_ELLIPSIS = Fraction(1, 10_000)


class Sum:
    """A printed sum: numbers, signs and parentheses, with words that do not count."""

    def __init__(self, text: str) -> None:
        text = _PERCENT_BESIDE_ITS_AMOUNT.sub("", _READ_FROM_A_TABLE.sub("", text))
        words = re.sub(r"[A-Za-z]+", " ", text).replace("()", " ")
        self._tokens: list[str] = _TOKEN.findall(words)
        self._place = 0

    def value(self) -> Fraction:
        """Add up what is left of the sum."""
        total = self._product()
        while self._next() in ("+", _MINUS):
            sign = -1 if self._take() == _MINUS else 1
            total += sign * self._product()
        return total

    def is_done(self) -> bool:
        """Tell whether everything was read."""
        return self._place == len(self._tokens)

    def _product(self) -> Fraction:
        product = self._factor()
        while self._next() in ("×", "÷", "/"):
            sign = self._take()
            factor = self._factor()
            product = product * factor if sign == "×" else product / factor
        return product

    def _factor(self) -> Fraction:
        token = self._take()
        if token == _MINUS:
            return -self._factor()
        if token == "(":
            value = self.value()
            assert self._take() == ")"
        else:
            value = Fraction(token.replace(",", "").rstrip("…"))
        if self._next() == "%":
            self._take()
            value /= 100
        return value

    def _next(self) -> str:
        return "" if self.is_done() else self._tokens[self._place]

    def _take(self) -> str:
        token = self._tokens[self._place]
        self._place += 1
        return token


def value_of(text: str) -> Fraction:
    """Compute a printed sum."""
    printed = Sum(text)
    value = printed.value()
    assert printed.is_done(), text
    return value


def check_step(step: Step) -> None:
    """Check that what is printed before the equals sign makes what is printed after it."""
    for clause in re.split("; |, as ", step.expression):
        left, equals, right = (clause.replace(" ≈ ", " = ").partition(" = ")) if clause else "   "
        if not equals:
            continue
        made, printed = value_of(left), value_of(right)
        off = abs(made - printed)
        slack = _AN_ELLIPSIS * (left.count("…") + right.count("…"))
        if "≈" in clause:
            slack = Fraction(1, 2_000_000)
        assert off <= slack if slack else off == 0, step
        scale = 100 if step.unit is StepUnit.CENTS else 1
        if "no more than" not in step.expression:
            assert abs(made * scale - step.value) <= scale * _AN_ELLIPSIS * left.count("…"), step


def final_cents(steps: Sequence[Step]) -> Fraction:
    """Check every printed step, and read the last amount.

    Units: cents.
    """
    for step in steps[:-1]:
        check_step(step)
    amounts = [step.value for step in steps[:-1] if step.unit is StepUnit.CENTS]
    return _rounding(steps[-1].expression, amounts[-1])


def _rounding(text: str, exact: Fraction) -> Fraction:
    first, last = text.split()[0], re.findall(rf"{_MINUS}?\$[\d,.]*\d", text)[-1]
    assert _same_when_cut(exact / 100, first), text
    cents = value_of(last) * 100
    nearest = (abs(exact) + Fraction(1, 2)) // 1
    if "comes out in whole cents" in text:
        assert cents == exact
    elif "cut to the cent" in text:
        assert abs(cents - exact) < 1
    else:
        change = ("one cent was added" in text) - ("one cent was taken off" in text)
        assert abs(cents) == nearest + change
    return cents


def _same_when_cut(amount: Fraction, printed: str) -> bool:
    if not printed.endswith("…"):
        return amount == value_of(printed)
    return abs(value_of(printed)) < abs(amount) < abs(value_of(printed)) + _AN_ELLIPSIS
