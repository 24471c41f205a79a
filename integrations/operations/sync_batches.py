"""Asking for syncs of several properties at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from integrations.operations.syncs import NotLinked, request_sync
from portfolios.models import Property, User


@dataclass(frozen=True, slots=True)
class BatchedSync:
    """What became of asking: how many properties are read, and which came from no PMS."""

    queued: int
    not_linked: tuple[Property, ...]


def request_syncs(*, places: Iterable[Property], by: User, now: datetime) -> BatchedSync:
    """Queue a sync of each property; one without a PMS does not stop the others.

    Effects: as `request_sync` has for each.
    """
    queued = 0
    not_linked = []
    for place in places:
        try:
            request_sync(place=place, by=by, now=now)
        except NotLinked:
            not_linked.append(place)
        else:
            queued += 1
    return BatchedSync(queued, tuple(not_linked))
