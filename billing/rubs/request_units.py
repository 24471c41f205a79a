"""Units and their stays as a person writes them in JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from billing.rubs.inputs import BillPeriod, Stay, UnitInput
from billing.rubs.request_reader import Reader
from billing.rubs.request_rule import read_limits


def read_units(units: Iterable[Reader], period: BillPeriod) -> tuple[UnitInput, ...]:
    """Read units; one that says nothing of stays is lived in all the time."""
    return tuple(_read_unit(unit, period) for unit in units)


def _read_unit(unit: Reader, period: BillPeriod) -> UnitInput:
    label = unit.text("unit")
    if label is None:
        unit.note("unit", "is missing; give the unit its number or name")
    label = label or unit.place
    unit.unit = label
    read = UnitInput(
        key=label,
        label=label,
        sqft=unit.number("square_feet"),
        bedrooms=unit.number("bedrooms"),
        bathrooms=unit.number("bathrooms"),
        weight=unit.number("weight"),
        percent=unit.number("percent"),
        usage=unit.number("usage"),
        billable=unit.flag("billable", usual=True),
        excluded_because=unit.text("excluded_because"),
        limits=read_limits(unit),
        stays=tuple(_read_stays(unit, label, period)),
    )
    unit.close()
    return read


def _read_stays(unit: Reader, label: str, period: BillPeriod) -> Iterator[Stay]:
    occupants, lease = unit.whole("occupants"), unit.text("lease", label) or label
    occupied = unit.flag("occupied", usual=True)
    days = unit.days("occupied_days", max(period.days, 0))
    said_once = occupied and days is None
    if not unit.has("stays"):
        if said_once:
            yield Stay(lease_key=lease, occupants=occupants)
        elif occupied and days:
            end = period.start + timedelta(days=days)
            yield Stay(lease_key=lease, start=period.start, end=end, occupants=occupants)
        return
    rows = unit.objects("stays")
    if rows and not said_once:
        unit.note("stays", "stand beside occupied or occupied_days; say it in one way")
    day = period.start
    for row in rows:
        stay = _read_stay(row, lease, occupants, day)
        day = stay.end or day
        yield stay


def _read_stay(row: Reader, lease: str, occupants: int | None, day: date) -> Stay:
    start, end = row.day("start"), row.day("end")
    end = row.day_after("last_day") or end
    days, people = row.days("days"), row.whole("occupants")
    if days is not None:
        start = start or day
        end = start + timedelta(days=days)
    read = Stay(
        lease_key=row.text("lease", lease) or lease,
        start=start,
        end=end,
        occupants=occupants if people is None else people,
        usage=row.number("usage"),
    )
    row.close()
    return read
