"""Programs that a measurement runs beside itself: the sandbox of Propexo, and any other."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

MINUTE = 60

_SECONDS_TO_START = 120.0
_LISTENS = re.compile(r"listening on (?P<url>http://\S+) .* key (?P<key>[^,\s]+)")
# A line of the sandbox's log: [21/Nov/2026 03:42:16] "GET …" 200 -
_ANSWERED = re.compile(r"\[(?P<minute>[^\]]+):[0-9]{2}\] \"[^\"]*\" (?P<status>[0-9]{3})")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox that runs as a process of its own."""

    url: str
    key: str
    log: Path

    def first_whole_minute(self, clients: Iterable[subprocess.Popen[str]]) -> int:
        """Tell when the first minute begins before which its clients were at work already.

        Shape: the sandbox has to be told to log its answers.
        Units: seconds since 1970.
        """
        until = time.monotonic() + _SECONDS_TO_START
        while not _ANSWERED.search(self.log.read_text()):
            if any(client.poll() is not None for client in clients) or time.monotonic() > until:
                raise RuntimeError("The work under a limit did not start.")
            time.sleep(0.1)
        return (int(time.time()) // MINUTE + 1) * MINUTE

    def count_answers(self, *, first: int, minutes: int) -> tuple[int, int]:
        """Count, in whole minutes, the requests that were answered and those that were refused."""
        counts = Counter(
            (found["minute"], found["status"] == "429")
            for found in _ANSWERED.finditer(self.log.read_text())
        )
        watched = [_minute_name(first + number * MINUTE) for number in range(minutes)]
        taken = sum(counts[minute, False] for minute in watched)
        return taken, sum(counts[minute, True] for minute in watched)


def _minute_name(moment: int) -> str:
    """Write a minute as the sandbox's log does."""
    return time.strftime("%d/%b/%Y %H:%M", time.localtime(moment))


@contextmanager
def started_sandbox(folder: Path, *options: str) -> Iterator[Sandbox]:
    """Run a sandbox on a free port and a ledger of its own, for as long as the block lasts."""
    folder.mkdir()
    log = folder / "sandbox.log"
    command = (sys.executable, "-m", "integrations.sandbox", "--port", "0", "--fresh")
    with (
        log.open("w") as output,
        started_program(
            (*command, "--data", str(folder / "data"), *options), os.environ, output
        ) as it,
    ):
        until = time.monotonic() + _SECONDS_TO_START
        while (found := _LISTENS.search(log.read_text())) is None:
            if it.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"The sandbox did not start: {log.read_text()[-500:]}")
            time.sleep(0.05)
        yield Sandbox(found["url"], found["key"], log)


# Any: whatever subprocess takes for an output.
@contextmanager
def started_program(
    command: Sequence[str],
    environment: Mapping[str, str],
    output: Any,
    *,
    orders: int | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Run a program for as long as the block lasts.

    Shape: `orders` is what it reads as its standard input.
    """
    process = subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        env=dict(environment),
        stdin=orders,
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
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def started_web_server(application: str, environment: Mapping[str, str]) -> Iterator[int]:
    """Run a WSGI application on a free port, as in production; give the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = (
        *(sys.executable, "-m", "gunicorn", application, f"--bind=127.0.0.1:{port}"),
        *("--workers=2", "--threads=4", "--no-control-socket", "--log-level=error"),
    )
    with started_program(command, environment, None) as server:
        try:
            _wait_for(port, server)
            yield port
        finally:
            # Its workers are processes of their own, which only it can end.
            server.terminate()
            server.wait()


def _wait_for(port: int, server: subprocess.Popen[str]) -> None:
    until = time.monotonic() + _SECONDS_TO_START
    while server.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The web server did not start.")
