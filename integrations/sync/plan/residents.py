"""A page of residents: the names that leases show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from integrations.pms.records import MalformedRecord, PmsResident
from integrations.sync.plan.values import Flag, flag_unreadable


class StoredName(NamedTuple):
    """The name that a stored lease shows of its resident; empty when none was read yet."""

    lease_key: int
    name: str


@dataclass(frozen=True, slots=True)
class NamePlan:
    """Which leases get another name.

    Shape: `names` by the keys of leases; `changed` counts those that had a name before.
    """

    names: Mapping[int, str]
    changed: int
    flags: tuple[Flag, ...]
    looked_at: tuple[str, ...]


def plan_names(
    rows: Sequence[PmsResident | MalformedRecord], stored: Mapping[str, Sequence[StoredName]]
) -> NamePlan:
    """Work out which names a page of residents changes; a resident without a name changes none.

    Shape: `stored` are the names on leases, by the PMS's ids of residents.
    """
    names: dict[int, str] = {}
    changed = 0
    for row in rows:
        if isinstance(row, MalformedRecord) or row.resident_id not in stored:
            continue
        name = row.full_name
        for shown in stored[row.resident_id] if name else ():
            if shown.name != name:
                names[shown.lease_key] = name
                changed += bool(shown.name)
    broken = tuple(flag_unreadable(row) for row in rows if isinstance(row, MalformedRecord))
    readable = (row.resident_id for row in rows if isinstance(row, PmsResident))
    return NamePlan(
        names=names,
        changed=changed,
        flags=broken,
        looked_at=(*readable, *(flag.remote_id for flag in broken)),
    )
