"""What a new sync has to read."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from integrations.models import PropertyReading, SyncRun
from portfolios.models import User

# Clocks differ, and a record may become visible a while after the time that it bears.
OVERLAP = timedelta(minutes=15)


def new_run(
    *,
    property_id: int,
    reading: PropertyReading | None,
    by: User | None,
    now: datetime,
    full: bool,
    pms_synced_at: datetime | None = None,
) -> SyncRun:
    """Make a run, not stored yet, that reads what changed, or everything when that is due."""
    since = None if full else read_since(reading, now=now)
    return SyncRun(
        property_id=property_id,
        requested_by=by,
        queued_at=now,
        updated_since=since,
        pms_synced_at=pms_synced_at,
        rows_expected=reading.rows_read if reading and since is None else None,
    )


def read_since(reading: PropertyReading | None, *, now: datetime) -> datetime | None:
    """Tell from when on changes have to be read; None when everything has to."""
    if reading is None or full_reading_due(reading, now=now):
        return None
    return reading.read_at - OVERLAP


def full_reading_due(reading: PropertyReading, *, now: datetime) -> bool:
    """Tell whether it is time to read everything, to notice what is gone in the PMS."""
    longest = timedelta(seconds=settings.PROPEXO_FULL_SYNC_INTERVAL)
    return reading.fully_read_at is None or reading.fully_read_at <= now - longest
