"""What stands beside each property in a list: its units, its open bills, its failures, its data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from billing.models import Posting, UtilityBill
from billing.queries import open_failures
from billing.worklists import open_bills
from integrations.freshness import stale_after
from integrations.models import PropertyLink
from portfolios.models import Property, Unit


@dataclass(frozen=True, slots=True)
class Figures:
    """How a property stands; `is_linked` tells whether it comes from a PMS."""

    units: int
    open_bills: int
    failures: int
    is_linked: bool
    synced_at: datetime | None
    is_old: bool


def figures_of(places: Sequence[Property], *, now: datetime) -> dict[int, Figures]:
    """Count for the properties of one page, in four queries."""
    units = _counted(Unit.objects.filter(property__in=places, missing_since=None), "property")
    bills = _counted(open_bills(UtilityBill.objects.filter(property__in=places)), "property")
    # Few charges fail: they are picked out first, and only then looked up at their properties.
    few = open_failures(Posting.objects.all()).order_by().values("pk")
    of_place = "job__calculation__bill__property"
    failed = Posting.objects.filter(pk__in=few, **{f"{of_place}__in": places})
    failures = _counted(failed, of_place)
    links = PropertyLink.objects.filter(property__in=places)
    synced = dict(links.values_list("property", "last_synced_at"))
    return {
        place.pk: Figures(
            units=units.get(place.pk, 0),
            open_bills=bills.get(place.pk, 0),
            failures=failures.get(place.pk, 0),
            is_linked=place.pk in synced,
            synced_at=synced.get(place.pk),
            is_old=place.pk in synced and is_old(synced[place.pk], now=now),
        )
        for place in places
    }


def is_old(synced_at: datetime | None, *, now: datetime) -> bool:
    """Tell whether the data of a property with a PMS is too old to calculate with."""
    return synced_at is None or now - synced_at > stale_after()


def _counted(
    rows: QuerySet[Unit] | QuerySet[UtilityBill] | QuerySet[Posting], by: str
) -> dict[int, int]:
    return dict(rows.order_by().values_list(by).annotate(Count("pk")))
