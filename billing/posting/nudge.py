"""Waking the workers. A lost nudge loses nothing: the sweeper makes another."""

from __future__ import annotations

from django_q.tasks import async_task

from integrations.clusters import POSTING, has_room, workers_of

_TASK = "billing.tasks.drain_connection"


def nudge_workers(*, connection_id: int) -> None:
    """Ask each worker to send what is due over a connection, unless they have been asked enough.

    Effects: rows in the queue of charges, in the caller's transaction if there is one.
    """
    if not has_room(POSTING):
        return
    for _ in range(workers_of(POSTING)):
        async_task(_TASK, connection_id, cluster=POSTING)
