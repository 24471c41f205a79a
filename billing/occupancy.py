"""Who lives in a unit of which neither the PMS nor anybody here says a word: what leases prove.

Evidence and never a guess. A current lease proves that somebody lives there on its days. That
nobody does on the other days of the period is proven by the absence of leases only if all of this
holds:

* the unit itself was read from the PMS, so that a lease of it would be there;
* the property's last reading of everything showed leases: an empty list proves nothing;
* that reading, or one of changes after it, saw the PMS as it was when the period was over;
* no lease of the property was left out because it could not be read or placed;
* no lease of the unit contradicts it: one that was to begin, or ended nobody knows when.

Where one of these does not hold, a person is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.utils import timezone

from integrations.models import (
    PropertyLink,
    PropertyReading,
    ReviewItem,
    ReviewKind,
    SyncRun,
    SyncState,
)
from meterbase.lib.periods import Period
from portfolios.models import LeaseStatus, Property
from portfolios.queries import CURRENT_LEASES, LeaseFacts, UnitFacts


def gap_in_evidence(place: Property, period: Period, *, lease_ids: Collection[str]) -> str:
    """Say why a unit of a property may be lived in though no lease of it is stored.

    Shape: the end of a sentence, empty when the evidence is complete; `lease_ids` are the PMS's ids
        of all leases that are stored of the property.
    """
    runs = SyncRun.objects.filter(property=place, state=SyncState.COMPLETED, updated_since=None)
    shown = runs.order_by("-started_at", "-pk").values_list("leases_read", flat=True).first()
    reading = PropertyReading.objects.filter(property=place).first()
    if not shown or reading is None:
        return "no leases of the property have been read that would tell"
    seen_on = timezone.localdate(_as_of(reading, place))
    if seen_on < period.end:
        return f"its leases are known as of {seen_on} only, before the bill's period was over"
    if _left_out(place, lease_ids):
        return "some leases of the property were left out; their review items say why"
    return ""


def occupancy_doubt(
    unit: UnitFacts, period: Period, *, gap: str, asked_about: Collection[str]
) -> str:
    """Say why the leases of a silent unit do not prove who lives there in a period.

    Shape: the end of a sentence, empty where nobody has to be asked; `asked_about` are the PMS's
        ids of leases about which a person is asked anyway.
    """
    current = [lease for lease in unit.leases if lease.is_current]
    for lease in current:
        if lease.start is None:
            return f"its current lease {lease.propexo_lease_id} does not say since when"
    empty = empty_days(current, period)
    if not empty:
        return ""
    for lease in unit.leases:
        if lease.is_current or not may_have_lived_there(lease, empty):
            continue
        if lease.status == LeaseStatus.UNKNOWN or lease.propexo_lease_id in asked_about:
            return ""
        doubt = _doubt(lease)
        if doubt:
            return doubt
    if not unit.in_pms:
        return "it was never read from the PMS"
    return gap


def empty_days(leases: Iterable[LeaseFacts], period: Period) -> tuple[Period, ...]:
    """List the days of a period that no lease of these has."""
    days = (period.overlap(lease.start, _last_of(lease)) for lease in leases)
    return period.without(held for held in days if held is not None)


def may_have_lived_there(lease: LeaseFacts, days: Iterable[Period]) -> bool:
    """Tell whether a lease may have had its unit on some of these days."""
    start, end = _possible_days(lease)
    return any(part.overlap(start, end) for part in days)


def _last_of(lease: LeaseFacts) -> date | None:
    return None if lease.status in CURRENT_LEASES else lease.end


def _as_of(reading: PropertyReading, place: Property) -> datetime:
    """Tell as of when the PMS is known: Propexo shows what it read itself a while before."""
    stamp = reading.pms_synced_at
    if stamp is None:
        link = PropertyLink.objects.select_related("connection").filter(property=place).first()
        stamp = link.connection.last_completed_sync if link is not None else None
    return reading.read_at if stamp is None else min(stamp, reading.read_at)


def _left_out(place: Property, lease_ids: Collection[str]) -> bool:
    """Tell whether a lease of the property is not stored as the PMS shows it."""
    items = ReviewItem.objects.filter(
        property=place,
        record_kind="lease",
        kind__in=(ReviewKind.UNREADABLE, ReviewKind.ODD_VALUE),
        resolved_at=None,
    ).values_list("kind", "remote_id")
    return any(kind == ReviewKind.UNREADABLE or key not in lease_ids for kind, key in items)


def _possible_days(lease: LeaseFacts) -> tuple[date | None, date | None]:
    """Tell when people may have lived there, by the contract where nobody knows better."""
    if lease.status in CURRENT_LEASES:
        return lease.start, None
    return lease.start or lease.contract_start, lease.end or lease.contract_end


def _doubt(lease: LeaseFacts) -> str:
    """Say how a lease that may reach into the period contradicts a vacancy."""
    name = f"its lease {lease.propexo_lease_id}"
    if lease.status == LeaseStatus.FUTURE:
        return f"{name} was to begin in the bill's period and is not current"
    if lease.status in CURRENT_LEASES:
        return f"{name} is no longer in the PMS"
    if lease.start is None or lease.end is None:
        return f"{name} is over, and the PMS does not say when people moved out"
    return ""
