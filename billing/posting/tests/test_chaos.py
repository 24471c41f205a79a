"""A few rounds of chaos; `make chaos` plays two hundred, with restarts of PostgreSQL as well."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from billing.posting.tests.chaos.processes import ROOT

pytestmark = pytest.mark.processes

ROUNDS = 20


def test_no_charge_doubles_or_goes_while_everything_is_killed_at_random():
    # The server that the other tests use is not restarted.
    environ = {name: value for name, value in os.environ.items() if name != "PG_CLUSTER_CONF_ROOT"}
    played = subprocess.run(
        [sys.executable, "-m", "billing.posting.tests.chaos", f"--rounds={ROUNDS}"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=420,
        check=False,
    )

    assert played.returncode == 0, played.stdout[-20_000:] + played.stderr[-5_000:]
    assert "double 0, lost 0" in played.stdout
