"""The checks and the tests, each in an environment that no developer's settings reach."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from meterbase.bootstrap.commands import ROOT, CommandFailedError, run, say, started
from meterbase.bootstrap.system import CHROMIUM_VARIABLE, POSTGRES, free_port, require

PROGRAMS = ROOT / ".venv" / "bin"

CHECKS: tuple[tuple[str, ...], ...] = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy", "."),
    ("lint-imports", "--no-logo"),
    ("djlint", "--check", "--lint", "templates"),
    ("python", "manage.py", "check", "--fail-level", "WARNING"),
    ("python", "manage.py", "makemigrations", "--check", "--dry-run"),
)
# pg_virtualenv makes a throw-away cluster, says where it is in PG* variables, and removes it.
# -t keeps it apart from other runs even for root; when the tests fail it prints the server's log,
# which at the usual level would bury their summary.
# Programs are killed in the tests, the machine is not: the disk need not be waited for.
CLUSTER = ("-t", "-o", "log_min_messages=fatal", "-o", "fsync=off")
ON_CLUSTER = 'DATABASE_URL="postgres://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/$PGDATABASE" exec "$@"'

# Tests that start programs or a browser, and all others.
APART, AMONG = ("-m", "processes or browser"), ("-m", "not processes and not browser")

SETTING = re.compile(r"^#?\s*([A-Z][A-Z0-9_]*)=", re.MULTILINE)
ALWAYS_UNSET = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
PREFIXES_UNSET = ("METERBASE_", "PROPEXO_", "PG")


def run_checks() -> None:
    """Run the linters, the types and Django's own checks, up to the first that fails.

    Errors: CommandFailedError with the failing program's exit code.
    """
    # Django looks at the database to compare migrations; a developer's own is none of its business.
    environ = {**clean_environ(), "DATABASE_URL": "sqlite://:memory:"}
    for program, *arguments in CHECKS:
        step(" ".join((program, *arguments)), [str(PROGRAMS / program), *arguments], environ)


def run_tests() -> None:
    """Run all tests on SQLite and on PostgreSQL side by side, all to their end.

    Shape: those that start programs or a browser wait more than they compute; they run at the same
        time in lanes of their own.
    Errors: CommandFailedError when any fails.
    """
    with ExitStack() as lanes:
        beside = [
            (title, lanes.enter_context(started(command, environ=environ)))
            for title, command, environ in _lanes()
        ]
        say("\n(More tests run at the same time; what they say comes afterwards.)")
        _to_their_end(
            lambda: run_tests_on_sqlite(*AMONG),
            *(partial(_under_header, title, follow) for title, follow in beside),
        )


def _lanes() -> Iterator[tuple[str, Sequence[str], Mapping[str, str]]]:
    """Name what runs beside the tests on SQLite, with its command and its environment."""
    yield "pytest on PostgreSQL", *_tests_on_postgres(*AMONG, port=free_port())
    yield "programs and browsers on SQLite", [str(PROGRAMS / "pytest"), *APART], clean_environ()
    yield "programs on PostgreSQL", *_tests_on_postgres(*APART, port=free_port())


def run_tests_on_sqlite(*selection: str) -> None:
    """Run tests on SQLite: all, or those that pytest's options select.

    Errors: CommandFailedError with pytest's exit code.
    """
    step("pytest on SQLite", [str(PROGRAMS / "pytest"), *selection], clean_environ())


def run_tests_on_postgres() -> None:
    """Run all tests on a PostgreSQL cluster of their own.

    Errors: CommandFailedError with pytest's exit code.
    """
    step("pytest on PostgreSQL", *_tests_on_postgres())


def _tests_on_postgres(
    *selection: str, port: int | None = None
) -> tuple[Sequence[str], Mapping[str, str]]:
    """Give the command, and its environment: the cluster takes its encoding from the locale.

    Shape: clusters that run at once need ports of their own.
    """
    listening = () if port is None else ("-c", f"--port={port}")
    # This run leaves out what the one on SQLite tells as well.
    tests = [str(PROGRAMS / "pytest"), "--beside-sqlite", *selection]
    inner = ["sh", "-c", ON_CLUSTER, "sh", *tests]
    environ = {**clean_environ(), "LC_ALL": "C.UTF-8"}
    return [require(POSTGRES), *CLUSTER, *listening, *inner], environ


def _to_their_end(*runs: Callable[[], None]) -> None:
    """Run each, whatever becomes of the others.

    Errors: the first CommandFailedError.
    """
    failures: list[CommandFailedError] = []
    for one in runs:
        try:
            one()
        except CommandFailedError as failed:
            failures.append(failed)
    if failures:
        raise failures[0]


def run_chaos() -> None:
    """Post charges while everything is killed and starved, on SQLite and then on PostgreSQL.

    Errors: CommandFailedError when a charge doubled or was lost.
    """
    wished = {name: os.environ.get(name.upper()) for name in ("rounds", "seed")}
    chosen = [f"--{name}={value}" for name, value in wished.items() if value]
    play = [str(PROGRAMS / "python"), "-m", "billing.posting.tests.chaos", *chosen]
    step("chaos on SQLite", play, clean_environ())
    environ = {**clean_environ(), "LC_ALL": "C.UTF-8"}
    inner = ["sh", "-c", ON_CLUSTER, "sh", *play]
    step("chaos on PostgreSQL", [require(POSTGRES), *CLUSTER, *inner], environ)


def run_screenshots() -> None:
    """Keep pictures of the main pages of the demonstration.

    Errors: CommandFailedError when a page did not open.
    """
    keep = [str(PROGRAMS / "python"), "-m", "meterbase.tests.screenshots"]
    step("screenshots", keep, clean_environ())


def step(title: str, command: Sequence[str], environ: Mapping[str, str]) -> None:
    """Run one step under its header.

    Errors: CommandFailedError when it fails.
    """
    _under_header(title, lambda: run(command, environ=environ))


def _under_header(title: str, run_it: Callable[[], int]) -> None:
    """Run something, or show what was run meanwhile.

    Errors: CommandFailedError when its exit code says so.
    """
    say(f"\n== {title}")
    code = run_it()
    if code:
        say(f"\n== {title}: failed with exit code {code}")
        raise CommandFailedError(code)


def clean_environ(example: Path = ROOT / ".env.example") -> dict[str, str]:
    """Return the environment without any setting of MeterBase, and with no .env file to read.

    Source: the settings are those that .env.example lists.
    """
    listed = SETTING.findall(example.read_text()) if example.exists() else []
    settings = {*ALWAYS_UNSET, *listed}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name == CHROMIUM_VARIABLE or not (name in settings or name.startswith(PREFIXES_UNSET))
    }
    return {**kept, "METERBASE_ENV_FILE": ""}
