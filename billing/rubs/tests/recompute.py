"""Reads a printed explanation as a person with a calculator would, and does the sums again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from math import prod

from billing.rubs import Step

_TIMES = "\N{MULTIPLICATION SIGN}"
_MINUS = "\N{MINUS SIGN}"


def number(text: str) -> Fraction:
    """Read a printed number, with its dollar sign and thousands."""
    return Fraction(re.sub(r"[$,()…]", "", text).replace(_MINUS, "-"))


def final_cents(steps: Sequence[Step]) -> Fraction:
    """Check that each printed step follows from the one before, and read the last amount.

    Units: cents.
    """
    printed = {step.label: step.expression for step in steps}
    pool = _pool(printed["Amount to share"])
    share = _share(printed["Share"], _weight(printed.get("Weight")))
    amount = _amount(printed["Amount"], pool, share)
    return _rounding(printed["Rounding"], amount)


def _pool(text: str) -> Fraction:
    if text.endswith("all of it to share"):
        return number(text.split()[1].rstrip(","))
    pattern = rf"Bill (\S+) {_MINUS} common area (\S+) % (\S+) = (\S+) to share"
    bill, percent, common_area, pool = map(number, _groups(pattern, text))
    assert common_area == bill * percent / 100
    assert pool == bill - common_area
    return pool


def _weight(text: str | None) -> Fraction | None:
    if text is None:
        return None
    terms, total = text.split(" = ")
    weight = sum((_product(term) for term in terms.split(" + ")), start=Fraction(0))
    assert weight == number(total)
    return weight


def _product(term: str) -> Fraction:
    return prod((number(factor.split()[0]) for factor in term.split(_TIMES)), start=Fraction(1))


def _share(text: str, weight: Fraction | None) -> Fraction:
    pattern = rf"(\S+).* {_TIMES} (\d+)/(\d+) days ÷ (\S+) ([=≈]) (\S+) %"
    own, days, period_days, total, equals, percent = _groups(pattern, text)
    assert weight is None or number(own) == weight
    share = number(own) * number(days) / number(period_days) / number(total)
    difference = abs(share * 100 - number(percent))
    assert difference == 0 if equals == "=" else 0 < difference <= Fraction(1, 20_000)
    return share


def _amount(text: str, pool: Fraction, share: Fraction) -> Fraction:
    base, fraction, result = _groups(rf"(\S+) {_TIMES} (\S+/\S+) = (\S+)", text)
    assert number(base) == pool
    amount = number(base) * number(fraction)
    assert amount == pool * share
    assert _same_when_cut(amount, result)
    return amount


def _rounding(text: str, amount: Fraction) -> Fraction:
    first, last = text.split()[0], re.findall(rf"{_MINUS}?\$[\d,.]*\d", text)[-1]
    assert _same_when_cut(amount, first)
    cents, exact = number(last) * 100, amount * 100
    if "comes out in whole cents" in text:
        assert cents == exact
    elif "cut to the cent" in text:
        assert abs(cents) == abs(exact) // 1
    else:
        nearest = (abs(exact) + Fraction(1, 2)) // 1
        change = ("one cent was added" in text) - ("one cent was taken off" in text)
        assert abs(cents) == nearest + change
    return cents


def _same_when_cut(amount: Fraction, printed: str) -> bool:
    if not printed.endswith("…"):
        return amount == number(printed)
    return abs(number(printed)) < abs(amount) < abs(number(printed)) + Fraction(1, 10_000)


def _groups(pattern: str, text: str) -> tuple[str, ...]:
    match = re.fullmatch(pattern, text)
    assert match is not None, text
    return match.groups()
