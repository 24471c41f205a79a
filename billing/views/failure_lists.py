"""The lists of failures as they are before anything narrows them, with SQL that is made once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from django.db.models import Count, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from billing.failures import CauseSum, FailureTab, by_cause, causes_of, in_tab_of, in_tab_on
from billing.models import Posting, PostingJob
from billing.views.failure_rows import light
from meterbase.lib.kept_question import KeptQuestion, blank
from portfolios import access
from portfolios.kept_figures import KeptFigures, totals
from portfolios.models import User

# Of each cause the whole list shows so many; the list of one cause has all of them, in pages.
SHOWN = 10
# More properties than this are looked for by their names.
_PLACES = 300


def causes_in(tab: FailureTab, *, user: User, now: datetime) -> list[CauseSum]:
    """Sum a whole list up by cause."""
    return causes_of(_kept_causes(tab).of(user, today=timezone.localdate(now)))


def count_in(tab: FailureTab, *, user: User, now: datetime) -> int:
    """Count a whole list."""
    ((count,),) = _kept_count(tab).of(user, today=timezone.localdate(now))
    return int(count)


def places_in(tab: FailureTab, user: User, now: datetime) -> Iterable[Sequence[Any]]:
    """Name the properties that a whole list speaks of, as `named_places` does."""
    return _kept_places(tab).of(user, today=timezone.localdate(now))


def named_places(failures: QuerySet[Posting]) -> QuerySet[Posting, Any]:
    """Select the keys and names of the properties of failures, as many as can be offered."""
    return _names_of(failures, "job__calculation__bill__property")


def oldest_open(user: User, now: datetime) -> list[Posting]:
    """Read the oldest open failures of each cause."""
    # Found first and read then: with both in one question, PostgreSQL reads every charge.
    found = _kept_oldest().of(user, today=timezone.localdate(now))
    keys = {_numbered(number): pk for number, (pk,) in enumerate(found)}
    return _kept_rows(len(keys)).part(0, len(keys), **keys) if keys else []


def oldest_of(failures: QuerySet[Posting]) -> QuerySet[Posting, int]:
    """Select the oldest failures of each cause."""
    rank = Window(RowNumber(), partition_by="error_code", order_by=["state_at", "pk"])
    ranked = failures.order_by().annotate(rank=rank).filter(rank__lte=SHOWN)
    return ranked.values_list("pk", flat=True)


@cache
def _kept_causes(tab: FailureTab) -> KeptFigures:
    return KeptFigures(by_cause(_every(tab)))


@cache
def _kept_places(tab: FailureTab) -> KeptFigures:
    # Several failures are of one job, which is looked up in the portfolios once.
    jobs = in_tab_on(tab, blank("today")).order_by().values("job")
    seen = access.rows_to_keep(PostingJob).filter(pk__in=jobs)
    return KeptFigures(_names_of(seen, "calculation__bill__property"))


def _names_of(rows: QuerySet[Any], place: str) -> QuerySet[Any, Any]:
    return rows.order_by().values_list(place, f"{place}__name").distinct()[:_PLACES]


@cache
def _kept_count(tab: FailureTab) -> KeptFigures:
    return KeptFigures(totals(_every(tab), count=Count("pk")))


@cache
def _kept_oldest() -> KeptFigures:
    return KeptFigures(oldest_of(_every(FailureTab.OPEN)))


@lru_cache
def _kept_rows(count: int) -> KeptQuestion[Posting]:
    """Ask for so many failures by their keys."""
    keys: list[Any] = [blank(_numbered(number)) for number in range(count)]
    rows = Posting.objects.filter(id__in=keys)
    return KeptQuestion(light(rows).order_by("state_at", "pk"))


def _numbered(number: int) -> str:
    return f"failure_{number}"


def _every(tab: FailureTab) -> QuerySet[Posting]:
    return in_tab_of(access.rows_to_keep(PostingJob), tab, blank("today"))
