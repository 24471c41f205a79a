"""The queues of the background clusters."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from integrations.clusters import GENERAL, POSTING, has_room, workers_of

pytestmark = pytest.mark.django_db


def queue(cluster: str, *, rows: int, leased_for: int = 0) -> None:
    lock = timezone.now() + timedelta(seconds=leased_for)
    OrmQ.objects.bulk_create(OrmQ(key=cluster, payload="", lock=lock) for _ in range(rows))


def test_a_queue_that_nobody_empties_takes_no_more():
    queue(POSTING, rows=4 * workers_of(POSTING))

    assert not has_room(POSTING)
    assert has_room(GENERAL)


def test_what_a_killed_cluster_took_with_it_does_not_keep_the_living_asleep():
    queue(POSTING, rows=40, leased_for=240)

    assert has_room(POSTING)
