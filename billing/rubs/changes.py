"""Why a charge differs from the last one: the old bill is turned into the new one step by step.

Each step is shared out by the same arithmetic as the bills themselves, so the dollars of the
reasons add up to the difference, to the cent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from billing.rubs.allocate import allocate
from billing.rubs.inputs import BillInput, BillPeriod, UnitInput
from billing.rubs.numbers import Number
from billing.rubs.problems import CannotAllocate

LeaseKey = tuple[str, str]
Shares = Mapping[LeaseKey, int]
Own = Mapping[LeaseKey, tuple["Reason", ...]]


class Reason(StrEnum):
    """What made a charge differ."""

    METHOD = "method"
    PEOPLE = "people"
    DAYS = "days"
    UNIT = "unit"
    READING = "reading"
    ELSEWHERE = "elsewhere"
    USE = "use"
    RATE = "rate"
    BILL = "bill"
    CAP = "cap"
    NEW_LEASE = "new_lease"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Run:
    """A bill as it was shared.

    Shape: `shares` by unit key and lease key; `usage` is what the utility metered, None when the
        bill does not say.
    Units: cents; usage in the bill's own unit.
    """

    bill: BillInput
    shares: Shares
    usage: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a difference, with all that can have caused it.

    Units: cents.
    """

    reasons: tuple[Reason, ...]
    cents: int


@dataclass(frozen=True, slots=True)
class Change:
    """How one lease's share differs from the last one.

    Shape: `before_cents` is None for a lease that had no share; the parts add up to the difference.
    Units: cents.
    """

    before_cents: int | None
    now_cents: int
    parts: tuple[Part, ...] = ()

    @property
    def difference_cents(self) -> int | None:
        """Tell by how much more is charged than last time.

        Units: cents; None when there was no last time.
        """
        return None if self.before_cents is None else self.now_cents - self.before_cents

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """List the reasons, the one with the most dollars first."""
        parts = sorted(self.parts, key=lambda part: -abs(part.cents))
        return tuple(dict.fromkeys(reason for part in parts for reason in part.reasons))


def explain_changes(before: Run, now: Run) -> dict[LeaseKey, Change]:
    """Say for each lease of a run how its share differs from the run before, and why.

    Shape: the rule changes first, then days, people and units, then the bill's use and rate.
    """
    steps = list(_steps(before, now))
    return {key: _change(key, before, now, steps) for key in now.shares}


@dataclass(frozen=True, slots=True)
class _Step:
    """What the leases would be charged after one more thing has changed."""

    shares: Shares
    reasons: Own
    otherwise: tuple[Reason, ...]


def _steps(before: Run, now: Run) -> Iterator[_Step]:
    """Change one thing after the other; what cannot be shared out joins the step after it."""
    joined: tuple[Reason, ...] = ()
    for bill, own, otherwise in _bills_between(before, now):
        reasons = joined + otherwise
        shares = _shares_of(bill)
        if shares is None:
            joined = reasons
            continue
        joined = ()
        yield _Step(shares, {key: found + reasons[:-1] for key, found in own.items()}, reasons)
    if joined:
        yield _Step(now.shares, {}, joined)


_Between = tuple[BillInput, Own, tuple[Reason, ...]]


def _bills_between(before: Run, now: Run) -> Iterator[_Between]:
    bill = before.bill
    if bill.rule != now.bill.rule:
        bill = replace(bill, rule=now.bill.rule)
        yield bill, {}, (Reason.METHOD,)
    bill = replace(bill, period=now.bill.period, units=now.bill.units)
    yield bill, _reasons_of_leases(before.bill, now.bill), (Reason.ELSEWHERE,)
    at_old_rate = _amount_at_old_rate(before, now)
    if at_old_rate is None:
        yield now.bill, {}, (Reason.BILL,)
    else:
        yield replace(bill, amount_cents=at_old_rate), {}, (Reason.USE,)
        yield now.bill, {}, (Reason.RATE,)


def _amount_at_old_rate(before: Run, now: Run) -> int | None:
    """Tell what the new use would have cost at the old price, where both bills say their use."""
    if before.bill.lines or now.bill.lines or not before.usage or now.usage is None:
        return None
    return round(before.bill.amount_cents * now.usage / before.usage)


def _shares_of(bill: BillInput) -> Shares | None:
    try:
        allocation = allocate(bill)
    except CannotAllocate:
        return None
    return {(line.unit_key, line.lease_key): line.cents for line in allocation.lines}


def _change(key: LeaseKey, before: Run, now: Run, steps: list[_Step]) -> Change:
    was, is_now = before.shares.get(key), now.shares[key]
    if was is None:
        return Change(None, is_now, (Part((Reason.NEW_LEASE,), is_now),))
    parts: list[Part] = []
    standing = was
    for step in steps:
        after = step.shares.get(key, standing)
        if after != standing:
            parts.append(Part(step.reasons.get(key, step.otherwise), after - standing))
        standing = after
    if standing != is_now:
        parts.append(Part((Reason.NONE,), is_now - standing))
    return Change(was, is_now, tuple(parts))


def _reasons_of_leases(before: BillInput, now: BillInput) -> Own:
    """Find what changed of each lease and its unit; a lease without such a change is not listed."""
    old = {unit.key: unit for unit in before.units}
    found: dict[LeaseKey, tuple[Reason, ...]] = {}
    for unit in now.units:
        if unit.key not in old:
            continue
        of_unit = tuple(_reasons_of_unit(old[unit.key], unit))
        then, later = _held(old[unit.key], before.period), _held(unit, now.period)
        for lease_key in then.keys() & later.keys():
            own = (*_reasons_of_stay(then[lease_key], later[lease_key]), *of_unit)
            if own:
                found[unit.key, lease_key] = own
    return found


def _reasons_of_unit(old: UnitInput, new: UnitInput) -> Iterator[Reason]:
    if old.usage != new.usage:
        yield Reason.READING
    if _facts(old) != _facts(new):
        yield Reason.UNIT
    if old.limits != new.limits:
        yield Reason.CAP


def _facts(unit: UnitInput) -> tuple[object, ...]:
    figures = (unit.sqft, unit.bedrooms, unit.bathrooms, unit.weight, unit.percent)
    return (*figures, unit.billable, unit.excluded_because)


@dataclass(slots=True)
class _Tenancy:
    """How a lease holds its unit during a period: for which part of it, by whom, with what use."""

    part: Fraction
    people: frozenset[int | None]
    usage: frozenset[Number | None]


def _reasons_of_stay(then: _Tenancy, later: _Tenancy) -> Iterator[Reason]:
    if then.part != later.part:
        yield Reason.DAYS
    if then.people != later.people:
        yield Reason.PEOPLE
    if then.usage != later.usage:
        yield Reason.READING


def _held(unit: UnitInput, period: BillPeriod) -> dict[str, _Tenancy]:
    found: dict[str, _Tenancy] = {}
    for stay in unit.stays:
        start = max(stay.start or period.start, period.start)
        end = min(stay.end or period.end, period.end)
        if start >= end:
            continue
        known = found.setdefault(stay.lease_key, _Tenancy(Fraction(0), frozenset(), frozenset()))
        known.part += Fraction((end - start).days, period.days)
        known.people |= {stay.occupants}
        known.usage |= {stay.usage}
    return found
