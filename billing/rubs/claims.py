"""Who has a claim on the bill: each stay, and the owner for the days of a unit that nobody pays.

Claims stand in columns, one entry for each: a building of a hundred thousand units is shared with
a few passes over lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from billing.rubs.buckets import Bucket
from billing.rubs.inputs import BillInput, BillPeriod, Stay, UnitInput
from billing.rubs.rule_input import Proration, RuleInput, Vacancy

# Claims are collected cell after cell in one list, five to a claim: a hundred thousand tuples more
# would each be visited by the garbage collector.
_WIDTH: Final = 5


@dataclass(frozen=True, slots=True)
class Claims:
    """All claims, in the order in which ties are broken: unit key, lease key, first day.

    Shape: a claim is for some days of one unit: a tenant's when its bucket is None, the owner's
        otherwise; there is no stay for vacant days; `firsts` count from the period's start. `heads`
        are the places where a line begins, when several claims make one line: the spells of a lease
        whose people change, the gaps between the leases of a unit.
    Units: days.
    """

    units: Sequence[UnitInput]
    stays: Sequence[Stay | None]
    buckets: Sequence[Bucket | None]
    firsts: Sequence[int]
    days: Sequence[int]
    heads: Sequence[int]

    def __len__(self) -> int:
        return len(self.units)

    @property
    def one_each(self) -> bool:
        """Tell whether every claim is a line of its own."""
        return len(self.heads) == len(self.units)


def takes_part(unit: UnitInput, rule: RuleInput) -> bool:
    """Tell whether a unit counts in the denominator at all.

    Shape: an excluded unit does while the owner pays for it, so that its neighbours do not.
    """
    if not unit.billable:
        return False
    return unit.excluded_because is None or rule.vacancy is not Vacancy.OCCUPIED_ONLY


def days_in(stay: Stay, period: BillPeriod) -> tuple[int, int]:
    """Clip a stay to the period, as days counted from the period's start.

    Shape: half-open; not above each other when the stay lies outside the period.
    """
    start, end, begin = stay.start, stay.end, period.start
    first = 0 if start is None or start <= begin else (start - begin).days
    last = period.end if end is None or end >= period.end else end
    return first, (last - begin).days


def claims_of(bill: BillInput) -> Claims:
    """List every claim on the bill."""
    rule, period = bill.rule, bill.period
    length, vacancy = period.days, _vacancy_bucket(rule)
    by_date = rule.proration is not Proration.DAYS
    cells: list[Any] = []
    joined: set[int] = set()
    for unit in sorted(bill.units, key=attrgetter("key")):
        stays = unit.stays
        if by_date or len(stays) > 1 or not unit.billable or unit.excluded_because is not None:
            if takes_part(unit, rule):
                _add_spells(cells, joined, unit, bill)
            continue
        lived_in = first = 0
        for stay in stays:
            first, end = days_in(stay, period)
            lived_in = max(end - first, 0)
        if lived_in < length and vacancy is not None:
            cells += (unit, None, vacancy, 0, length - lived_in)
        if lived_in:
            cells += (unit, stays[0], None, first, lived_in)
    return _in_columns(cells, joined)


def _vacancy_bucket(rule: RuleInput) -> Bucket | None:
    return None if rule.vacancy is Vacancy.OCCUPIED_ONLY else Bucket.VACANCY


def _add_spells(cells: list[Any], joined: set[int], unit: UnitInput, bill: BillInput) -> None:
    """Add the claims of a unit with several stays, and remember which go on with a line."""
    excluded = None if unit.excluded_because is None else Bucket.EXCLUDED
    held = _held(unit, bill.period)
    vacancy = _vacancy_bucket(bill.rule)
    gaps: list[tuple[int, int]] = []
    if vacancy is not None:
        gaps = _gaps([(first, end) for first, end, _ in held], bill.period.days)
        if gaps and bill.rule.proration is Proration.DAYS:
            gaps = [(0, sum(end - first for first, end in gaps))]
    for first, end in gaps:
        if first != gaps[0][0]:
            joined.add(len(cells) // _WIDTH)
        cells += (unit, None, excluded or vacancy, first, end - first)
    lease_key = None
    for first, end, stay in sorted(held, key=_by_lease):
        if stay.lease_key == lease_key:
            joined.add(len(cells) // _WIDTH)
        lease_key = stay.lease_key
        cells += (unit, stay, excluded, first, end - first)


def _held(unit: UnitInput, period: BillPeriod) -> list[tuple[int, int, Stay]]:
    clipped = ((*days_in(stay, period), stay) for stay in unit.stays)
    return [(first, end, stay) for first, end, stay in clipped if first < end]


def _by_lease(held: tuple[int, int, Stay]) -> tuple[str, int]:
    return held[2].lease_key, held[0]


def _gaps(held: Iterable[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    gaps, day = [], 0
    for first, end in sorted(held):
        if day < first:
            gaps.append((day, first))
        day = end
    if day < length:
        gaps.append((day, length))
    return gaps


def _in_columns(cells: Sequence[Any], joined: set[int]) -> Claims:
    units, stays, buckets, firsts, days = (cells[column::_WIDTH] for column in range(_WIDTH))
    heads: Sequence[int] = range(len(units))
    if joined:
        heads = [place for place in heads if place not in joined]
    return Claims(units, stays, buckets, firsts, days, heads)
