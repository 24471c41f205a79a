"""A background cluster that lost a part of itself ends as a whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[3]

# A cluster with one worker, which does not notice by itself that the rest is gone.
CLUSTER = """
import logging, os, subprocess, sys
from meterbase.lib.crash_only import CrashOnly
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
logger = logging.getLogger("cluster")
logger.addHandler(CrashOnly())
logger.log(getattr(logging, sys.argv[1]), "a part of the cluster died")
print("still here", flush=True)
sys.stdin.read()
"""


def started(level: str) -> subprocess.Popen[str]:
    """Start a cluster that leads its process group and logs one record."""
    return subprocess.Popen(
        [sys.executable, "-c", CLUSTER, level],
        cwd=ROOT,
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_critical_record_ends_the_whole_group():
    cluster = started("CRITICAL")
    try:
        # The worker has inherited the output, which ends only when both of them are gone.
        output, _ = cluster.communicate(timeout=20)
    finally:
        end(cluster)

    assert cluster.returncode == -signal.SIGKILL
    assert output == ""


@pytest.mark.parametrize("level", ["ERROR", "WARNING"])
def test_a_lesser_record_ends_nothing(level: str):
    cluster = started(level)
    try:
        assert cluster.stdout is not None
        assert cluster.stdout.readline() == "still here\n"
        assert cluster.poll() is None
    finally:
        end(cluster)


def end(cluster: subprocess.Popen[str]) -> None:
    """Kill what is left of a cluster."""
    with suppress(ProcessLookupError):
        os.killpg(cluster.pid, signal.SIGKILL)
    cluster.communicate()
