"""When a record counts as gone that Propexo goes on showing, because it never removes any."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.pms.records import MalformedRecord, PmsLease, PmsUnit

# What Propexo itself calls a hint that a record is gone.
GONE_AFTER = timedelta(days=30)
# So far may Propexo's clock be ahead of ours: what was seen long after now was seen by no clock.
CLOCKS_DIFFER = timedelta(days=1)


@dataclass(slots=True)
class SeenSpan:
    """From when to when the PMS showed the records of a reading to Propexo.

    Shape: `latest` is before when a time can be true; a span without times is that of records of
        which Propexo does not say it.
    """

    latest: datetime
    oldest: datetime | None = None
    newest: datetime | None = None

    def take_in(self, moments: Collection[datetime]) -> None:
        """Widen it by the times of a page."""
        true = [moment for moment in moments if moment < self.latest]
        if true:
            self.oldest = min(true) if self.oldest is None else min(self.oldest, *true)
            self.newest = max(true) if self.newest is None else max(self.newest, *true)

    @property
    def hides_gone(self) -> bool:
        """Tell whether it is so wide that records of it may be gone."""
        limit = gone_before(self.newest)
        return limit is not None and self.oldest is not None and self.oldest < limit


def gone_before(newest: datetime | None) -> datetime | None:
    """Tell from when on a record must have been seen, so as not to count as gone.

    Shape: `newest` is when any record of its kind in the property was last seen; None where nothing
        says so, and then nothing counts as gone.
    Source: Propexo's documentation, deleted records.
    """
    return None if newest is None else newest - GONE_AFTER


def last_seen_of(rows: Iterable[PmsUnit | PmsLease | MalformedRecord]) -> Mapping[str, datetime]:
    """Read when the PMS last showed records to Propexo, by the PMS's ids, where that is said."""
    return {
        row.unit_id if isinstance(row, PmsUnit) else row.lease_id: row.last_seen
        for row in rows
        if not isinstance(row, MalformedRecord) and row.last_seen is not None
    }
