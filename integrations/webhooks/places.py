"""Finding the properties that an event is about, by what is stored here."""

from __future__ import annotations

from django.db.models import Q

from integrations.models import Connection
from integrations.webhooks.events import Event, RecordKind
from portfolios.models import Property

_BY_RECORD = {
    RecordKind.PROPERTY: "propexo_property_id",
    RecordKind.UNIT: "units__propexo_unit_id",
    RecordKind.LEASE: "units__leases__propexo_lease_id",
    RecordKind.RESIDENT: "units__leases__propexo_resident_id",
}


def find_places(event: Event, *, connection: Connection | None) -> list[Property]:
    """Find the imported properties that an event's record belongs to.

    Shape: a PMS may show one record under two properties. Without a connection, the event names
        none that is known here; the ids are then looked up over all of them.
    """
    where = _where(event)
    if where is None:
        return []
    linked = Property.objects.filter(link__isnull=False)
    if connection is not None:
        linked = linked.filter(link__connection=connection)
    return list(linked.filter(where).distinct().order_by("pk"))


def named_property(event: Event) -> str:
    """Tell the property that an event names by itself."""
    return event.record_id if event.record_kind == RecordKind.PROPERTY else event.property_id


def _where(event: Event) -> Q | None:
    if named_property(event):
        return Q(propexo_property_id=named_property(event))
    column = _BY_RECORD.get(RecordKind(event.record_kind)) if event.record_id else None
    return Q(**{column: event.record_id}) if column else None
