"""Two queues, and each is counted for itself."""

from __future__ import annotations

import pytest
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

from billing.posting.nudge import nudge_workers as nudge_posting
from integrations.clusters import GENERAL, POSTING, has_room, workers_of
from integrations.operations.sync_work import nudge_workers as nudge_syncs

pytestmark = pytest.mark.django_db


def rows(cluster: str) -> int:
    return int(OrmQ.objects.filter(key=cluster).count())


def test_the_names_are_those_that_django_q2_uses(settings):
    assert Conf.CLUSTER_NAME == Conf.PREFIX == GENERAL
    assert list(settings.Q_CLUSTER["ALT_CLUSTERS"]) == [POSTING]


def test_charges_and_syncs_wait_in_queues_of_their_own():
    nudge_posting(connection_id=1)
    nudge_syncs()

    assert (rows(POSTING), rows(GENERAL)) == (workers_of(POSTING), 1)
    assert {row.func() for row in OrmQ.objects.filter(key=POSTING)} == {
        "billing.tasks.drain_connection"
    }


def test_a_queue_full_of_syncs_leaves_room_for_charges():
    for _ in range(4 * workers_of(GENERAL)):
        async_task("a.task", cluster=GENERAL)

    assert not has_room(GENERAL)
    nudge_posting(connection_id=1)
    assert rows(POSTING) == workers_of(POSTING)


def test_a_queue_full_of_charges_leaves_room_for_syncs():
    for _ in range(10):
        nudge_posting(connection_id=1)

    assert rows(POSTING) == 4 * workers_of(POSTING)
    nudge_syncs()
    assert rows(GENERAL) == 1


def test_each_cluster_has_its_own_number_of_workers(settings):
    settings.Q_CLUSTER = {
        **settings.Q_CLUSTER,
        "workers": 3,
        "ALT_CLUSTERS": {POSTING: {"workers": 5}},
    }
    assert (workers_of(GENERAL), workers_of(POSTING)) == (3, 5)
