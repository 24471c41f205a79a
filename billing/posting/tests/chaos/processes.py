"""The processes of the scene: a sandbox, two clusters, a sweeper; and whoever is inside them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from meterbase.bootstrap.system import free_port

ROOT = Path(__file__).resolve().parents[4]
_PATIENCE_SECONDS = 30


@dataclass
class Program:
    """A program that is started again whenever it has ended."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def keep_running(self) -> None:
        """Start it, unless it runs."""
        if self.process is not None and self.process.poll() is None:
            return
        self.end()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.command),
                cwd=ROOT,
                env=dict(self.environ),
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def end(self) -> None:
        """Kill it with all that it started."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)

    def members(self) -> list[int]:
        """List the processes of its group, the first one left out."""
        if self.process is None:
            return []
        group = self.process.pid
        return [pid for pid in _processes() if pid != group and _group_of(pid) == group]


def _processes() -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            yield int(entry.name)


def _group_of(pid: int) -> int | None:
    with suppress(ProcessLookupError):
        return os.getpgid(pid)
    return None


@dataclass
class SandboxProgram:
    """The sandbox as a process that can be killed and keeps its ledger."""

    directory: Path
    port: int = field(default_factory=free_port)
    program: Program = field(init=False)

    def __post_init__(self) -> None:
        """Describe the process."""
        self.program = Program(
            name="sandbox",
            command=[
                sys.executable,
                "-m",
                "integrations.sandbox",
                "--contract=unified",
                f"--port={self.port}",
                f"--data={self.directory / 'sandbox'}",
                "--properties=1",
                "--units=64",
                "--rate-limit=1000000",
            ],
            environ=os.environ,
            log=self.directory / "sandbox.log",
        )

    @property
    def base_url(self) -> str:
        """Give its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, unless it runs, and wait until it answers."""
        self.program.keep_running()
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                self.ask("GET", "/_sandbox/health")
            except OSError:
                if time.monotonic() > until:
                    raise
                # A program of its own: that it listens can only be found out by asking.
                time.sleep(0.05)
            else:
                return

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Use one of the sandbox's own doors."""
        request = urllib.request.Request(  # noqa: S310  an address of this machine
            self.base_url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer, parse_float=Decimal)
