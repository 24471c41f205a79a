"""The values of cells as both kinds of file write them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from django.utils import timezone

from meterbase.lib.money import dollars_from_cents
from meterbase.lib.sheets.sheet import Cell, Kind

# A repeating fraction has to end somewhere; a ten-thousandth of a percent is fine enough.
_FINEST = Decimal("0.000001")


class WrongCell(TypeError):
    """A cell holds something else than its column says."""


def value_of(cell: Cell, kind: Kind) -> str | int | Decimal | date | datetime | None:
    """Turn a cell into what is written: dollars for cents, local time for a moment.

    Errors: WrongCell.
    """
    if cell is None:
        return None
    match kind, cell:
        case Kind.TEXT, _:
            return str(cell)
        case Kind.CENTS, int():
            return dollars_from_cents(cell)
        case Kind.MOMENT, datetime():
            return timezone.localtime(cell).replace(microsecond=0)
        case Kind.DATE, date() if not isinstance(cell, datetime):
            return cell
        case ((Kind.NUMBER | Kind.PERCENT), (int() | Decimal() | Fraction())):
            return _number(cell)
    raise WrongCell(f"A column of kind {kind} cannot hold {cell!r}.")


def _number(value: int | Decimal | Fraction) -> int | Decimal:
    if isinstance(value, Fraction):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        return exact.quantize(_FINEST).normalize()
    return value
