"""What the clusters do by the clock is declared once, and exists."""

from __future__ import annotations

from pydoc import locate

import pytest
from django.core.management import call_command
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler

from integrations.clusters import CLUSTERS, GENERAL, POSTING
from meterbase.management.commands.declare_schedules import SCHEDULES

pytestmark = pytest.mark.django_db


def test_each_schedule_is_declared_once_however_often():
    for _ in range(3):
        call_command("declare_schedules")

    names = list(Schedule.objects.order_by("pk").values_list("name", flat=True))
    assert names == [timed.name for timed in SCHEDULES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("timed", SCHEDULES, ids=lambda timed: timed.name)
def test_each_schedule_calls_something_that_exists(timed):
    assert callable(locate(timed.task))
    assert timed.cluster in CLUSTERS


def test_each_cluster_is_asked_for_a_first_sign_of_life_at_once():
    call_command("declare_schedules")

    asked = OrmQ.objects.order_by("pk").values_list("key", flat=True)
    assert list(asked) == [GENERAL, POSTING]


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_the_clock_of_a_cluster_starts_its_own_tasks_only(cluster: str, monkeypatch):
    call_command("declare_schedules")
    OrmQ.objects.all().delete()
    monkeypatch.setattr("django_q.conf.Conf.CLUSTER_NAME", cluster)
    # It would close the connection in whose transaction the test runs.
    monkeypatch.setattr("django_q.scheduler.close_old_django_connections", lambda: None)

    scheduler()

    expected = {timed.task for timed in SCHEDULES if timed.cluster == cluster}
    assert {row.func() for row in OrmQ.objects.all()} == expected
    assert set(OrmQ.objects.values_list("key", flat=True)) == {cluster}
    assert {row.task["timeout"] for row in OrmQ.objects.all()} == {
        timed.longest for timed in SCHEDULES if timed.cluster == cluster
    }
