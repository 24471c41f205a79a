"""What stands between each property and the end of its month."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, QuerySet
from django.utils import timezone

from billing.bill_calendar import read_calendar
from billing.failures import FailureTab, in_tab
from billing.models import (
    Posting,
    PostingJob,
    Reversal,
    ReversalState,
    ShareRule,
    UtilityBill,
)
from billing.worklists import BillStep, count_waiting_by_property, jobs_under_way
from integrations.models import ReviewItem
from portfolios.models import Property


class Blocker(StrEnum):
    """What has to be done before a month can be closed, in the order in which it is done."""

    MISSING = "missing"
    REVIEW_ITEMS = "review-items"
    CALCULATE = "to-calculate"
    CORRECT = "sent-back"
    SUBMIT = "to-submit"
    APPROVE = "in-review"
    POST = "to-post"
    JOBS = "jobs"
    FAILURES = "failures"
    REVERSALS = "reversals"


_OF_STEP = {
    BillStep.CALCULATE: Blocker.CALCULATE,
    BillStep.CORRECT: Blocker.CORRECT,
    BillStep.SUBMIT: Blocker.SUBMIT,
    BillStep.APPROVE: Blocker.APPROVE,
    BillStep.POST: Blocker.POST,
}
Counts = Mapping[Blocker, int]


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """A property with what is still to do there; `counts` has no noughts."""

    place: Property
    counts: Counts

    @property
    def total(self) -> int:
        """Count everything that is still to do."""
        return sum(self.counts.values())


def read_month_end(places: QuerySet[Property], *, now: datetime) -> list[MonthEnd]:
    """Count what is still to do at each property, in as many queries as there are kinds of work.

    Shape: properties by their names, archived ones left out.
    """
    shown = places.filter(archived_at=None)
    counts: defaultdict[int, Counter[Blocker]] = defaultdict(Counter)
    for place, blocker, count in _counted(shown.order_by(), now=now):
        counts[place][blocker] += count
    return [MonthEnd(place, +counts[place.pk]) for place in shown.order_by("name", "pk")]


_Rows = QuerySet[Posting] | QuerySet[PostingJob] | QuerySet[Reversal] | QuerySet[ReviewItem]
_Found = Iterable[tuple[int, Blocker, int]]


def _counted(places: QuerySet[Property], *, now: datetime) -> Iterator[tuple[int, Blocker, int]]:
    yield from _bills(places)
    yield from _missing(places, now=now)
    yield from _work(places, now=now)


def _bills(places: QuerySet[Property]) -> _Found:
    for place, steps in count_waiting_by_property(UtilityBill.objects.filter(property__in=places)):
        for step, count in steps.items():
            yield place, _OF_STEP[step], count


def _missing(places: QuerySet[Property], *, now: datetime) -> _Found:
    rows = read_calendar(
        bills=UtilityBill.objects.filter(property__in=places),
        rules=ShareRule.objects.filter(property__in=places),
        today=timezone.localdate(now),
    )
    for row in rows:
        yield row.account.property_id, Blocker.MISSING, row.missing


def _work(places: QuerySet[Property], *, now: datetime) -> _Found:
    jobs = jobs_under_way(PostingJob.objects.all())
    # Few charges fail: they are picked out first, and only then looked up at their properties.
    failed = Posting.objects.filter(pk__in=in_tab(FailureTab.OPEN, now=now).values("pk"))
    asked = Reversal.objects.filter(state=ReversalState.REQUESTED)
    items = ReviewItem.objects.filter(resolved_at=None)
    lists: tuple[tuple[Blocker, _Rows, str], ...] = (
        (Blocker.JOBS, jobs, "calculation__bill__property"),
        (Blocker.FAILURES, failed, "job__calculation__bill__property"),
        (Blocker.REVERSALS, asked, "job__calculation__bill__property"),
        (Blocker.REVIEW_ITEMS, items, "property"),
    )
    for blocker, rows, path in lists:
        of_places = rows.filter(**{f"{path}__in": places}).order_by()
        for place, count in of_places.values_list(path).annotate(Count("pk")):
            yield place, blocker, count
