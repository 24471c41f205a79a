"""Exact numbers as people read them: what is printed can be computed with again, and comes out."""

from __future__ import annotations

from fractions import Fraction

MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"
_LONGEST_DECIMALS = 10


def plain(number: Fraction | int) -> str:
    """Write a number in full: as a decimal when it ends, as a fraction when it does not."""
    value = Fraction(number)
    places = _decimal_places(value)
    if places is None:
        return f"{value.numerator:,}/{value.denominator:,}".replace("-", MINUS)
    return _decimal(value, places)


def in_sum(number: Fraction | int) -> str:
    """Write a number as a part of a sum: one that does not end stands in parentheses."""
    text = plain(number)
    return f"({text})" if "/" in text else text


def dollars(cents: Fraction | int) -> str:
    """Write an exact amount in dollars, with as many decimals as it takes and two at least.

    Units: cents in.
    """
    amount = Fraction(cents) / 100
    sign = MINUS if amount < 0 else ""
    places = _decimal_places(amount)
    text = plain(abs(amount)) if places is None else _decimal(abs(amount), max(places, 2))
    return f"{sign}${text}"


def dollars_cut(cents: Fraction | int) -> str:
    """Write an amount cut after four decimals, with an ellipsis when there was more.

    Units: cents in.
    """
    hundredths = abs(Fraction(cents)) * 100
    if hundredths.denominator == 1:
        return dollars(cents)
    sign = MINUS if cents < 0 else ""
    return f"{sign}${_decimal(Fraction(int(hundredths), 10_000), 4)}…"


def percent_equation(share: Fraction) -> str:
    """Write a share as "= 25 %", or as "≈ 2.1563 %" when four decimals do not tell it all."""
    percent = share * 100
    ten_thousandths = percent * 10_000
    if ten_thousandths.denominator == 1:
        return f"= {plain(percent)} %"
    nearest = int(ten_thousandths + Fraction(1, 2))
    return f"≈ {_decimal(Fraction(nearest, 10_000), 4)} %"


def _decimal(value: Fraction, places: int) -> str:
    whole, rest = divmod(abs(value.numerator) * 10**places // value.denominator, 10**places)
    sign = MINUS if value < 0 else ""
    return f"{sign}{whole:,}.{rest:0{places}d}" if places else f"{sign}{whole:,}"


def _decimal_places(value: Fraction) -> int | None:
    """Count the decimals that it takes, or None when it takes too many or they never end."""
    for places in range(_LONGEST_DECIMALS + 1):
        if 10**places % value.denominator == 0:
            return places
    return None
