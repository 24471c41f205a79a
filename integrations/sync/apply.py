"""Writing a plan into the tables, in short transactions that leave room for other writers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from django.db import transaction

from integrations.models import Connection, ReviewItem
from integrations.sync.plan import (
    Difference,
    Flag,
    Known,
    LeaseValues,
    SyncPlan,
    UnitValues,
)
from portfolios.models import Lease, Property, Unit

CHUNK = 500

_LONGEST_LABEL = 200

ItemT = TypeVar("ItemT")

_UNIT_COLUMNS = {
    "unit_number": "unit_number",
    "building": "building",
    "sqft": "sqft",
    "bedrooms": "bedrooms",
    "bathrooms": "bathrooms",
    "occupied": "occupied",
    "occupant_count": "occupant_count",
    "billable": "billable",
    "raw_status": "raw_status",
}
_LEASE_COLUMNS = {
    "resident_id": "propexo_resident_id",
    "resident_name": "resident_name",
    "start": "start_date",
    "end": "end_date",
    "occupant_count": "occupant_count",
    "status": "status",
    "raw_status": "raw_status",
}


def read_known_units(place: Property) -> dict[str, Known[UnitValues]]:
    """Read what is stored of a property's units, by the PMS's ids."""
    return {
        unit.propexo_unit_id: Known(
            values=UnitValues(**{key: getattr(unit, c) for key, c in _UNIT_COLUMNS.items()}),
            missing=unit.missing_since is not None,
        )
        for unit in place.units.all()
    }


def read_known_leases(place: Property) -> dict[str, Known[LeaseValues]]:
    """Read what is stored of a property's leases, by the PMS's ids."""
    leases = Lease.objects.filter(unit__property=place).select_related("unit")
    return {
        lease.propexo_lease_id: Known(
            values=LeaseValues(
                unit_id=lease.unit.propexo_unit_id,
                **{key: getattr(lease, c) for key, c in _LEASE_COLUMNS.items()},
            ),
            missing=lease.missing_since is not None,
        )
        for lease in leases
    }


def apply_plan(*, place: Property, plan: SyncPlan, now: datetime) -> None:
    """Store what a plan says: units first, because leases hang on them.

    Effects: rows of units and leases, in chunks that each commit; applying the same plan again
        after a crash changes nothing more.
    """
    _apply_units(place, plan.units, now)
    _apply_leases(place, plan.leases, now)


def _unit_columns(values: UnitValues) -> dict[str, object]:
    return {column: getattr(values, key) for key, column in _UNIT_COLUMNS.items()}


def _lease_columns(values: LeaseValues) -> dict[str, object]:
    return {column: getattr(values, key) for key, column in _LEASE_COLUMNS.items()}


def _apply_units(place: Property, difference: Difference[UnitValues], now: datetime) -> None:
    for chunk in _chunks(list(difference.created.items())):
        Unit.objects.bulk_create(
            [
                Unit(
                    property=place,
                    propexo_unit_id=remote_id,
                    first_seen_at=now,
                    **_unit_columns(values),
                )
                for remote_id, values in chunk
            ],
            ignore_conflicts=True,
        )
    for chunk in _chunks(list(difference.changed.items())):
        _update_units(place, dict(chunk))
    for ids in _chunks(difference.vanished):
        place.units.filter(propexo_unit_id__in=ids).update(missing_since=now)


@transaction.atomic
def _update_units(place: Property, changed: Mapping[str, UnitValues]) -> None:
    found = list(place.units.filter(propexo_unit_id__in=changed))
    for unit in found:
        unit.missing_since = None
        for column, value in _unit_columns(changed[unit.propexo_unit_id]).items():
            setattr(unit, column, value)
    Unit.objects.bulk_update(found, ["missing_since", *_UNIT_COLUMNS.values()], batch_size=100)


def _apply_leases(place: Property, difference: Difference[LeaseValues], now: datetime) -> None:
    homes = dict(place.units.values_list("propexo_unit_id", "pk"))
    for chunk in _chunks(list(difference.created.items())):
        Lease.objects.bulk_create(
            [
                Lease(
                    unit_id=homes[values.unit_id],
                    propexo_lease_id=remote_id,
                    first_seen_at=now,
                    **_lease_columns(values),
                )
                for remote_id, values in chunk
            ],
            ignore_conflicts=True,
        )
    for chunk in _chunks(list(difference.changed.items())):
        _update_leases(place, dict(chunk), homes)
    stored = Lease.objects.filter(unit__property=place)
    for ids in _chunks(difference.vanished):
        stored.filter(propexo_lease_id__in=ids).update(missing_since=now)


@transaction.atomic
def _update_leases(
    place: Property, changed: Mapping[str, LeaseValues], homes: Mapping[str, int]
) -> None:
    found = list(Lease.objects.filter(unit__property=place, propexo_lease_id__in=changed))
    for lease in found:
        values = changed[lease.propexo_lease_id]
        lease.missing_since = None
        lease.unit_id = homes[values.unit_id]
        for column, value in _lease_columns(values).items():
            setattr(lease, column, value)
    columns = ["missing_since", "unit", *_LEASE_COLUMNS.values()]
    Lease.objects.bulk_update(found, columns, batch_size=100)


@transaction.atomic
def store_flags(
    *, connection: Connection, place: Property, flags: Sequence[Flag], now: datetime
) -> int:
    """Keep what a sync flagged, once; what it no longer finds is resolved by itself.

    Shape: returns how many items were found; a record that the PMS lists twice makes one.
    Effects: rows in the table of review items.
    """
    found = {(flag.kind, flag.record_kind, flag.remote_id): flag for flag in flags}
    # Of the whole connection, because a PMS may show the same record under two properties.
    still_open = {
        (item.kind, item.record_kind, item.remote_id): item
        for item in ReviewItem.objects.filter(connection=connection, resolved_at=None)
    }
    for key, flag in found.items():
        if key in still_open:
            item = still_open[key]
            item.message, item.raw, item.last_found_at = flag.message, flag.raw, now
            item.save(update_fields=["message", "raw", "last_found_at"])
        else:
            _create_item(connection, place, flag, now)
    gone = [item for key, item in still_open.items() if key not in found]
    missing = _missing_ids(place)
    over = [item.pk for item in gone if (item.record_kind, item.remote_id) not in missing]
    ReviewItem.objects.filter(property=place, pk__in=over).update(
        resolved_at=now, note="No longer found by the sync."
    )
    return len(found)


def _missing_ids(place: Property) -> set[tuple[str, str]]:
    """List what the PMS no longer shows: flagged when it went, and open until it is back."""
    units = place.units.exclude(missing_since=None).values_list("propexo_unit_id", flat=True)
    leases = Lease.objects.filter(unit__property=place).exclude(missing_since=None)
    return {("unit", key) for key in units} | {
        ("lease", key) for key in leases.values_list("propexo_lease_id", flat=True)
    }


def _create_item(connection: Connection, place: Property, flag: Flag, now: datetime) -> None:
    ReviewItem.objects.create(
        portfolio_id=place.portfolio_id,
        connection=connection,
        property=place,
        kind=flag.kind,
        record_kind=flag.record_kind,
        remote_id=flag.remote_id,
        label=flag.label[:_LONGEST_LABEL],
        message=flag.message,
        raw=flag.raw,
        found_at=now,
        last_found_at=now,
    )


def _chunks(items: Sequence[ItemT]) -> Iterator[Sequence[ItemT]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
