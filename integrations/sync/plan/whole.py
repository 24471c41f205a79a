"""What can only be seen with a whole property in view: gaps, overlaps, contradictions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from integrations.sync.plan.areas import flag_odd_areas
from integrations.sync.plan.leases import CURRENT, number_key
from integrations.sync.plan.stored_rows import StoredLease, StoredUnit
from integrations.sync.plan.values import Flag, joined


@dataclass(frozen=True, slots=True)
class Whole:
    """A property as it is stored after a reading; what is missing in the PMS is left out.

    Shape: `unit_count` is what the PMS says of the property itself; `counted` is whether every
        unit was read, so that the two can be compared. `empty_lists` names what the PMS showed none
        of, though there was some before, with how many are stored.
    """

    property_id: str
    name: str
    units: Sequence[StoredUnit]
    leases: Sequence[StoredLease]
    unit_count: int | None = None
    counted: bool = False
    empty_lists: Mapping[str, int] = field(default_factory=dict)


def check_whole(whole: Whole, *, today: date) -> tuple[Flag, ...]:
    """Find what does not go together in a property.

    Shape: areas are compared when every unit was read, and so have only then to be flagged again.
    """
    current: dict[int, list[str]] = defaultdict(list)
    for lease in whole.leases:
        begun = lease.start is None or lease.start <= today
        if lease.status in CURRENT and begun:
            current[lease.unit_key].append(lease.remote_id)
    return (
        *_flags_of_overlaps(whole.units, current),
        *_flags_of_units(whole.units, current),
        *_flags_of_property(whole),
        *(flag_odd_areas(whole.units) if whole.counted else ()),
    )


def flag_vanished(
    record_kind: str, remote_id: str, label: str, *, since: str, last_seen: datetime | None = None
) -> Flag:
    """Flag a record that the PMS no longer shows.

    Shape: `since` tells one disappearance from the next; `last_seen` is when the PMS last showed
        the record to Propexo, if Propexo still shows it to us.
    """
    what = (
        f"{label} is no longer shown by the PMS."
        if last_seen is None
        else f"{label} was last shown by the PMS on {last_seen:%Y-%m-%d}, and others long after "
        "that. If it is still there, say so on the review item, or have Propexo read all of the "
        "PMS again (a back-sync)."
    )
    return Flag(
        "vanished",
        record_kind,
        remote_id,
        label,
        f"{what} It was kept as it was; if it is really gone, mark the unit as not billable or end "
        "the lease in the PMS and sync again.",
        seen=f"gone {since}",
    )


def _flags_of_overlaps(
    units: Iterable[StoredUnit], current: dict[int, list[str]]
) -> Iterable[Flag]:
    for unit in units:
        lease_ids = sorted(current.get(unit.key, ()))
        if len(lease_ids) > 1:
            listed = " and ".join(lease_ids)
            yield Flag(
                "overlapping_leases",
                "unit",
                unit.remote_id,
                unit.label,
                f"{unit.label} has more than one current lease in the PMS: {listed}. "
                "End the one that is over in the PMS; until then the unit cannot be billed.",
                seen=listed,
            )


def _flags_of_units(units: Sequence[StoredUnit], current: dict[int, list[str]]) -> Iterable[Flag]:
    twins = _twins(units)
    for unit in units:
        lease_ids = current.get(unit.key, [])
        if unit.occupied is False or unit.key in twins:
            odd = joined(_contradictions(unit, lease_ids, twins.get(unit.key, [])))
            if odd is not None:
                yield Flag("contradiction", "unit", unit.remote_id, unit.label, odd[0], seen=odd[1])


def _twins(units: Sequence[StoredUnit]) -> dict[int, list[str]]:
    """Find the units whose number another unit of their building has as well."""
    same: dict[tuple[str, str], list[StoredUnit]] = defaultdict(list)
    for unit in units:
        same[unit.building.casefold(), number_key(unit.unit_number)].append(unit)
    return {
        unit.key: [twin.remote_id for twin in found if twin is not unit]
        for found in same.values()
        if len(found) > 1
        for unit in found
    }


def _contradictions(
    unit: StoredUnit, lease_ids: list[str], twins: list[str]
) -> Iterable[tuple[str, str]]:
    if unit.occupied is False and unit.billable and lease_ids:
        listed = " and ".join(sorted(lease_ids))
        yield (
            (
                f"{unit.label} is vacant in the PMS, but has a current lease there: {listed}. The "
                "lease counts for billing; correct the status or the lease in the PMS."
            ),
            f"vacant with {listed}",
        )
    if twins:
        yield (
            (
                f"{unit.label} has a number that another unit of the same building has as well. "
                "Both are kept; if they are one unit, remove one in the PMS."
            ),
            f"number shared with {' '.join(sorted(twins))}",
        )


def _flags_of_property(whole: Whole) -> Iterable[Flag]:
    odd = joined(_odd_lists(whole))
    if odd is not None:
        yield Flag("contradiction", "property", whole.property_id, whole.name, odd[0], seen=odd[1])


def _odd_lists(whole: Whole) -> Iterable[tuple[str, str]]:
    for what, stored in whole.empty_lists.items():
        yield (
            (
                f"The PMS shows no {what} of {whole.name}, though there were {stored} before. The "
                "property may have been switched off in Propexo, so nothing was marked as gone; "
                "check the Propexo dashboard."
            ),
            f"no {what}",
        )
    if whole.counted and not whole.leases:
        yield from _silence(whole)
    found = len(whole.units)
    if whole.counted and whole.unit_count is not None and whole.unit_count != found:
        yield (
            (
                f"The PMS says that {whole.name} has {whole.unit_count} units, but shows {found}. "
                "Check in the PMS which number is right."
            ),
            f"{whole.unit_count} units, {found} shown",
        )


def _silence(whole: Whole) -> Iterable[tuple[str, str]]:
    """Find the units of which nothing at all says whether anybody lives there."""
    silent = sum(unit.billable and unit.occupied is None for unit in whole.units)
    if silent:
        yield (
            (
                f"The PMS does not say of {silent} units of {whole.name} whether they are "
                "occupied, and shows no lease there that would. Say so on the units."
            ),
            f"{silent} units of unknown occupancy",
        )
