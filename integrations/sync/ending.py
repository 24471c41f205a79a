"""The end of a sync: what is gone, what does not go together, and that it is complete."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from integrations.models import Connection, PropertyLink, PropertyReading, SyncRun, SyncState
from integrations.sync.claim import Claim, advance, queue_follow_up
from integrations.sync.flags import close_items_of_whole, store_flags
from integrations.sync.gone import find_gone_leases, find_gone_units, mark_gone
from integrations.sync.plan import Flag, StoredLease, StoredUnit, Whole, check_whole
from integrations.sync.reports import report_sync
from integrations.sync.rows import insert_rows, update_row
from integrations.sync.stored import Sight
from portfolios.operations.audit import record_event


@transaction.atomic
def finish_sync(
    *,
    claim: Claim,
    run: SyncRun,
    units: Sight[StoredUnit],
    leases: Sight[StoredLease],
    has_items: bool,
    clock: Callable[[], datetime],
) -> None:
    """Look at the property as a whole, and complete the run.

    Shape: `units` and `leases` are all that are stored; `has_items` is whether earlier runs
        left review items, which may be over now.
    Errors: TakenOver; nothing is stored then.
    Effects: marks what is gone, review items, the run, how far the property was read, an audit
        event; a follow-up is queued if somebody asked for one meanwhile.
    """
    now = clock()
    place = run.property
    flags = _look_at_whole(run, units, leases, now)
    if has_items:
        close_items_of_whole(run=run, flags=flags, now=now)
    run.flagged += store_flags(place=place, flags=flags, now=now)
    over = {"state": SyncState.COMPLETED.value, "token": "", "finished_at": now}
    asked_again = advance(claim, now=now, values={**over, "flagged": run.flagged})
    _note_reading(run, now)
    counts = {name: getattr(run, name) for name in ("created", "changed", "unchanged", "flagged")}
    record_event(verb="sync.completed", subject=place, by=run.requested_by, now=now, after=counts)
    report_sync(run, now=now)
    if asked_again:
        queue_follow_up(run.pk, now=now)


def _look_at_whole(
    run: SyncRun, units: Sight[StoredUnit], leases: Sight[StoredLease], now: datetime
) -> tuple[Flag, ...]:
    place = run.property
    empty = _empty_lists(run, units, leases) if run.is_full else {}
    gone_units = find_gone_units(run, units, empty=empty)
    gone_leases = find_gone_leases(run, leases, empty=empty)
    whole = Whole(
        property_id=place.propexo_property_id,
        name=place.name,
        units=gone_units.rest_of(units),
        leases=gone_leases.rest_of(leases),
        unit_count=place.unit_count,
        counted=run.is_full and run.units_read > 0,
        empty_lists=empty,
    )
    return (
        *mark_gone(gone_units, gone_leases, now=now),
        *check_whole(whole, today=timezone.localdate(now)),
    )


def _empty_lists(
    run: SyncRun, units: Sight[StoredUnit], leases: Sight[StoredLease]
) -> dict[str, int]:
    """Count what is stored of each kind of which a reading of everything showed nothing at all.

    An empty list is no proof that every record is gone: a property that is switched off in Propexo
    has one, and so has a model that is not loaded any more.
    """
    empty: dict[str, int] = {}
    if run.units_read == 0 and units.unseen:
        empty["unit"] = len(units.unseen)
    if run.leases_read == 0 and leases.unseen:
        empty["lease"] = len(leases.unseen)
    return empty


def _note_reading(run: SyncRun, now: datetime) -> None:
    """Note how far the property has been read, and when."""
    place = run.property
    read: dict[str, object] = {"read_at": run.started_at or now}
    if run.is_full:
        read |= {"fully_read_at": run.started_at or now, "rows_read": run.rows_read}
    if run.pms_synced_at is not None:
        read["pms_synced_at"] = run.pms_synced_at
    if update_row(PropertyReading, where={"property_id": place.pk}, values=read) is None:
        insert_rows(PropertyReading, ("property_id", *read), [(place.pk, *read.values())])
    link = place.link
    update_row(PropertyLink, where={"id": link.pk}, values={"last_synced_at": now})
    update_row(Connection, where={"id": link.connection_id}, values={"last_completed_sync": now})
