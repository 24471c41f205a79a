"""What must be right about every unit and its leases, whatever the method."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from operator import attrgetter, eq

from billing.rubs.claims import days_in
from billing.rubs.inputs import BillInput, BillPeriod, Stay, UnitInput
from billing.rubs.problems import Problem, unit_name, unit_problem
from billing.rubs.rule_checks import limit_findings


def unit_problems(bill: BillInput) -> Iterator[Problem]:
    """Find units that cannot be told apart and leases that cannot be."""
    keys = sorted(map(attrgetter("key"), bill.units))
    if any(map(eq, keys, keys[1:])):
        yield from _same_keys(bill)
    odd = [unit for unit in bill.units if unit.billable and not _is_plain(unit)]
    for unit in sorted(odd, key=lambda unit: (unit.key, unit.label)):
        yield from _problems_of_one(unit, bill.period)


def _is_plain(unit: UnitInput) -> bool:
    """Tell at a glance that nothing can be wrong, as it is with almost every unit."""
    if unit.excluded_because is not None or unit.limits is not None:
        return False
    if len(unit.stays) == 1:
        (stay,) = unit.stays
        ends = stay.start is None or stay.end is None or stay.start <= stay.end
        return ends and bool(stay.lease_key)
    before = date.min
    for stay in unit.stays:
        start = date.min if stay.start is None else stay.start
        if not stay.lease_key or start < before or (stay.start is None and before > date.min):
            return False
        before = date.max if stay.end is None else stay.end
        if before < start:
            return False
    return True


def _same_keys(bill: BillInput) -> Iterator[Problem]:
    units_by_key: defaultdict[str, list[UnitInput]] = defaultdict(list)
    for unit in bill.units:
        units_by_key[unit.key].append(unit)
    for key, units in sorted(units_by_key.items()):
        first, *others = sorted(units, key=lambda unit: unit.label)
        if others:
            names = " and ".join(unit_name(unit.label) for unit in others)
            yield unit_problem(
                first,
                "key",
                f"has the same key, {key}, as {names}; give each unit a key of its own.",
            )


def _problems_of_one(unit: UnitInput, period: BillPeriod) -> Iterator[Problem]:
    if unit.excluded_because is not None and not unit.excluded_because.strip():
        yield unit_problem(
            unit, "excluded_because", "is excluded without a reason; enter the reason."
        )
    if unit.limits is not None:
        for field, message in limit_findings(unit.limits):
            yield unit_problem(unit, field, message)
    for stay in unit.stays:
        yield from _stay_problems(unit, stay)
    if len(unit.stays) > 1:
        yield from _days_held_twice(unit, period)


def _stay_problems(unit: UnitInput, stay: Stay) -> Iterator[Problem]:
    if not stay.lease_key:
        yield unit_problem(unit, "stays", "has a lease without a key; give the lease its key.")
    if stay.start is not None and stay.end is not None and stay.end < stay.start:
        yield unit_problem(
            unit,
            "stays",
            f"has lease {stay.lease_key} that ends on {stay.end}, before it starts on"
            f" {stay.start}; correct the dates of the lease.",
        )


def _days_held_twice(unit: UnitInput, period: BillPeriod) -> Iterator[Problem]:
    longest: tuple[int, Stay] | None = None
    for first, end, stay in _in_order(unit.stays, period):
        if longest is not None and first < longest[0]:
            since = period.start + timedelta(days=first)
            yield unit_problem(unit, "stays", _held_twice(longest[1], stay, f"{since}"))
        if longest is None or end > longest[0]:
            longest = end, stay


def _held_twice(one: Stay, other: Stay, since: str) -> str:
    if one.lease_key == other.lease_key:
        return (
            f"has two stays for lease {one.lease_key} on the same days, from {since}; end one"
            " before the other starts."
        )
    return (
        f"is held under lease {one.lease_key} and lease {other.lease_key} on the same days, from"
        f" {since}; end one before the other starts."
    )


def _in_order(stays: Sequence[Stay], period: BillPeriod) -> list[tuple[int, int, Stay]]:
    clipped = [(*days_in(stay, period), stay) for stay in stays]
    return sorted(
        (row for row in clipped if row[0] < row[1]),
        key=lambda row: (row[0], row[1], row[2].lease_key),
    )
