"""What the tests of a sync share: a run from end to end, and odd records."""

from __future__ import annotations

from integrations.models import (
    Connection,
    PropertyLink,
    SyncRun,
)
from integrations.pms.records import MalformedRecord
from integrations.sync.run import run_sync
from portfolios.models import Property


def sync(place: Property, gateway, now, **values: object) -> SyncRun:
    run = SyncRun.objects.create(property=place, queued_at=now, **values)
    run_sync(run_id=run.pk, gateway=gateway, clock=lambda: now)
    run.refresh_from_db()
    return run


def add_house(connection: Connection, property_id: str, cast, now) -> Property:
    house = Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id=property_id, name="Maplewood", created_at=now
    )
    PropertyLink.objects.create(
        property=house, connection=connection, imported_by=cast.manager, imported_at=now
    )
    return house


def malformed(remote_id: str = "unit_9", raw: str = '{"id": "unit_9"}') -> MalformedRecord:
    return MalformedRecord("unit", remote_id, ("unit_number is null.",), raw)


def counts(run: SyncRun) -> tuple[int, int, int, int]:
    return run.created, run.changed, run.unchanged, run.flagged
