"""What stands around a charge: the frozen bill's lines, the lease's days and the sum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from billing.models import Calculation, LineKind
from billing.models import Spread as SpreadName
from billing.rubs import BillInput, BillPeriod, Spread, Stay


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line of the bill, and whether residents pay it.

    Units: cents.
    """

    name: str
    kind: LineKind
    cents: int
    passed_on: str
    stays_with_owner: bool


def billed_lines(bill: BillInput) -> list[BilledLine]:
    """List the lines that a bill was frozen with; none when all of it is usage."""
    return [
        BilledLine(
            name=line.label,
            kind=LineKind(line.kind.value),
            cents=line.amount_cents,
            passed_on=SpreadName(line.passed_on.value).label if line.passed_on else "",
            stays_with_owner=line.passed_on is Spread.OWNER,
        )
        for line in bill.lines
    ]


@dataclass(frozen=True, slots=True)
class Spell:
    """Days on end of the bill's period that have the same lease, or none.

    Shape: `end` is not one of the days; `offset` counts from the first day of the period.
    Units: days.
    """

    start: date
    end: date
    offset: int
    lease_key: str | None
    is_own: bool

    @property
    def days(self) -> int:
        """Count the days.

        Units: days.
        """
        return (self.end - self.start).days

    @property
    def last(self) -> date:
        """Name the last day."""
        return self.end - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Timeline:
    """A bill's period for one unit, spell by spell, from its first day to its last."""

    spells: tuple[Spell, ...]

    @property
    def own(self) -> tuple[Spell, ...]:
        """Keep the spells of the lease in question."""
        return tuple(spell for spell in self.spells if spell.is_own)

    @property
    def own_days(self) -> int:
        """Count the days of the lease in question.

        Units: days.
        """
        return sum(spell.days for spell in self.own)


def timeline_of(bill: BillInput, *, unit_key: str, lease_key: str) -> Timeline:
    """Lay a unit's leases out over the bill's period."""
    stays = [stay for unit in bill.units if unit.key == unit_key for stay in unit.stays]
    return Timeline(tuple(_spells(stays, bill.period, lease_key)))


def _spells(stays: list[Stay], period: BillPeriod, lease_key: str) -> Iterator[Spell]:
    day = period.start
    for stay in sorted(stays, key=lambda stay: stay.start or period.start):
        start = max(stay.start or period.start, day)
        end = min(stay.end or period.end, period.end)
        if start >= end:
            continue
        if day < start:
            yield _spell(day, start, period, None, lease_key)
        yield _spell(start, end, period, stay.lease_key, lease_key)
        day = end
    if day < period.end:
        yield _spell(day, period.end, period, None, lease_key)


def _spell(start: date, end: date, period: BillPeriod, lease_key: str | None, own: str) -> Spell:
    return Spell(start, end, (start - period.start).days, lease_key, lease_key == own)


def adds_up(calculation: Calculation) -> bool:
    """Tell whether the frozen lines really make the bill."""
    lines = (*calculation.result["lines"], *calculation.result["owner"])
    return bool(sum(line["cents"] for line in lines) == calculation.bill_cents)
