"""A page of leases: which days count, which unit each belongs to, and what is odd about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from integrations.pms.records import LeaseStatus, MalformedRecord, PmsLease
from integrations.sync.plan.last_seen import last_seen_of
from integrations.sync.plan.units import MOST_OCCUPANTS
from integrations.sync.plan.values import (
    Flag,
    Known,
    LeaseValues,
    PagePlan,
    compare,
    flag_unreadable,
    joined,
)

CURRENT = frozenset({LeaseStatus.ACTIVE, LeaseStatus.MONTH_TO_MONTH})

# Older than any tenant and further off than any lease: what systems write for "not known".
_EARLIEST = date(1920, 1, 1)
_LATEST = date(2090, 1, 1)
_DECORATION = re.compile(r"^(?:#|APT\.?|APARTMENT|UNIT|NO\.)\s*", re.IGNORECASE)


class Home(NamedTuple):
    """A stored unit, as its leases need it.

    Shape: `occupant_count` belongs to the lease `current_lease_id`.
    """

    key: int
    label: str
    current_lease_id: str = ""
    occupant_count: int | None = None


@dataclass(frozen=True, slots=True)
class HomeBook:
    """The stored units of a page's leases.

    Shape: `by_id` by the PMS's ids; `by_number` by what `number_key` makes of a unit's number.
    """

    by_id: Mapping[str, Home]
    by_number: Mapping[str, Sequence[Home]] = field(default_factory=dict)

    def find(self, lease: PmsLease) -> Home | None:
        """Find the unit of a lease: by its id, or by a number that only one unit has."""
        if lease.unit_id:
            return self.by_id.get(lease.unit_id)
        found = self.by_number.get(number_key(lease.unit_number), ()) if lease.unit_number else ()
        return found[0] if len(found) == 1 else None


# The buildings of a portfolio number their units alike.
@lru_cache(4096)
def number_key(unit_number: str) -> str:
    """Bring the writings of one unit number together, such as “#4b” and “Apt 4B”.

    Shape: capitals, single spaces, without a word for “unit” in front. Signs inside stay: without
        them different units would become one.
    """
    plain = " ".join(unit_number.upper().split())
    return plain if plain[:1].isdigit() else _DECORATION.sub("", plain).strip()


def plan_leases(
    rows: Sequence[PmsLease | MalformedRecord],
    known: Mapping[str, Known[LeaseValues]],
    homes: HomeBook,
    *,
    gone_before: datetime | None = None,
) -> PagePlan[LeaseValues]:
    """Work out what a page of leases changes.

    Shape: `known` are the stored rows of the page's leases, by the PMS's ids; what the PMS last
        showed to Propexo before `gone_before` is not back.
    """
    found: dict[str, LeaseValues] = {}
    kept: list[str] = []
    flags: list[Flag] = []
    for row in rows:
        if isinstance(row, MalformedRecord):
            flags.append(flag_unreadable(row))
            kept += [row.remote_id] if row.remote_id else []
            continue
        home = homes.find(row)
        if home is None:
            flags.append(_flag_homeless(row))
            kept.append(row.lease_id)
            continue
        found[row.lease_id] = _values(row, home)
        flags += _flags(row, home)
    return compare(
        found,
        known,
        kept=kept,
        flags=flags,
        last_seen=last_seen_of(rows),
        gone_before=gone_before,
    )


def _values(lease: PmsLease, home: Home) -> LeaseValues:
    start, end = _days(lease)
    backwards = start is not None and end is not None and end <= start
    count = lease.occupant_count
    if count is None and home.current_lease_id == lease.lease_id:
        count = home.occupant_count
    return LeaseValues(
        unit_key=home.key,
        resident_id=lease.resident_id or "",
        start=None if backwards else start,
        end=None if backwards else end,
        contract_start=lease.start,
        contract_end=lease.end,
        move_in=lease.move_in,
        move_out=lease.move_out,
        occupant_count=count,
        status=lease.status,
        raw_status=lease.raw_status,
    )


def _days(lease: PmsLease) -> tuple[date | None, date | None]:
    """Say from when to when people live there: when they came and went, else what was agreed."""
    if not lease.days_known:
        return None, None
    start = _sensible(lease.move_in) or _sensible(lease.start)
    end = _sensible(lease.move_out) or _sensible(lease.end)
    return start, end


def _sensible(day: date | None) -> date | None:
    return day if day is not None and _EARLIEST <= day < _LATEST else None


def _flag_homeless(lease: PmsLease) -> Flag:
    label = f"Lease {lease.lease_id}"
    if lease.unit_id:
        named = f"a unit ({lease.unit_id}) that the PMS does not list for this property"
    elif lease.unit_number:
        named = (
            f"a unit that the PMS names by the number “{lease.unit_number}” alone, which not "
            "exactly one unit of this property has"
        )
    else:
        named = "no unit that the PMS names"
    return Flag(
        "odd_value",
        "lease",
        lease.lease_id,
        label,
        f"{label} belongs to {named}. It was left out; check the lease in the PMS.",
        seen=f"unit {lease.unit_id} number {lease.unit_number}",
    )


def _flags(lease: PmsLease, home: Home) -> Iterable[Flag]:
    label = f"Lease {lease.lease_id}"
    odd = joined(_odd_values(lease, f"{label} of {home.label}"))
    if odd is not None:
        yield Flag("odd_value", "lease", lease.lease_id, label, odd[0], seen=odd[1])
    if lease.status is LeaseStatus.UNKNOWN:
        yield Flag(
            "unknown_status",
            "lease",
            lease.lease_id,
            label,
            f"{label} of {home.label} has the status “{lease.raw_status}” in the "
            "PMS, which MeterBase does not know. Its resident is not billed until it is clear.",
            seen=f"status {lease.raw_status}",
        )


def _odd_values(lease: PmsLease, name: str) -> Iterable[tuple[str, str]]:
    """Find what makes no sense, each as a sentence and as what was seen."""
    start, end = _days(lease)
    odd_start = next((day for day in (lease.move_in, lease.start) if day and day < _EARLIEST), None)
    if start is None and odd_start is not None:
        yield (
            (
                f"{name} starts on {odd_start}, which no lease does. The day was not stored; "
                "correct it in the PMS."
            ),
            f"start {odd_start}",
        )
    elif start is None and lease.status is not LeaseStatus.PAST:
        yield f"{name} has no start date. Enter it in the PMS.", "no start"
    if start is not None and end is not None and end <= start:
        yield (
            (
                f"{name} ends on {end}, not after it starts on {start}. Neither date was stored; "
                "correct them in the PMS."
            ),
            f"days {start} {end}",
        )
    if lease.status is LeaseStatus.PAST and start is not None and end is None:
        yield f"{name} is over, but has no end date. It charges nobody; enter the date.", "no end"
    if lease.move_out is not None and lease.status in CURRENT:
        yield _moved_out(lease, name)
    if lease.occupant_count is not None and lease.occupant_count > MOST_OCCUPANTS:
        yield (
            f"{name} has {lease.occupant_count} occupants in the PMS. Check the number.",
            f"occupants {lease.occupant_count}",
        )
    for warning in lease.warnings:
        yield f"{name}: {warning}", warning


def _moved_out(lease: PmsLease, name: str) -> tuple[str, str]:
    return (
        (
            f"{name} counts as current in the PMS, though everybody moved out on {lease.move_out}. "
            "End the lease in the PMS, or take the move-out back if it was renewed."
        ),
        f"current, moved out {lease.move_out}",
    )
