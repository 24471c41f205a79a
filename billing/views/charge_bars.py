"""A unit's charges over a year, as bars and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from billing.models import Charge, ChargeKind
from billing.usual_charges import PastCharge, past_charges
from meterbase.lib.money import format_dollars

_WIDTH = 10
_HEIGHT = 40
_GAP = 2


@dataclass(frozen=True, slots=True)
class Bar:
    """What a unit was charged of one bill.

    Shape: `x`, `y`, `width` and `height` in the drawing's own units, written for it; `title` says
        what the bar shows.
    Units: cents; days.
    """

    calculation_id: int
    month: str
    cents: int
    days: int
    per_day: str
    is_now: bool
    x: int
    y: str
    width: int
    height: str

    @property
    def title(self) -> str:
        """Say what the bar shows."""
        return f"{self.month}: {format_dollars(self.cents)} for {self.days} days"


@dataclass(frozen=True, slots=True)
class ChargeBars:
    """The bars, the oldest first and this charge's last."""

    bars: tuple[Bar, ...]

    @property
    def width(self) -> int:
        """Tell how wide the drawing is, in its own units."""
        return len(self.bars) * _WIDTH

    @property
    def height(self) -> int:
        """Tell how high the drawing is, in its own units."""
        return _HEIGHT

    @property
    def has_past(self) -> bool:
        """Tell whether there is anything to compare this charge with."""
        return len(self.bars) > 1


def bars_of(charge: Charge) -> ChargeBars:
    """Draw what a charge's unit was charged of this bill, and of the twelve bills before."""
    bill = charge.calculation.bill
    past = past_charges(bill, [charge.unit_id]).get(charge.unit_id, [])
    return ChargeBars(tuple(_bars([*past, _now(charge)])))


def _now(charge: Charge) -> PastCharge:
    shares = charge.calculation.charges.filter(unit=charge.unit_id, kind=ChargeKind.SHARE)
    found = list(shares.values_list("amount_cents", "explanation__days"))
    bill = charge.calculation.bill
    return PastCharge(
        charge.calculation_id,
        bill.period_start,
        bill.period_end,
        sum(cents for cents, _ in found),
        sum(days for _, days in found),
    )


def _bars(charges: Sequence[PastCharge]) -> Iterator[Bar]:
    highest = max(abs(charge.cents) for charge in charges) or 1
    for place, charge in enumerate(charges):
        height = Fraction(abs(charge.cents) * _HEIGHT, highest)
        per_day = charge.cents // charge.days if charge.days else None
        yield Bar(
            calculation_id=charge.calculation_id,
            month=_month(charge),
            cents=charge.cents,
            days=charge.days,
            per_day="" if per_day is None else format_dollars(per_day),
            is_now=place == len(charges) - 1,
            x=place * _WIDTH + _GAP // 2,
            y=_drawn(_HEIGHT - height),
            width=_WIDTH - _GAP,
            height=_drawn(height),
        )


def _month(charge: PastCharge) -> str:
    """Name the month in which the middle of the service period lies."""
    middle = charge.period_start + timedelta(
        days=(charge.period_end - charge.period_start).days // 2
    )
    return f"{middle:%B %Y}"


def _drawn(length: Fraction) -> str:
    """Write a length of the drawing with one decimal, whatever the reader's language."""
    tenths = int(length * 10)
    return f"{tenths // 10}.{tenths % 10}"
