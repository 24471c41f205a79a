"""How fast a first sync is, beside nothing but downloading and parsing the same pages.

The sandbox, the sync and the bare download are processes of their own, on a database that is thrown
away afterwards.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from integrations.bench.programs import MINUTE, Sandbox, started_program, started_sandbox

PROPERTIES = 500
UNITS = 200
LIMIT = 150
MINUTES = 2

_NO_LIMIT = 1_000_000_000
_CHILD = "integrations.bench.sync_child"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run of the measurement found.

    Shape: `floor_s` is what only the download of the same pages with requests and their parsing
        with json takes, before and after the sync in turn; the ratios are of times, the one of
        CPU times is the steadier one on a machine that has other work to do. `limit_used` is
        the part of the allowed requests that were made in whole minutes, None when it was not
        measured; `limit_exceeded` counts the requests that were refused in that time.
    Units: seconds, megabytes of 2^20 bytes.
    """

    properties: int
    units: int
    records: int
    pages: int
    first_s: float
    floor_s: float
    ratio_to_floor: float
    cpu_ratio_to_floor: float
    second_s: float
    second_to_first: float
    records_per_s: float
    peak_rss_mb: float
    rss_after_a_tenth_mb: float
    limit_used: float | None
    limit_exceeded: int | None


def measure(
    *, properties: int = PROPERTIES, units: int = UNITS, minutes: int = MINUTES
) -> Measured:
    """Sync a portfolio for the first time, and once more without anything new.

    Shape: `minutes` is how long the use of the rate limit is watched; 0 leaves it out.
    Effects: processes and a temporary folder, for the time it takes.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        sizes = ("--properties", str(properties), "--units", str(units))
        with started_sandbox(folder / "fast", *sizes, "--rate-limit", str(_NO_LIMIT)) as sandbox:
            before = _run_child("floor", sandbox, folder / "unused")
            synced = _run_child("sync", sandbox, folder / "state")
            after = _run_child("floor", sandbox, folder / "unused")
        used = _watch_limit(folder, minutes=minutes) if minutes else (None, None)
    floor = (before["seconds"] + after["seconds"]) / 2
    if before["pages"] != synced["pages"]:
        raise RuntimeError(f"The sync read {synced['pages']} pages, not {before['pages']}.")
    return Measured(
        properties=properties,
        units=units,
        records=synced["records"],
        pages=synced["pages"],
        first_s=round(synced["first"], 3),
        floor_s=round(floor, 3),
        ratio_to_floor=round(synced["first"] / floor, 2),
        cpu_ratio_to_floor=round(2 * synced["cpu"] / (before["cpu"] + after["cpu"]), 2),
        second_s=round(synced["second"], 4),
        second_to_first=round(synced["second"] / synced["first"], 5),
        records_per_s=round(synced["records"] / synced["first"], 1),
        peak_rss_mb=round(synced["peak_rss_mb"], 1),
        rss_after_a_tenth_mb=round(synced["rss_after_a_tenth_mb"], 1),
        limit_used=used[0],
        limit_exceeded=used[1],
    )


def _watch_limit(folder: Path, *, minutes: int) -> tuple[float, int]:
    """Let a sync go on and on under a limit, and count what the sandbox answered."""
    sizes = ("--properties", "50", "--units", "10", "--rate-limit", str(LIMIT), "--verbose")
    with started_sandbox(folder / "limited", *sizes) as sandbox:
        with _child("endless", sandbox, folder / "limited_state") as child:
            first = sandbox.first_whole_minute([child])
            while time.time() < first + minutes * MINUTE + 1:
                if child.poll() is not None:
                    raise RuntimeError("The sync under a limit ended by itself.")
                time.sleep(0.5)
        taken, refused = sandbox.count_answers(first=first, minutes=minutes)
    return round(taken / (LIMIT * minutes), 3), refused


def _run_child(what: str, sandbox: Sandbox, state_dir: Path) -> dict[str, Any]:
    with _child(what, sandbox, state_dir) as child:
        output, _ = child.communicate()
        if child.returncode:
            raise RuntimeError(f"The measurement “{what}” failed; its last words are above.")
        figures: dict[str, Any] = json.loads(output.splitlines()[-1])
        return figures


@contextmanager
def _child(what: str, sandbox: Sandbox, state_dir: Path) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {
        "METERBASE_ENV_FILE": "",
        "DJANGO_SETTINGS_MODULE": "meterbase.settings",
        "DATABASE_URL": "",
        "STATE_DIR": str(state_dir),
        "SECRET_KEY": "",
        "LOG_LEVEL": "ERROR",
        "PROPEXO_BASE_URL": sandbox.url,
        "PROPEXO_API_KEY": sandbox.key,
        "PROPEXO_CONTRACT": "unified",
    }
    with started_program(
        (sys.executable, "-m", _CHILD, what), environment, subprocess.PIPE
    ) as child:
        yield child
