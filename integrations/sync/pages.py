"""What a chunk of the PMS's records comes to: what to count, what to flag, what to store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from typing import Literal

from django.db.models import QuerySet

from integrations.models import SyncPhase, SyncRun
from integrations.pms.records import MalformedRecord, PmsLease, PmsResident, PmsUnit
from integrations.sync.apply import apply_leases, apply_names, apply_units
from integrations.sync.plan import (
    Flag,
    HomeBook,
    Known,
    LeaseValues,
    PagePlan,
    StoredLease,
    StoredName,
    StoredUnit,
    UnitValues,
    plan_leases,
    plan_names,
    plan_units,
)
from integrations.sync.plan.last_seen import CLOCKS_DIFFER, SeenSpan, gone_before
from integrations.sync.plan.values import ValuesT
from integrations.sync.stored import (
    Sight,
    first_names,
    home_book,
    lease_keys,
    leases_of,
    new_leases,
    new_units,
    newest_sight,
    read_known_leases,
    read_known_units,
    read_leases_in_sight,
    read_units_in_sight,
    shown_names,
    unit_keys,
    units_of,
)
from portfolios.models import Lease, Property, Unit

RecordKind = Literal["unit", "lease", "resident"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records that were planned and are not stored yet.

    Shape: `store` writes them at the time that it is given; `names_missing` tells of a lease whose
        resident's name is not known here.
    """

    record_kind: RecordKind
    looked_at: Sequence[str]
    flags: Sequence[Flag]
    store: Callable[[datetime], None]
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    names_missing: bool = False


class Planner:
    """Plans the chunks of one pass over a property, beside what is stored of it.

    What leases and residents hang on is read once: the phases before have stored it.
    """

    def __init__(self, run: SyncRun, *, is_new: bool) -> None:
        self._run = run
        self._place = run.property
        # Of a property of which nothing is stored, nothing has to be looked up.
        self._is_new = is_new
        self._new_units: dict[str, UnitValues] = {}
        self._new_leases: dict[str, LeaseValues] = {}
        self._seen_at = _began(run)
        # A pass that begins in the middle knows nothing of what the one before it saw.
        self._sees_all = is_new or (run.phase == SyncPhase.UNITS and not run.mark)
        self._units_seen = SeenSpan(latest=self._seen_at + CLOCKS_DIFFER)
        self._leases_seen = SeenSpan(latest=self._seen_at + CLOCKS_DIFFER)

    def units(self, rows: Sequence[PmsUnit | MalformedRecord]) -> Chunk:
        """Plan some units."""
        ids = [row.unit_id if isinstance(row, PmsUnit) else row.remote_id for row in rows]
        known = {} if self._is_new else read_known_units(self._place, ids)
        plan = plan_units(rows, known, gone_before=self._gone_before(known, units_of))
        self._units_seen.take_in(plan.last_seen.values())
        if self._is_new:
            self._new_units |= plan.created
        store = partial(
            apply_units, place=self._place, plan=plan, known=known, seen_at=self._seen_at
        )
        return _chunk("unit", plan, store=lambda now: store(now=now))

    def leases(self, rows: Sequence[PmsLease | MalformedRecord]) -> Chunk:
        """Plan some leases."""
        ids = [row.lease_id if isinstance(row, PmsLease) else row.remote_id for row in rows]
        known = {} if self._is_new else read_known_leases(self._place, ids)
        limit = self._gone_before(known, leases_of)
        plan = plan_leases(rows, known, self._homes, gone_before=limit)
        self._leases_seen.take_in(plan.last_seen.values())
        if self._is_new:
            self._new_leases |= plan.created
        # In a reading of everything the residents follow, and their names with them.
        wanted = set[str]() if self._run.is_full else _residents_new_on_a_lease(plan, known)
        names = {key: self._first_names[key] for key in wanted if key in self._first_names}
        store = partial(
            apply_leases,
            place=self._place,
            plan=plan,
            known=known,
            names=names,
            seen_at=self._seen_at,
        )
        missing = not wanted <= names.keys()
        return _chunk("lease", plan, store=lambda now: store(now=now), names_missing=missing)

    def residents(self, rows: Sequence[PmsResident | MalformedRecord]) -> Chunk:
        """Plan some residents: their names on leases."""
        plan = plan_names(rows, self._names)
        return Chunk(
            record_kind="resident",
            looked_at=plan.looked_at,
            flags=plan.flags,
            store=lambda _now: apply_names(plan),
            changed=plan.changed,
        )

    @cached_property
    def units_in_sight(self) -> Sight[StoredUnit]:
        """Read the property's units, once all of them are stored."""
        if self._is_new:
            sight = Sight(new_units(self._new_units, unit_keys(self._place)), [])
        else:
            sight = read_units_in_sight(self._place, since=self._seen_at)
        return replace(sight, hides_gone=self._may_hide_gone(self._units_seen))

    @cached_property
    def leases_in_sight(self) -> Sight[StoredLease]:
        """Read the property's leases, once all of them are stored."""
        if self._is_new:
            sight = Sight(new_leases(self._new_leases, lease_keys(self._place)), [])
        else:
            sight = read_leases_in_sight(self._place, since=self._seen_at)
        return replace(sight, hides_gone=self._may_hide_gone(self._leases_seen))

    def _may_hide_gone(self, seen: SeenSpan) -> bool:
        return seen.hides_gone or not self._sees_all

    def _gone_before(
        self,
        known: Mapping[str, Known[ValuesT]],
        stored: Callable[[Property], QuerySet[Unit] | QuerySet[Lease]],
    ) -> datetime | None:
        """Tell what it takes for a row that is missing to be back; most chunks have none."""
        if all(row.missing_since is None for row in known.values()):
            return None
        return gone_before(newest_sight(stored(self._place), began=self._seen_at))

    @cached_property
    def _homes(self) -> HomeBook:
        return home_book(self.units_in_sight)

    @cached_property
    def _names(self) -> Mapping[str, Sequence[StoredName]]:
        return shown_names(self.leases_in_sight)

    @cached_property
    def _first_names(self) -> Mapping[str, str]:
        # From before the leases are stored, which is where the names of a new lease come from.
        earlier = read_leases_in_sight(self._place, since=self._seen_at)
        return first_names(shown_names(earlier))


def _residents_new_on_a_lease(
    plan: PagePlan[LeaseValues], known: Mapping[str, Known[LeaseValues]]
) -> set[str]:
    before = {row.key: row.values.resident_id for row in known.values()}
    new = {lease.resident_id for lease in plan.created.values()}
    moved = {row.resident_id for key, row in plan.changed.items() if row.resident_id != before[key]}
    return (new | moved) - {""}


def _chunk(
    record_kind: RecordKind,
    plan: PagePlan[UnitValues] | PagePlan[LeaseValues],
    *,
    store: Callable[[datetime], None],
    names_missing: bool = False,
) -> Chunk:
    return Chunk(
        record_kind=record_kind,
        looked_at=plan.looked_at,
        flags=plan.flags,
        store=store,
        created=len(plan.created),
        changed=len(plan.changed),
        unchanged=plan.unchanged_count,
        names_missing=names_missing,
    )


def _began(run: SyncRun) -> datetime:
    """Tell when the run began, which stays when another worker takes it up."""
    if run.started_at is None:
        raise ValueError("a run that nobody has taken reads nothing")
    return run.started_at
