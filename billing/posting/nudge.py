"""Waking the workers. A lost nudge loses nothing: the sweeper makes another."""

from __future__ import annotations

from django.conf import settings
from django_q.models import OrmQ
from django_q.tasks import async_task

_TASK = "billing.tasks.drain_connection"


def nudge_workers(*, connection_id: int) -> None:
    """Ask each worker to send what is due over a connection, unless they have been asked enough.

    Effects: rows in the queue, in the caller's transaction if there is one.
    """
    workers: int = settings.Q_CLUSTER["workers"]
    if OrmQ.objects.count() >= 4 * workers:
        return
    for _ in range(workers):
        async_task(_TASK, connection_id)
