"""The properties whose PMS data needs somebody: each list is a number on the start page too."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from integrations.freshness import stale_after
from integrations.models import PropertyLink, SyncRun, SyncState
from meterbase.lib.kept_question import blank
from portfolios import access
from portfolios.kept_figures import KeptFigures, totals
from portfolios.models import User


class DataState(StrEnum):
    """What is the matter with the data of a property."""

    OLD = "old"
    FAILED = "failed"
    SYNCING = "syncing"


def with_latest_sync(links: QuerySet[PropertyLink]) -> QuerySet[PropertyLink]:
    """Add how the latest sync of each property stands, and which one it is; archived ones go."""
    runs = SyncRun.objects.filter(property=OuterRef("property")).order_by("-pk")
    return links.filter(property__archived_at=None).annotate(
        latest_run=Subquery(runs.values("pk")[:1]),
        latest_state=Subquery(runs.values("state")[:1]),
    )


def in_state(
    links: QuerySet[PropertyLink], state: DataState, *, now: datetime
) -> QuerySet[PropertyLink]:
    """Keep the properties whose data is in a state.

    Shape: links as `with_latest_sync` gives them.
    """
    return links.filter(_condition(state, now - stale_after()))


def count_states(links: QuerySet[PropertyLink], *, now: datetime) -> dict[DataState, int]:
    """Count the properties in each state, in one query."""
    (counts,) = _in_states(links, now - stale_after())
    return dict(zip(DataState, counts, strict=True))


def count_states_for(user: User, *, now: datetime) -> dict[DataState, int]:
    """Count the properties in each state that a person may see."""
    (counts,) = _kept_states().of(user, before=now - stale_after())
    return dict(zip(DataState, counts, strict=True))


@cache
def _kept_states() -> KeptFigures:
    return KeptFigures(_in_states(access.rows_to_keep(PropertyLink), blank("before")))


def _in_states(
    links: QuerySet[PropertyLink], before: datetime | RawSQL
) -> QuerySet[PropertyLink, Any]:
    counts = {state.name: Count("pk", filter=_condition(state, before)) for state in DataState}
    return totals(with_latest_sync(links), **counts)


def _condition(state: DataState, before: datetime | RawSQL) -> Q:
    if state is DataState.FAILED:
        return Q(latest_state=SyncState.FAILED)
    if state is DataState.SYNCING:
        return Q(latest_state__in=[SyncState.QUEUED, SyncState.RUNNING])
    return Q(last_synced_at=None) | Q(last_synced_at__lt=before)
