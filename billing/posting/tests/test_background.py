"""Both background clusters as they run in production: one does not hold the other up, and what
loses a part of itself is started again."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from billing.posting.tests.scratch import MANAGE, Scratch, wait_for
from integrations.beats import monitor_of, worker_of
from integrations.clusters import CLUSTERS, GENERAL, POSTING
from meterbase.servers import application_servers
from meterbase.supervisor import Supervisor

pytestmark = pytest.mark.processes

# What django-q2 says when its processes have started.
_READY = {"worker": "ready for work at", "monitor": "monitoring at"}
# Both clusters, as the supervisor calls them.
_NAMES = ("posting", "worker")


def ask_for_signs_of_life(scratch: Scratch) -> None:
    """Forget the signs of life that there were, and ask each cluster for another."""
    scratch.query("DELETE FROM integrations_tick")
    scratch.run(*MANAGE, "declare_schedules")


def beats(scratch: Scratch) -> set[str]:
    """Tell who has left a sign of life."""
    return {str(name) for (name,) in scratch.query("SELECT name FROM integrations_tick")}


def clusters_alive(scratch: Scratch) -> set[str]:
    """Tell which clusters have shown that a worker and the monitor work."""
    return {one for one in CLUSTERS if {worker_of(one), monitor_of(one)} <= beats(scratch)}


def queued(scratch: Scratch, cluster: str) -> int:
    """Count the rows of a queue, taken up or not."""
    rows = scratch.query(
        f"SELECT id FROM django_q_ormq WHERE key = '{cluster}'"  # noqa: S608 - a name of our own
    )
    return len(rows)


@contextmanager
def supervised(scratch: Scratch, *names: str, say: Callable[[str], None]) -> Iterator[Supervisor]:
    """Run some of the servers of an installation, each with a log."""
    servers = application_servers(
        host="127.0.0.1",
        port=0,
        environment={**scratch.environ(), "LOG_LEVEL": "INFO"},
        logs=scratch.state_dir,
    )
    supervisor = Supervisor([one for one in servers if one.name in names], say=say)
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()


def first_of(part: str, log: Path) -> int:
    """Find the first process of a kind that a cluster has started."""
    return int(re.findall(rf"{_READY[part]} (\d+)", log.read_text())[0])


@pytest.mark.parametrize("part", ["worker", "monitor"])
def test_a_cluster_that_loses_a_part_of_itself_works_again(scratch: Scratch, part: str):
    said: list[str] = []
    with supervised(scratch, *_NAMES, say=said.append) as supervisor:
        ask_for_signs_of_life(scratch)
        wait_for(lambda: clusters_alive(scratch) == set(CLUSTERS), what="signs of life")

        for name in _NAMES:
            os.kill(first_of(part, scratch.state_dir / f"{name}.log"), signal.SIGKILL)

        def all_ended() -> bool:
            supervisor.revive()
            return sorted(said) == [f"{name} ended with -9; starting it again." for name in _NAMES]

        wait_for(all_ended, what="the end of both clusters")
        ask_for_signs_of_life(scratch)
        wait_for(lambda: clusters_alive(scratch) == set(CLUSTERS), what="signs of life again")


def test_charges_are_posted_while_nobody_works_on_anything_else(scratch: Scratch):
    with scratch.started(*MANAGE, "qcluster", Q_CLUSTER_NAME=POSTING):
        wait_for(lambda: scratch.states() == {"posted": 45}, what="all charges to be posted")
        wait_for(lambda: bool(clusters_alive(scratch)), what="signs of life")

    assert clusters_alive(scratch) == {POSTING}


def test_a_queue_full_of_slow_syncs_does_not_hold_charges_up(scratch: Scratch):
    fill = (
        "from django_q.tasks import async_task\n"
        "for _ in range(12): async_task('time.sleep', 55, cluster='meterbase')"
    )
    scratch.run(*MANAGE, "shell", "--no-imports", "-c", fill)
    with scratch.started(*MANAGE, "qcluster"):
        wait_for(lambda: worker_of(GENERAL) in beats(scratch), what="busy workers")
        with scratch.started(*MANAGE, "qcluster", Q_CLUSTER_NAME=POSTING):
            wait_for(lambda: scratch.states() == {"posted": 45}, what="all charges to be posted")

        assert queued(scratch, GENERAL) == 12
