"""Saying of a record that counts as gone that it is still there.

Under contract v1 Propexo never removes a record: it only says when the PMS last showed it. Syncs
that look no further back than some days let that grow old for records that are alive, and only a
person can tell the two apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet

from integrations.models import ReviewItem, ReviewKind
from integrations.operations.review_items import resolve_review_item
from portfolios.models import Lease, Unit, User
from portfolios.operations.audit import record_event

NOT_LISTED = (
    "The last full sync did not find it in Propexo's list at all, so nobody can say here that it "
    "is still there. If the PMS has it, have Propexo read all of the PMS again (a back-sync), then "
    "sync: it comes back by itself."
)

Record = Unit | Lease


class NotListed(Exception):
    """Propexo does not list the record, so that the next sync would miss it again."""


def may_be_there(item: ReviewItem) -> bool:
    """Tell whether an item asks if a unit or a lease is gone."""
    is_open = item.resolved_at is None
    return is_open and item.kind == ReviewKind.VANISHED and item.record_kind in ("unit", "lease")


def find_listed(items: Iterable[ReviewItem]) -> frozenset[int]:
    """Find the items, by their keys, whose record Propexo lists though it counts as gone."""
    asked = [item for item in items if may_be_there(item)]
    units = [item for item in asked if item.record_kind == "unit"]
    leases = [item for item in asked if item.record_kind == "lease"]
    return _items_of_units(units) | _items_of_leases(leases)


def keep_as_still_there(*, item: ReviewItem, note: str, by: User, now: datetime) -> None:
    """Close an item because its record is still there, whatever Propexo saw of it last.

    Shape: holds until the PMS shows the record again; once that sight is old, it is asked anew.
    Errors: NotListed; AlreadyResolved, the first decision stays.
    Effects: the record does not count as missing any more, the item is closed, an audit event for
        each.
    """
    with transaction.atomic():
        record = _fetch_listed(item)
        seen_at = None if record is None else record.propexo_seen_at
        resolve_review_item(item=item, note=note, by=by, now=now, still_there_seen_at=seen_at)
        if record is None or seen_at is None:
            raise NotListed(NOT_LISTED)
        missing_since = record.missing_since
        record.missing_since = None
        record.save(update_fields=["missing_since"])
        record_event(
            verb=f"{item.record_kind}.still_there",
            subject=record,
            by=by,
            now=now,
            before={"missing_since": missing_since and missing_since.isoformat()},
            after={"missing_since": None, "last_shown_to_propexo": seen_at.isoformat()},
            note=note,
        )


def _fetch_listed(item: ReviewItem) -> Record | None:
    """Get the record of an item, if Propexo lists it, and hold it against syncs."""
    if item.property_id is None or not may_be_there(item):
        return None
    rows: QuerySet[Unit] | QuerySet[Lease]
    if item.record_kind == "unit":
        rows = _listed_units([item.property_id], [item.remote_id])
    else:
        rows = _listed_leases([item.property_id], [item.remote_id])
    return rows.select_for_update(of=("self",)).first()


def _items_of_units(items: Collection[ReviewItem]) -> frozenset[int]:
    if not items:
        return frozenset()
    rows = _listed_units(_places(items), [item.remote_id for item in items])
    found = set(rows.values_list("property", "propexo_unit_id"))
    return _among(items, found)


def _items_of_leases(items: Collection[ReviewItem]) -> frozenset[int]:
    if not items:
        return frozenset()
    rows = _listed_leases(_places(items), [item.remote_id for item in items])
    found = set(rows.values_list("unit__property", "propexo_lease_id"))
    return _among(items, found)


def _among(items: Iterable[ReviewItem], found: Collection[tuple[int, str]]) -> frozenset[int]:
    return frozenset(item.pk for item in items if (item.property_id, item.remote_id) in found)


def _places(items: Iterable[ReviewItem]) -> Collection[int]:
    return {item.property_id for item in items if item.property_id is not None}


def _listed_units(places: Collection[int], remote_ids: Collection[str]) -> QuerySet[Unit]:
    """Select missing units that the last reading of everything found at Propexo."""
    return Unit.objects.filter(
        property__in=places,
        propexo_unit_id__in=remote_ids,
        missing_since__isnull=False,
        propexo_seen_at__isnull=False,
        last_seen_at__gte=F("property__reading__fully_read_at"),
    )


def _listed_leases(places: Collection[int], remote_ids: Collection[str]) -> QuerySet[Lease]:
    """Select missing leases that the last reading of everything found at Propexo."""
    return Lease.objects.filter(
        unit__property__in=places,
        propexo_lease_id__in=remote_ids,
        missing_since__isnull=False,
        propexo_seen_at__isnull=False,
        last_seen_at__gte=F("unit__property__reading__fully_read_at"),
    )
