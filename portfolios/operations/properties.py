"""Properties that come from no PMS, and putting away those that nobody bills any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from portfolios.models import Portfolio, Property, User
from portfolios.operations.audit import record_event
from portfolios.operations.utilities import link_utilities
from portfolios.street_addresses import StreetAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyEntry:
    """A property as somebody described it.

    Shape: `state` and `zip_code` are as they are understood, empty where they are not; what was
        written stands beside them.
    """

    name: str
    street_number: str
    street: str
    city: str
    state: str
    raw_state: str
    zip_code: str
    raw_zip_code: str
    country: str

    def columns(self) -> dict[str, str]:
        """Write it as the table does: the address in one piece."""
        columns = asdict(self)
        street = columns.pop("street")
        return columns | {"address": str(StreetAddress(self.street_number, street))}


@transaction.atomic
def create_property(
    *, portfolio: Portfolio, entry: PropertyEntry, by: User, now: datetime
) -> Property:
    """Make a property that comes from no PMS.

    Effects: a property, the utilities that serve its ZIP code, an audit event.
    """
    columns = entry.columns()
    place = Property.objects.create(portfolio=portfolio, created_at=now, updated_at=now, **columns)
    record_event(verb="property.created", subject=place, by=by, now=now, after=columns)
    link_utilities(places=[place], now=now)
    return place


@transaction.atomic
def update_property(
    *, place: Property, describe: Callable[[Property], PropertyEntry], by: User, now: datetime
) -> bool:
    """Describe a property anew; tell whether anything changed.

    Shape: `describe` is told how the property stands, while nobody else changes it.
    Effects: the property, the utilities where its address leads to others, an audit event.
    """
    current = Property.objects.select_for_update().get(pk=place.pk)
    after = describe(current).columns()
    before = {column: getattr(current, column) for column in after}
    if before == after:
        return False
    for column, value in after.items():
        setattr(current, column, value)
    current.updated_at = now
    current.save(update_fields=[*after, "updated_at"])
    record_event(
        verb="property.updated", subject=current, by=by, now=now, before=before, after=after
    )
    link_utilities(places=[current], now=now)
    return True


@transaction.atomic
def archive_property(*, place: Property, by: User, now: datetime) -> bool:
    """Leave a property out of lists and syncs; tell whether it was among them.

    Effects: the property carries when; an audit event.
    """
    active = Property.objects.filter(pk=place.pk, archived_at=None)
    if not active.update(archived_at=now, updated_at=now):
        return False
    record_event(verb="property.archived", subject=place, by=by, now=now)
    return True


def restore_properties(*, places: Iterable[Property], by: User, now: datetime) -> int:
    """Bring archived properties back into lists and syncs; count those that were archived.

    Effects: the properties carry no such time any more; an audit event for each.
    """
    return sum(_restore(place, by=by, now=now) for place in places)


@transaction.atomic
def _restore(place: Property, *, by: User, now: datetime) -> bool:
    archived = Property.objects.filter(pk=place.pk, archived_at__isnull=False)
    if not archived.update(archived_at=None, updated_at=now):
        return False
    record_event(verb="property.restored", subject=place, by=by, now=now)
    return True
