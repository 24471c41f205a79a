"""Keeping what a sync flagged: once, and not again after a person has decided it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Literal

from django.db.models import Q

from integrations.models import AccountKind, ReviewItem, ReviewKind, SyncRun
from integrations.sync.plan import Flag
from integrations.sync.rows import insert_rows
from portfolios.models import Lease, Property

# What is found on the page of a record, and what only the whole property shows.
PAGE_KINDS = (ReviewKind.UNREADABLE, ReviewKind.ODD_VALUE, ReviewKind.UNKNOWN_STATUS)
WHOLE_KINDS = (ReviewKind.OVERLAPPING_LEASES, ReviewKind.CONTRADICTION)

_LONGEST_LABEL = 200
_GONE = "No longer found by the sync."

RecordKey = tuple[str, str, str]


def store_flags(
    *, place: Property, flags: Sequence[Flag], now: datetime, has_items: bool = True
) -> int:
    """Keep flags as review items: one for each oddity, as long as it lasts.

    Shape: returns how many are open. An oddity that a person decided stays decided as long as
        exactly the same is seen. `has_items` is False when none can be there.
    Effects: rows in the table of review items, in the caller's transaction.
    """
    found = {(flag.kind, flag.record_kind, flag.remote_id): flag for flag in flags}
    if not found:
        return 0
    still_open, decided = _earlier_items(place, found.values()) if has_items else ({}, set())
    news: list[Flag] = []
    same: list[int] = []
    for key, flag in found.items():
        item = still_open.get(key)
        if item is None:
            news += [] if flag.digest in decided else [flag]
        elif (item.digest, item.message) == (flag.digest, flag.message):
            same.append(item.pk)
        else:
            _rewrite(item, flag, now)
    if same:
        ReviewItem.objects.filter(pk__in=same).update(last_found_at=now)
    # A sync of another property of this connection may find the same record at the same time.
    insert_rows(ReviewItem, _COLUMNS, [_row(place, flag, now) for flag in news])
    # A record may have an open item of another kind that was not found just now.
    return len(still_open.keys() & found.keys()) + len(news)


def close_page_items(
    *,
    place: Property,
    record_kind: Literal["unit", "lease", "resident"],
    looked_at: Collection[str],
    flags: Iterable[Flag],
    now: datetime,
) -> None:
    """Close the items of a page's records that are not odd any more.

    Effects: rows in the table of review items, in the caller's transaction.
    """
    _close(
        Q(
            property=place,
            kind__in=PAGE_KINDS,
            record_kind=record_kind,
            remote_id__in=looked_at,
        ),
        flags,
        now,
    )


def close_items_of_whole(*, run: SyncRun, flags: Iterable[Flag], now: datetime) -> None:
    """Close what is not found any more with the whole property in view.

    Effects: rows in the table of review items, in the caller's transaction.
    """
    items = _open(Q(property=run.property_id))
    if not items:
        return
    found = {(flag.kind, flag.record_kind, flag.remote_id) for flag in flags}
    missing = _missing(run.property)
    over = [
        item.pk
        for item in items
        if (item.kind, item.record_kind, item.remote_id) not in found
        and (item.record_kind, item.remote_id) not in missing
        and _is_over(item, run)
    ]
    _resolve(over, now)


def _is_over(item: ReviewItem, run: SyncRun) -> bool:
    """Tell whether a finished run would have found the item again; it did not."""
    if item.record_kind in AccountKind.values:
        # What is wrong with a chart of accounts, its own readings say.
        return False
    if item.record_kind == "property":
        # Only a reading of everything can tell how many units there are, or that there are none;
        # whether the property is gone, the connection's list of properties says.
        return run.is_full and item.kind != ReviewKind.VANISHED
    if item.kind in PAGE_KINDS:
        began = run.started_at
        return run.is_full and began is not None and item.last_found_at < began
    return item.kind in (*WHOLE_KINDS, ReviewKind.VANISHED)


def _earlier_items(
    place: Property, flags: Collection[Flag]
) -> tuple[dict[RecordKey, ReviewItem], set[str]]:
    """Read the open items of flagged records, and the digests of what people decided."""
    items = ReviewItem.objects.filter(
        Q(resolved_at=None) | Q(resolved_by__isnull=False, digest__in={f.digest for f in flags}),
        # Of the whole connection, because a PMS may show the same record under two properties.
        connection=place.link.connection_id,
        remote_id__in={flag.remote_id for flag in flags},
    )
    still_open: dict[RecordKey, ReviewItem] = {}
    decided: set[str] = set()
    for item in items:
        if item.resolved_at is None:
            still_open[item.kind, item.record_kind, item.remote_id] = item
        else:
            decided.add(item.digest)
    return still_open, decided


def _close(which: Q, flags: Iterable[Flag], now: datetime) -> None:
    found = {(flag.kind, flag.record_kind, flag.remote_id) for flag in flags}
    over = [
        item.pk
        for item in _open(which)
        if (item.kind, item.record_kind, item.remote_id) not in found
    ]
    _resolve(over, now)


def _open(which: Q) -> list[ReviewItem]:
    return list(ReviewItem.objects.filter(which, resolved_at=None).order_by())


def _resolve(keys: Collection[int], now: datetime) -> None:
    if keys:
        ReviewItem.objects.filter(pk__in=keys, resolved_at=None).update(resolved_at=now, note=_GONE)


def _missing(place: Property) -> set[tuple[str, str]]:
    """List what the PMS no longer shows: flagged when it went, and open until it is back."""
    units = place.units.exclude(missing_since=None).values_list("propexo_unit_id", flat=True)
    leases = Lease.objects.filter(unit__property=place).exclude(missing_since=None)
    return {("unit", key) for key in units} | {
        ("lease", key) for key in leases.values_list("propexo_lease_id", flat=True)
    }


def _rewrite(item: ReviewItem, flag: Flag, now: datetime) -> None:
    item.message, item.raw, item.digest, item.last_found_at = (
        flag.message,
        flag.raw,
        flag.digest,
        now,
    )
    item.save(update_fields=["message", "raw", "digest", "last_found_at"])


_COLUMNS = (
    "portfolio_id",
    "connection_id",
    "property_id",
    "kind",
    "record_kind",
    "remote_id",
    "label",
    "message",
    "raw",
    "digest",
    "found_at",
    "last_found_at",
)


def _row(place: Property, flag: Flag, now: datetime) -> tuple[object, ...]:
    return (
        place.portfolio_id,
        place.link.connection_id,
        place.pk,
        flag.kind,
        flag.record_kind,
        flag.remote_id,
        flag.label[:_LONGEST_LABEL],
        flag.message,
        flag.raw,
        flag.digest,
        now,
        now,
    )
