"""The steps by name, in the words of the Makefile."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from meterbase.bootstrap.commands import ROOT, CommandFailedError, SetupError
from meterbase.bootstrap.environment import prepare
from meterbase.bootstrap.suite import (
    run_chaos,
    run_checks,
    run_screenshots,
    run_tests,
    run_tests_on_postgres,
    run_tests_on_sqlite,
)
from meterbase.bootstrap.system import CHROMIUM, POSTGRES, require

STEPS: Mapping[str, Callable[[], object]] = {
    "runtime": lambda: prepare(kind="runtime", root=ROOT),
    "dev": lambda: prepare(kind="dev", root=ROOT),
    "browser": lambda: require(CHROMIUM),
    "postgres": lambda: require(POSTGRES),
    "checks": run_checks,
    "tests": run_tests,
    "tests-sqlite": run_tests_on_sqlite,
    "tests-postgres": run_tests_on_postgres,
    "chaos": run_chaos,
    "screenshots": run_screenshots,
}


def main(names: Sequence[str]) -> int:
    """Run the named steps in order, up to the first that fails, and return the exit code."""
    unknown = [name for name in names if name not in STEPS]
    if unknown or not names:
        sys.stderr.write(f"Name one or more of these steps: {', '.join(STEPS)}.\n")
        return 2
    try:
        for name in names:
            STEPS[name]()
    except SetupError as stopped:
        sys.stderr.write(f"{stopped}\n")
        return 1
    except CommandFailedError as failed:
        return failed.exit_code
    except KeyboardInterrupt:
        return 130
    return 0
