"""What is stored of a property, as the plans need it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Q

from integrations.sync.plan import (
    Home,
    HomeBook,
    Known,
    LeaseValues,
    StoredLease,
    StoredName,
    StoredUnit,
    UnitValues,
)
from integrations.sync.plan.leases import number_key
from portfolios.models import Lease, Property, Unit

# In the order of the fields of UnitValues and LeaseValues.
UNIT_COLUMNS = (
    "unit_number",
    "raw_unit_number",
    "building",
    "sqft",
    "bedrooms",
    "bathrooms",
    "occupied",
    "occupant_count",
    "billable",
    "raw_status",
    "propexo_current_lease_id",
)
LEASE_COLUMNS = (
    "unit_id",
    "propexo_resident_id",
    "start_date",
    "end_date",
    "contract_start_date",
    "contract_end_date",
    "move_in_date",
    "move_out_date",
    "occupant_count",
    "status",
    "raw_status",
)


StoredT = TypeVar("StoredT", bound=StoredUnit | StoredLease)


@dataclass(frozen=True, slots=True)
class Sight(Generic[StoredT]):
    """The rows of a property that are not marked as missing.

    Shape: `unseen` are those that the PMS did not show since a certain time.
    """

    seen: Sequence[StoredT]
    unseen: Sequence[StoredT]

    @property
    def all(self) -> Sequence[StoredT]:
        """List them all."""
        return [*self.seen, *self.unseen]


def read_known_units(place: Property, ids: Collection[str]) -> dict[str, Known[UnitValues]]:
    """Read what is stored of some units, by the PMS's ids."""
    rows = Unit.objects.filter(property=place, propexo_unit_id__in=ids)
    columns = ("propexo_unit_id", "pk", "missing_since", *UNIT_COLUMNS)
    return {
        remote_id: Known(key, UnitValues(*values), missing=missing is not None)
        for remote_id, key, missing, *values in rows.order_by().values_list(*columns)
    }


def read_known_leases(place: Property, ids: Collection[str]) -> dict[str, Known[LeaseValues]]:
    """Read what is stored of some leases, by the PMS's ids."""
    rows = Lease.objects.filter(unit__property=place, propexo_lease_id__in=ids)
    columns = ("propexo_lease_id", "pk", "missing_since", *LEASE_COLUMNS)
    return {
        remote_id: Known(key, LeaseValues(*values), missing=missing is not None)
        for remote_id, key, missing, *values in rows.order_by().values_list(*columns)
    }


def home_book(units: Sight[StoredUnit]) -> HomeBook:
    """Find the unit of a lease among all that are stored."""
    by_id: dict[str, Home] = {}
    by_number: dict[str, list[Home]] = defaultdict(list)
    for unit in units.all:
        home = Home(unit.key, unit.label, unit.current_lease_id, unit.occupant_count)
        by_id[unit.remote_id] = home
        by_number[number_key(unit.unit_number)].append(home)
    return HomeBook(by_id, by_number)


def shown_names(leases: Sight[StoredLease]) -> dict[str, Sequence[StoredName]]:
    """List the names of residents that leases show, by the PMS's ids of residents."""
    found: dict[str, Sequence[StoredName]] = {}
    for lease in leases.all:
        shown = StoredName(lease.key, lease.resident_name)
        found[lease.resident_id] = (*found.get(lease.resident_id, ()), shown)
    found.pop("", None)
    return found


def first_names(stored: Mapping[str, Sequence[StoredName]]) -> dict[str, str]:
    """Pick a name for each resident that has one on any lease."""
    return {
        resident_id: next(shown.name for shown in shown_names if shown.name)
        for resident_id, shown_names in stored.items()
        if any(shown.name for shown in shown_names)
    }


def read_units_in_sight(place: Property, *, since: datetime) -> Sight[StoredUnit]:
    """Read the units that are not marked as missing, and which of them were not seen since."""
    columns = (
        "unseen",
        "pk",
        "propexo_unit_id",
        "building",
        "unit_number",
        "occupied",
        "billable",
        "propexo_current_lease_id",
        "occupant_count",
    )
    rows = place.units.filter(missing_since=None).annotate(unseen=_unseen(since))
    return _sorted_out(rows.order_by("pk").values_list(*columns), StoredUnit)


def read_leases_in_sight(place: Property, *, since: datetime) -> Sight[StoredLease]:
    """Read the leases that are not marked as missing, and which of them were not seen since."""
    columns = (
        "unseen",
        "pk",
        "unit_id",
        "propexo_lease_id",
        "status",
        "start_date",
        "propexo_resident_id",
        "resident_name",
    )
    rows = Lease.objects.filter(unit__property=place, missing_since=None)
    rows = rows.annotate(unseen=_unseen(since))
    return _sorted_out(rows.order_by("pk").values_list(*columns), StoredLease)


def unit_keys(place: Property) -> dict[str, int]:
    """Read the keys of all units, by the PMS's ids."""
    return _keys(
        f"SELECT propexo_unit_id, id FROM {Unit._meta.db_table} WHERE property_id = %s",  # noqa: S608 - our own names
        place,
    )


def lease_keys(place: Property) -> dict[str, int]:
    """Read the keys of all leases, by the PMS's ids."""
    return _keys(
        f"SELECT lease.propexo_lease_id, lease.id FROM {Lease._meta.db_table} lease "  # noqa: S608 - our own names
        f"JOIN {Unit._meta.db_table} unit ON unit.id = lease.unit_id WHERE unit.property_id = %s",
        place,
    )


def _keys(statement: str, place: Property) -> dict[str, int]:
    # Written out, since building such a statement anew takes longer than the database does for it.
    with connection.cursor() as cursor:
        cursor.execute(statement, [place.pk])
        return dict(cursor.fetchall())


def new_units(created: Mapping[str, UnitValues], keys: Mapping[str, int]) -> Sequence[StoredUnit]:
    """Tell how units are stored that were created just now, without reading them back."""
    return [
        StoredUnit(
            key=keys[remote_id],
            remote_id=remote_id,
            building=values.building,
            unit_number=values.unit_number,
            occupied=values.occupied,
            billable=values.billable,
            current_lease_id=values.current_lease_id,
            occupant_count=values.occupant_count,
        )
        for remote_id, values in created.items()
        if remote_id in keys
    ]


def new_leases(
    created: Mapping[str, LeaseValues], keys: Mapping[str, int]
) -> Sequence[StoredLease]:
    """Tell how leases are stored that were created just now, without any name yet."""
    return [
        StoredLease(
            key=keys[remote_id],
            unit_key=values.unit_key,
            remote_id=remote_id,
            status=values.status,
            start=values.start,
            resident_id=values.resident_id,
        )
        for remote_id, values in created.items()
        if remote_id in keys
    ]


def _unseen(since: datetime) -> Q:
    return Q(last_seen_at=None) | Q(last_seen_at__lt=since)


def _sorted_out(rows: Iterable[tuple[Any, ...]], make: Callable[..., StoredT]) -> Sight[StoredT]:
    seen: list[StoredT] = []
    unseen: list[StoredT] = []
    for is_unseen, *values in rows:
        (unseen if is_unseen else seen).append(make(*values))
    return Sight(seen, unseen)
