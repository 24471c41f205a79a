"""What is stored of a property, as the plans need it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from django.db import connection
from django.db.models import Case, Max, Q, QuerySet, When

from integrations.models import ReviewItem, ReviewKind
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
from integrations.sync.plan.last_seen import CLOCKS_DIFFER, gone_before
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
    """The rows of a property.

    Shape: `unseen` are those that Propexo did not show since a certain time; `lingering` are marked
        as missing, because the PMS does not show them, and yet Propexo does. `hides_gone` is
        False when it is certain that the PMS has not stopped showing any that Propexo shows.
    """

    seen: Sequence[StoredT]
    unseen: Sequence[StoredT]
    lingering: Sequence[StoredT] = field(default_factory=list)
    # Not a matter of the rows: it saves a look at them.
    hides_gone: bool = field(default=True, compare=False)

    @property
    def all(self) -> Sequence[StoredT]:
        """List those that are not missing."""
        return [*self.seen, *self.unseen]


def units_of(place: Property) -> QuerySet[Unit]:
    """Select the units of a property."""
    return Unit.objects.filter(property=place)


def leases_of(place: Property) -> QuerySet[Lease]:
    """Select the leases of a property."""
    return Lease.objects.filter(unit__property=place)


def read_known_units(place: Property, ids: Collection[str]) -> dict[str, Known[UnitValues]]:
    """Read what is stored of some units, by the PMS's ids."""
    rows = units_of(place).filter(propexo_unit_id__in=ids)
    columns = ("propexo_unit_id", "pk", "missing_since", *UNIT_COLUMNS)
    return {
        remote_id: Known(key, UnitValues(*values), missing)
        for remote_id, key, missing, *values in rows.order_by().values_list(*columns)
    }


def read_known_leases(place: Property, ids: Collection[str]) -> dict[str, Known[LeaseValues]]:
    """Read what is stored of some leases, by the PMS's ids."""
    rows = leases_of(place).filter(propexo_lease_id__in=ids)
    columns = ("propexo_lease_id", "pk", "missing_since", *LEASE_COLUMNS)
    return {
        remote_id: Known(key, LeaseValues(*values), missing)
        for remote_id, key, missing, *values in rows.order_by().values_list(*columns)
    }


def home_book(units: Sight[StoredUnit]) -> HomeBook:
    """Find the unit of a lease among all that are stored."""
    by_id = {unit.remote_id: _home(unit) for unit in units.all}
    by_number: dict[str, list[Home]] = defaultdict(list)
    for unit in units.all:
        by_number[number_key(unit.unit_number)].append(by_id[unit.remote_id])
    # By its id alone: a unit that took its place may have its number.
    by_id |= {unit.remote_id: _home(unit) for unit in units.lingering}
    return HomeBook(by_id, by_number)


def _home(unit: StoredUnit) -> Home:
    return Home(unit.key, unit.label, unit.current_lease_id, unit.occupant_count)


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
    """Read the units that are not missing or were seen since all the same."""
    columns = (
        "place",
        "pk",
        "propexo_unit_id",
        "building",
        "unit_number",
        "occupied",
        "billable",
        "propexo_current_lease_id",
        "occupant_count",
        "sqft",
        "bedrooms",
    )
    rows = units_of(place).filter(Q(missing_since=None) | Q(last_seen_at__gte=since))
    rows = rows.annotate(place=_place(since))
    return _sorted_out(rows.order_by("pk").values_list(*columns), StoredUnit)


def read_leases_in_sight(place: Property, *, since: datetime) -> Sight[StoredLease]:
    """Read the leases that are not missing, and which of them were not seen since."""
    columns = (
        "place",
        "pk",
        "unit_id",
        "propexo_lease_id",
        "status",
        "start_date",
        "propexo_resident_id",
        "resident_name",
    )
    rows = leases_of(place).filter(missing_since=None).annotate(place=_place(since))
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
            sqft=values.sqft,
            bedrooms=values.bedrooms,
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


def newest_sight(rows: QuerySet[Unit] | QuerySet[Lease], *, began: datetime) -> datetime | None:
    """Tell when the PMS last showed any of some rows to Propexo; None where Propexo never says so.

    Shape: `began` is when the reading began; what was seen long after that was seen by no clock.
    """
    told = rows.filter(propexo_seen_at__lt=began + CLOCKS_DIFFER).order_by()
    newest: datetime | None = told.aggregate(newest=Max("propexo_seen_at"))["newest"]
    return newest


def units_shown_no_more(place: Property, *, began: datetime) -> dict[int, datetime]:
    """Find the units of a reading that the PMS has long stopped showing to Propexo, and since when.

    Shape: by the rows' keys; nothing where Propexo does not say when it saw them.
    """
    return _shown_no_more(units_of(place), began)


def leases_shown_no_more(place: Property, *, began: datetime) -> dict[int, datetime]:
    """Find the leases of a reading that the PMS has long stopped showing, as for units."""
    return _shown_no_more(leases_of(place), began)


def vouched_for(place: Property, record_kind: Literal["unit", "lease"]) -> dict[str, datetime]:
    """List until which sight people said of records that they are still there, by the PMS's ids."""
    items = ReviewItem.objects.filter(
        property=place,
        kind=ReviewKind.VANISHED,
        record_kind=record_kind,
        still_there_seen_at__isnull=False,
    )
    newest = items.order_by().values_list("remote_id").annotate(Max("still_there_seen_at"))
    return dict(newest)


def _shown_no_more(rows: QuerySet[Unit] | QuerySet[Lease], began: datetime) -> dict[int, datetime]:
    read = rows.filter(missing_since=None, last_seen_at__gte=began).order_by()
    limit = gone_before(newest_sight(read, began=began))
    if limit is None:
        return {}
    old = read.filter(propexo_seen_at__lt=limit).values_list("pk", "propexo_seen_at")
    return {key: seen for key, seen in old if seen is not None}


_SEEN, _UNSEEN, _LINGERING = range(3)


def _place(since: datetime) -> Case:
    """Say which part of a sight a row belongs to."""
    return Case(
        When(missing_since__isnull=False, then=_LINGERING),
        When(last_seen_at__gte=since, then=_SEEN),
        default=_UNSEEN,
    )


def _sorted_out(rows: Iterable[tuple[Any, ...]], make: Callable[..., StoredT]) -> Sight[StoredT]:
    seen: list[StoredT] = []
    unseen: list[StoredT] = []
    lingering: list[StoredT] = []
    parts = (seen, unseen, lingering)
    for part, *values in rows:
        parts[part].append(make(*values))
    return Sight(seen, unseen, lingering)
