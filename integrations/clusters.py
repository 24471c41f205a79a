"""The background clusters, each with a queue and workers of its own."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ

# Syncs, webhooks, comparisons: whatever may take long. Also the name that signs the queues' rows.
GENERAL: str = settings.Q_CLUSTER["name"]
# Charges, and nothing else.
POSTING = "posting"

CLUSTERS = (GENERAL, POSTING)

# Asked more often than this, the workers have enough to come back to.
_ROWS_PER_WORKER = 4


def workers_of(cluster: str) -> int:
    """Tell how many workers a cluster has on each machine."""
    of_posting: int = settings.Q_CLUSTER["ALT_CLUSTERS"][POSTING]["workers"]
    of_all_else: int = settings.Q_CLUSTER["workers"]
    return of_posting if cluster == POSTING else of_all_else


def has_room(cluster: str) -> bool:
    """Tell whether a cluster's queue is short enough to take more.

    What a cluster has taken into its memory does not count: if that cluster was killed, nobody else
    gets those rows for minutes, and they must not keep the living from being woken.
    """
    waiting: int = OrmQ.objects.filter(key=cluster, lock__lte=timezone.now()).count()
    return waiting < _ROWS_PER_WORKER * workers_of(cluster)
