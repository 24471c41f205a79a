"""How old what MeterBase knows of a property is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from integrations.models import PropertyLink, PropertyReading, SyncRun, SyncState
from portfolios.models import Property

_UNITS = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)

# Pages show days up to this many hours as hours: "36 hours" says more than "1 day".
_HOURS_SHOWN = 48


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a property was last read from the PMS, and whether that goes on just now.

    Shape: `as_of` is None when it never was; `pms_read_at` is when Propexo itself had read the PMS,
        None where that is not known. A sync that stopped half-way still counts as going on: some
        of what it read is stored, and some is not.
    """

    as_of: datetime | None
    pms_read_at: datetime | None
    is_syncing: bool
    last_failed: bool

    def is_old(self, *, now: datetime) -> bool:
        """Tell whether a calculation should not be made without a look at this."""
        return self.as_of is None or now - self.as_of > stale_after()


def stale_after() -> timedelta:
    """Say after how long data from the PMS counts as old."""
    return timedelta(hours=settings.PROPEXO_STALE_AFTER_HOURS)


def read_freshness(place: Property) -> Freshness | None:
    """Find out how old the PMS's data of a property is; None when it came through no connection."""
    link = PropertyLink.objects.filter(property=place).only("last_synced_at").first()
    if link is None:
        return None
    reading = PropertyReading.objects.filter(property=place).only("pms_synced_at").first()
    runs = SyncRun.objects.filter(property=place)
    half_done = Q(state=SyncState.QUEUED, started_at__isnull=False)
    latest = runs.order_by("-queued_at", "-pk").values_list("state", flat=True).first()
    return Freshness(
        as_of=link.last_synced_at,
        pms_read_at=reading.pms_synced_at if reading else None,
        is_syncing=runs.filter(Q(state=SyncState.RUNNING) | half_done).exists(),
        last_failed=latest == SyncState.FAILED,
    )


def over_time(before: Freshness | None, after: Freshness | None) -> Freshness | None:
    """Say how old data is that was read between two looks: a sync may have come in between."""
    if before is None or after is None:
        return after
    touched = before.is_syncing or before.as_of != after.as_of
    return replace(after, as_of=before.as_of, is_syncing=touched or after.is_syncing)


def in_words(duration: timedelta) -> str:
    """Say a length of time roughly, in its largest unit: "3 hours"."""
    for name, unit in _UNITS:
        count = duration // unit
        if name == "day" and duration < timedelta(hours=_HOURS_SHOWN):
            continue
        if count > 0:
            return f"{count:,} {name}{'' if count == 1 else 's'}"
    return "less than a minute"
