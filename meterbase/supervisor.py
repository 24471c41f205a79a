"""Keeping the servers of one machine running: start them, start them again, end them together."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# How long a server that ends at once waits for its next start, so that a fault burns no processor.
_RESTART_SECONDS = 2.0
_STOP_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1


class PortInUse(Exception):
    """Something else listens there already."""

    def __init__(self, host: str, port: int, option: str) -> None:
        super().__init__(
            f"Port {port} on {host} is in use by another program. End that program, or choose "
            f"another port with {option}."
        )


@dataclass(frozen=True, slots=True)
class Server:
    """A program that is to run all the time."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path | None = None


def require_free_port(*, host: str, port: int, option: str) -> None:
    """Refuse to start on a port that is taken.

    Errors: PortInUse, which names the option to choose another.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise PortInUse(host, port, option) from None


class Supervisor:
    """Runs servers, each in a process group of its own."""

    def __init__(self, servers: Sequence[Server], *, say: Callable[[str], None]) -> None:
        self._servers = servers
        self._say = say
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._started_at: dict[str, float] = {}

    def start(self) -> None:
        """Start every server.

        Effects: processes.
        """
        for server in self._servers:
            self._start(server)

    def revive(self) -> None:
        """Start again what has ended, each at most once in a while."""
        for server in self._servers:
            process = self._running[server.name]
            rested = time.monotonic() - self._started_at[server.name] >= _RESTART_SECONDS
            if process.poll() is not None and rested:
                self._end_group(process, signal.SIGKILL)
                self._say(f"{server.name} ended with {process.returncode}; starting it again.")
                self._start(server)

    def stop(self) -> None:
        """End every server: politely, then not.

        Effects: no process that was started here is left.
        """
        for process in reversed(self._running.values()):
            with contextlib.suppress(ProcessLookupError):
                # To the first process alone: it lets its workers finish what they are doing.
                process.send_signal(signal.SIGTERM)
        until = time.monotonic() + _STOP_SECONDS
        for process in reversed(self._running.values()):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.1, until - time.monotonic()))
            self._end_group(process, signal.SIGKILL)
            process.wait()

    def _start(self, server: Server) -> None:
        with _output(server.log) as output:
            self._running[server.name] = subprocess.Popen(
                list(server.command),
                env=dict(server.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - no threads run here
            )
        self._started_at[server.name] = time.monotonic()

    @staticmethod
    def _end_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)


@contextlib.contextmanager
def _output(log: Path | None) -> Iterator[int | None]:
    if log is None:
        yield None
        return
    with log.open("ab") as file:
        yield file.fileno()


def _end_with_parent() -> None:
    """Ask the kernel to end this process when the supervisor dies, however it dies."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def run_until_signal(supervisor: Supervisor) -> None:
    """Run servers until SIGTERM or SIGINT, then end them."""
    try:
        supervisor.start()
        wait_for_signal(supervisor.revive)
    finally:
        supervisor.stop()


def wait_for_signal(meanwhile: Callable[[], None] = lambda: None) -> None:
    """Wait for SIGTERM or SIGINT, calling something twice a second."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    while not stopping.wait(0.5):
        meanwhile()
