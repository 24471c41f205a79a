"""The values that a sync stores, and what it says about a page of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Generic, Literal, NamedTuple, TypeVar

from integrations.pms.records import LeaseStatus, MalformedRecord

FlagKind = Literal[
    "unreadable",
    "odd_value",
    "unknown_status",
    "overlapping_leases",
    "contradiction",
    "vanished",
]

_LONGEST_ID = 100


# Tuples with names: there is one for each row, made, compared and stored as it is.
class UnitValues(NamedTuple):
    """What is stored of a unit.

    Shape: `raw_unit_number` is the PMS's own writing where `unit_number` differs from it, else
        empty; `current_lease_id` is the lease that `occupant_count` belongs to.
    Units: square feet.
    """

    unit_number: str
    raw_unit_number: str
    building: str
    sqft: int | None
    bedrooms: Decimal | None
    bathrooms: Decimal | None
    occupied: bool | None
    occupant_count: int | None
    billable: bool
    raw_status: str
    current_lease_id: str


class LeaseValues(NamedTuple):
    """What is stored of a lease; its resident's name is a matter of its own.

    Shape: `unit_key` is the row of its unit; `start` and `end` are the days that count, [start,
        end), made of those of the contract and of the days on which people came and went.
    """

    unit_key: int
    resident_id: str
    start: date | None
    end: date | None
    contract_start: date | None
    contract_end: date | None
    move_in: date | None
    move_out: date | None
    occupant_count: int | None
    status: LeaseStatus
    raw_status: str


ValuesT = TypeVar("ValuesT", UnitValues, LeaseValues)


@dataclass(frozen=True, slots=True)
class Known(Generic[ValuesT]):
    """A row that is stored already.

    Shape: `key` is the row's own; `missing_since` is from when on the PMS did not show it.
    """

    key: int
    values: ValuesT
    missing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """Something for a person to look at.

    Shape: `seen` is what the oddity consists of and nothing else: two flags with the same `seen`
        say the same of the same record, however the sentence is worded.
    """

    kind: FlagKind
    record_kind: str
    remote_id: str
    label: str
    message: str
    seen: str
    raw: str = ""

    @property
    def digest(self) -> str:
        """Stand for what was seen, in 64 characters."""
        told = f"{self.kind}\n{self.record_kind}\n{self.remote_id}\n{self.seen}"
        return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class PagePlan(Generic[ValuesT]):
    """What to do with the records of one page.

    Shape: `created` is by the PMS's ids, `changed` and `unchanged` by the keys of stored rows;
        `changed` also holds rows that were missing and are back, `unchanged` rows that the PMS
        shows in a form that cannot be read. `looked_at` are the PMS's ids on the page. `last_seen`
        is by the PMS's ids; `still_missing` are the keys of rows that Propexo shows and the PMS
        does not.
    """

    created: Mapping[str, ValuesT]
    changed: Mapping[int, ValuesT]
    unchanged: tuple[int, ...]
    flags: tuple[Flag, ...]
    looked_at: tuple[str, ...]
    unchanged_count: int
    last_seen: Mapping[str, datetime] = field(default_factory=dict)
    still_missing: frozenset[int] = frozenset()


def compare(
    found: Mapping[str, ValuesT],
    known: Mapping[str, Known[ValuesT]],
    *,
    kept: Iterable[str],
    flags: Iterable[Flag],
    last_seen: Mapping[str, datetime],
    gone_before: datetime | None,
) -> PagePlan[ValuesT]:
    """Sort a page's records into new, changed and unchanged.

    Shape: `kept` are ids that the PMS shows, but in a form from which nothing is taken over. A row
        that is missing is back, unless the PMS last showed it to Propexo before `gone_before`.
    """
    still_missing = _still_missing(known, last_seen, gone_before)
    created: dict[str, ValuesT] = {}
    changed: dict[int, ValuesT] = {}
    unchanged: list[int] = []
    for remote_id, values in found.items():
        stored = known.get(remote_id)
        if stored is None:
            created[remote_id] = values
        elif stored.values != values or _is_back(stored, still_missing):
            changed[stored.key] = values
        else:
            unchanged.append(stored.key)
    left: tuple[str, ...] = tuple(key for key in dict.fromkeys(kept) if key not in found)
    noted: tuple[Flag, ...] = tuple(flags)
    return PagePlan(
        created=created,
        changed=changed,
        unchanged=(*unchanged, *(known[key].key for key in left if key in known)),
        flags=noted,
        looked_at=tuple(dict.fromkeys((*found, *left, *(flag.remote_id for flag in noted)))),
        unchanged_count=len(unchanged),
        last_seen=last_seen,
        still_missing=still_missing,
    )


def _is_back(stored: Known[ValuesT], still_missing: frozenset[int]) -> bool:
    return stored.missing_since is not None and stored.key not in still_missing


def _still_missing(
    known: Mapping[str, Known[ValuesT]],
    last_seen: Mapping[str, datetime],
    gone_before: datetime | None,
) -> frozenset[int]:
    if gone_before is None:
        return frozenset()
    return frozenset(
        row.key
        for remote_id, row in known.items()
        if row.missing_since is not None
        and remote_id in last_seen
        and last_seen[remote_id] < gone_before
    )


def flag_unreadable(row: MalformedRecord) -> Flag:
    """Flag a record that cannot be read."""
    label = f"{row.kind.replace('_', ' ').capitalize()} {row.remote_id or 'without an id'}"
    return Flag(
        "unreadable",
        row.kind,
        _name_of(row),
        label,
        f"{label} could not be read and was left out: {' '.join(row.problems)}",
        seen=" ".join(row.problems),
        raw=row.raw,
    )


def _name_of(row: MalformedRecord) -> str:
    """Name a row by its id, or by its content where the id is missing or no id at all."""
    if 0 < len(row.remote_id) <= _LONGEST_ID:
        return row.remote_id
    return "content " + hashlib.sha256(row.raw.encode()).hexdigest()[:32]


def joined(parts: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """Join what is odd about one record: the sentences, and what was seen.

    Shape: None when nothing is odd.
    """
    found = tuple(parts)
    if not found:
        return None
    return " ".join(sentence for sentence, _ in found), "; ".join(seen for _, seen in found)
