"""What is gone in the PMS after a reading of everything: marked and flagged, never deleted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic

from integrations.models import SyncRun
from integrations.pms.records import LeaseStatus
from integrations.sync.plan import Flag, StoredLease, StoredUnit
from integrations.sync.plan.whole import flag_vanished
from integrations.sync.stored import (
    Sight,
    StoredT,
    leases_shown_no_more,
    units_shown_no_more,
    vouched_for,
)
from portfolios.models import Lease, Unit


@dataclass(frozen=True, slots=True)
class Gone(Generic[StoredT]):
    """The rows of one kind that are gone.

    Shape: `last_seen` is by the keys of those that Propexo shows although the PMS does not.
    """

    rows: Sequence[StoredT]
    last_seen: Mapping[int, datetime]

    def rest_of(self, sight: Sight[StoredT]) -> Sequence[StoredT]:
        """List what is not gone."""
        if not self.rows:
            return sight.all
        keys = {row.key for row in self.rows}
        return [row for row in sight.all if row.key not in keys]


def find_gone_units(
    run: SyncRun, sight: Sight[StoredUnit], *, empty: Collection[str]
) -> Gone[StoredUnit]:
    """Find the units that are gone.

    Shape: none after a reading of changes, and none where `empty` names what nothing was shown of.
    """
    if not run.is_full or run.started_at is None or "unit" in empty:
        return Gone((), {})
    if not sight.hides_gone:
        return Gone(sight.unseen, {})
    shown_no_more = units_shown_no_more(run.property, began=run.started_at)
    return _gone(sight, shown_no_more, vouched_for(run.property, "unit") if shown_no_more else {})


def find_gone_leases(
    run: SyncRun, sight: Sight[StoredLease], *, empty: Collection[str]
) -> Gone[StoredLease]:
    """Find the leases that are gone, as for units; without units nothing is known of leases."""
    if not run.is_full or run.started_at is None or empty:
        return Gone((), {})
    if not sight.hides_gone:
        return Gone(sight.unseen, {})
    shown_no_more = leases_shown_no_more(run.property, began=run.started_at)
    return _gone(sight, shown_no_more, vouched_for(run.property, "lease") if shown_no_more else {})


def mark_gone(
    units: Gone[StoredUnit], leases: Gone[StoredLease], *, now: datetime
) -> tuple[Flag, ...]:
    """Mark what is gone, and flag it; leases that are past may go without a word.

    Effects: rows of units and leases, in the caller's transaction.
    """
    for model, gone in ((Unit, units), (Lease, leases)):
        keys = [row.key for row in gone.rows]
        if keys:
            model._default_manager.filter(pk__in=keys).update(missing_since=now)
    since = now.isoformat()
    return (
        *(
            flag_vanished(
                "unit",
                unit.remote_id,
                unit.label,
                since=since,
                last_seen=units.last_seen.get(unit.key),
            )
            for unit in units.rows
        ),
        *(
            flag_vanished(
                "lease",
                lease.remote_id,
                f"Lease {lease.remote_id}",
                since=since,
                last_seen=leases.last_seen.get(lease.key),
            )
            for lease in leases.rows
            if lease.status != LeaseStatus.PAST
        ),
    )


def _gone(
    sight: Sight[StoredT], last_seen: Mapping[int, datetime], vouched: Mapping[str, datetime]
) -> Gone[StoredT]:
    """Take for gone what Propexo does not show, and what only Propexo still shows.

    Shape: `vouched` is by the PMS's ids: a sight that a person vouches for proves nothing, a later
        one that is old again does.
    """
    lingering = [
        row
        for row in sight.seen
        if row.key in last_seen
        and not (row.remote_id in vouched and last_seen[row.key] <= vouched[row.remote_id])
    ]
    return Gone([*sight.unseen, *lingering], last_seen)
