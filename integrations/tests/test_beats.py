"""Signs of life of the clusters: who leaves them, and what is read from them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django import db
from django_q.models import Schedule
from django_q.signals import post_execute, pre_execute

from integrations import beats
from integrations.beats import (
    FRESH_FOR,
    SWEEPER,
    ClusterState,
    beat,
    canary_of,
    last_beats,
    monitor_of,
    state_of,
    sweeper_works,
    worker_of,
)
from integrations.clusters import GENERAL, POSTING
from integrations.models import Tick

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch):
    """Forget what this process has written before."""
    monkeypatch.setattr(beats, "_written", {})


def leave(now, *names: str) -> None:
    for name in names:
        Tick.objects.update_or_create(name=name, defaults={"ticked_at": now})


def test_a_worker_and_a_monitor_leave_a_beat_for_each_task_of_their_cluster(now):
    task = {"func": "a.task", "cluster": POSTING}
    with time_machine.travel(now, tick=False):
        pre_execute.send(sender="django_q", func=None, task=task)
        post_execute.send(sender="django_q", task=task)

    assert last_beats() == {worker_of(POSTING): now, monitor_of(POSTING): now}


def test_a_busy_process_writes_seldom(django_assert_num_queries):
    beat(SWEEPER)

    with django_assert_num_queries(0):
        for _ in range(100):
            beat(SWEEPER)


def test_a_beat_is_one_write(django_assert_num_queries, monkeypatch, now):
    leave(now, SWEEPER)

    with django_assert_num_queries(1):
        beat(SWEEPER)


def test_a_database_that_is_away_does_not_end_the_monitor(monkeypatch, caplog):
    def refuse(*_args, **_values):
        raise db.OperationalError("the server closed the connection")

    monkeypatch.setattr(Tick.objects, "filter", refuse)
    post_execute.send(sender="django_q", task={"cluster": GENERAL})

    assert "No sign of life could be left for the monitor of meterbase" in caplog.text


def test_a_cluster_works_while_both_of_its_beats_are_fresh(now):
    leave(now, worker_of(POSTING), monitor_of(POSTING))

    assert state_of(POSTING, now=now + FRESH_FOR - timedelta(seconds=1)) == ClusterState.WORKING
    assert state_of(POSTING, now=now + FRESH_FOR) == ClusterState.ABSENT
    assert state_of(GENERAL, now=now) == ClusterState.ABSENT


@pytest.mark.parametrize("name", [worker_of(POSTING), monitor_of(POSTING)])
def test_a_cluster_of_which_one_part_is_silent_is_deaf(now, name: str):
    leave(now, worker_of(POSTING), monitor_of(POSTING))
    leave(now - FRESH_FOR, name)

    assert state_of(POSTING, now=now) == ClusterState.DEAF


def test_a_cluster_whose_clock_alone_runs_is_deaf(now):
    clock = Schedule.objects.create(
        name=canary_of(POSTING), func="a.task", next_run=now, task="the last one"
    )
    assert state_of(POSTING, now=now) == ClusterState.DEAF
    # Once the clock stands still, too, nothing of it runs.
    Schedule.objects.filter(pk=clock.pk).update(next_run=now - timedelta(minutes=5))
    assert state_of(POSTING, now=now) == ClusterState.ABSENT


def test_a_cluster_that_was_never_started_is_absent(now):
    Schedule.objects.create(name=canary_of(POSTING), func="a.task", next_run=now)

    assert state_of(POSTING, now=now) == ClusterState.ABSENT


def test_the_sweeper_works_while_its_beat_is_fresh(now):
    assert not sweeper_works(now=now)
    leave(now, SWEEPER)
    assert sweeper_works(now=now)
    assert not sweeper_works(now=now + FRESH_FOR)
