"""The properties whose PMS data needs somebody: each list is a number on the start page too."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from integrations.freshness import stale_after
from integrations.models import PropertyLink, SyncRun, SyncState


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
    return links.filter(_condition(state, now))


def count_states(links: QuerySet[PropertyLink], *, now: datetime) -> dict[DataState, int]:
    """Count the properties in each state, in one query."""
    found = with_latest_sync(links).aggregate(
        **{state.name: Count("pk", filter=_condition(state, now)) for state in DataState}
    )
    return {state: found[state.name] for state in DataState}


def _condition(state: DataState, now: datetime) -> Q:
    if state is DataState.FAILED:
        return Q(latest_state=SyncState.FAILED)
    if state is DataState.SYNCING:
        return Q(latest_state__in=[SyncState.QUEUED, SyncState.RUNNING])
    return Q(last_synced_at=None) | Q(last_synced_at__lt=now - stale_after())
