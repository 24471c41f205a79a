"""Runs other programs and says on the terminal how far it got."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
LAST_LINES = 15


class SetupError(Exception):
    """The set-up cannot go on; the message is the sentence for the reader."""


class CommandFailedError(Exception):
    """A program that reported its own failure on the terminal has ended."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"The command ended with exit code {exit_code}.")
        self.exit_code = exit_code


def say(text: str, *, end: str = "\n") -> None:
    """Write to standard output at once, so that it stays in order with what programs write."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def run(
    command: Sequence[str],
    *,
    environ: Mapping[str, str] | None = None,
    output: IO[bytes] | None = None,
) -> int:
    """Run a program to its end and return its exit code as a shell would.

    Errors: KeyboardInterrupt after Ctrl-C, but only once the program has ended too.
    """
    interrupts: list[int] = []
    # Ctrl-C reaches the program as well. It may have a server to stop or a lock to give back, so it
    # is waited for and never killed.
    before = signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    try:
        ended = subprocess.run(
            command,
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL if output else None,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            check=False,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupts:
        raise KeyboardInterrupt
    code = ended.returncode
    return code if code >= 0 else 128 - code


@contextmanager
def started(
    command: Sequence[str], *, environ: Mapping[str, str] | None = None
) -> Iterator[Callable[[], int]]:
    """Run a program beside others, with its output kept back; wait for its end when leaving.

    Shape: a function that shows what the program wrote, goes on as it writes, and gives its exit
        code once it has ended.
    """
    with tempfile.NamedTemporaryFile() as output:
        program = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield lambda: _follow(program, Path(output.name))
        finally:
            program.wait()


def _follow(program: subprocess.Popen[bytes], output: Path) -> int:
    with output.open("rb") as written:
        while True:
            # Asked before reading, so that what it wrote last is read too.
            code = program.poll()
            sys.stdout.write(written.read().decode(errors="replace"))
            sys.stdout.flush()
            if code is not None:
                return code if code >= 0 else 128 - code
            with suppress(subprocess.TimeoutExpired):
                program.wait(timeout=0.5)


def run_quietly(
    title: str, command: Sequence[str], *, environ: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run a program behind one line with its title and time; return exit code and output."""
    say(f"{title} ...", end="")
    started = time.monotonic()
    ended = "stopped"
    try:
        with tempfile.TemporaryFile() as output:
            code = run(command, environ=environ, output=output)
            output.seek(0)
            text = output.read().decode(errors="replace")
        ended = "failed" if code else "done"
    finally:
        say(f" {ended} ({time.monotonic() - started:.1f} s)")
    return code, text


def last_lines(text: str) -> str:
    """Return the end of a program's output, where the reason of a failure stands."""
    return "\n".join(text.rstrip().splitlines()[-LAST_LINES:])
