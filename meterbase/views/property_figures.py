"""What stands beside each property in a list: its units, its open bills, its failures, its data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from billing.failures import failed
from billing.models import Posting, UtilityBill
from billing.worklists import open_bills
from integrations.freshness import stale_after
from integrations.models import PropertyLink
from meterbase.lib.kept_question import KeptValues
from portfolios.models import Property, Unit

_OF_PLACE = "job__calculation__bill__property"


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
    failures: dict[int, int] = {row[0]: row[1] for row in _failures_by_place().all()}
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


@cache
def _failures_by_place() -> KeptValues:
    # Few charges fail: to count all of them takes less than to look for those of each property.
    counted = failed().order_by().values_list(_OF_PLACE)
    return KeptValues(counted.annotate(Count("pk")))


def count_units() -> Coalesce:
    """Count the units of each property of a query."""
    return _per_property(Unit.objects.filter(missing_since=None), "property")


def count_open_bills() -> Coalesce:
    """Count the open bills of each property of a query."""
    return _per_property(open_bills(UtilityBill.objects.all()), "property")


def count_failures() -> Coalesce:
    """Count the failed charges of each property of a query."""
    return _per_property(failed(), _OF_PLACE)


def _per_property(
    rows: QuerySet[Unit] | QuerySet[UtilityBill] | QuerySet[Posting], by: str
) -> Coalesce:
    """Count rows at the property of the outer query; none are 0."""
    here = rows.order_by().filter(**{by: OuterRef("pk")}).values(by)
    return Coalesce(Subquery(here.annotate(found=Count("pk")).values("found")), 0)


def is_old(synced_at: datetime | None, *, now: datetime) -> bool:
    """Tell whether the data of a property with a PMS is too old to calculate with."""
    return synced_at is None or now - synced_at > stale_after()


def _counted(rows: QuerySet[Unit] | QuerySet[UtilityBill], by: str) -> dict[int, int]:
    return dict(rows.order_by().values_list(by).annotate(Count("pk")))
