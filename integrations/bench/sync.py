"""How fast a first sync is, beside nothing but downloading and parsing the same pages.

The sandbox, the sync and the bare download are processes of their own, on a database that is thrown
away afterwards.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

PROPERTIES = 500
UNITS = 200
LIMIT = 150
MINUTES = 2

_MINUTE = 60
_NO_LIMIT = 1_000_000_000
_SECONDS_TO_START = 120.0
_CHILD = "integrations.bench.sync_child"
_LISTENS = re.compile(r"listening on (?P<url>http://\S+) .* key (?P<key>[^,\s]+)")
# A line of the sandbox's log: [21/Nov/2026 03:42:16] "GET …" 200 -
_ANSWERED = re.compile(r"\[(?P<minute>[^\]]+):[0-9]{2}\] \"[^\"]*\" (?P<status>[0-9]{3})")


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


@dataclass(frozen=True, slots=True)
class _Sandbox:
    url: str
    key: str
    log: Path


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
        with _sandbox(folder / "fast", *sizes, "--rate-limit", str(_NO_LIMIT)) as sandbox:
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
    with _sandbox(folder / "limited", *sizes) as sandbox:
        with _child("endless", sandbox, folder / "limited_state") as child:
            first = _first_whole_minute(sandbox, child)
            while time.time() < first + minutes * _MINUTE + 1:
                if child.poll() is not None:
                    raise RuntimeError("The sync under a limit ended by itself.")
                time.sleep(0.5)
        log = sandbox.log.read_text()
    watched = [_minute_name(first + number * _MINUTE) for number in range(minutes)]
    counts = Counter(
        (found["minute"], found["status"] == "429") for found in _ANSWERED.finditer(log)
    )
    taken = sum(counts[minute, False] for minute in watched)
    refused = sum(counts[minute, True] for minute in watched)
    return round(taken / (LIMIT * minutes), 3), refused


def _first_whole_minute(sandbox: _Sandbox, child: subprocess.Popen[str]) -> int:
    """Tell when the first minute begins before which the sync was at work already."""
    until = time.monotonic() + _SECONDS_TO_START
    while not _ANSWERED.search(sandbox.log.read_text()):
        if child.poll() is not None or time.monotonic() > until:
            raise RuntimeError("The sync under a limit did not start.")
        time.sleep(0.1)
    return (int(time.time()) // _MINUTE + 1) * _MINUTE


def _minute_name(moment: int) -> str:
    """Write a minute as the sandbox's log does."""
    return time.strftime("%d/%b/%Y %H:%M", time.localtime(moment))


@contextmanager
def _sandbox(folder: Path, *options: str) -> Iterator[_Sandbox]:
    folder.mkdir()
    log = folder / "sandbox.log"
    command = (sys.executable, "-m", "integrations.sandbox", "--port", "0", "--fresh")
    with (
        log.open("w") as output,
        _process((*command, "--data", str(folder / "data"), *options), os.environ, output) as it,
    ):
        until = time.monotonic() + _SECONDS_TO_START
        while (found := _LISTENS.search(log.read_text())) is None:
            if it.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"The sandbox did not start: {log.read_text()[-500:]}")
            time.sleep(0.05)
        yield _Sandbox(found["url"], found["key"], log)


def _run_child(what: str, sandbox: _Sandbox, state_dir: Path) -> dict[str, Any]:
    with _child(what, sandbox, state_dir) as child:
        output, _ = child.communicate()
        if child.returncode:
            raise RuntimeError(f"The measurement “{what}” failed; its last words are above.")
        figures: dict[str, Any] = json.loads(output.splitlines()[-1])
        return figures


@contextmanager
def _child(what: str, sandbox: _Sandbox, state_dir: Path) -> Iterator[subprocess.Popen[str]]:
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
    with _process((sys.executable, "-m", _CHILD, what), environment, subprocess.PIPE) as child:
        yield child


@contextmanager
def _process(
    command: Sequence[str], environment: Mapping[str, str], output: Any
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        env=dict(environment),
        stdout=output,
        # The sandbox writes its log there; a measurement's last words are for whoever looks on.
        stderr=None if output == subprocess.PIPE else subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
