"""Finds the programs that the tests need from the system, and installs them where it may."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from meterbase.bootstrap.commands import SetupError, last_lines, run_quietly

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_VARIABLE = "METERBASE_CHROMIUM"
POSTGRES_SERVERS = Path("/usr/lib/postgresql")
# apt-get may find the package database busy with the machine's own updates: wait, do not fail.
APT_GET = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300")


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program of the system.

    Shape: `find` returns its path or None; `otherwise` ends the sentence on how to get it.
    """

    title: str
    purpose: str
    packages: tuple[str, ...]
    find: Callable[[], str | None]
    otherwise: str = ""


def free_port() -> int:
    """Find a port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def find_chromium() -> str | None:
    """Return the browser's path: the one that is named, else the first on the PATH.

    Errors: SetupError when the named one is no program.
    """
    named = os.environ.get(CHROMIUM_VARIABLE)
    if named:
        if not shutil.which(named):
            raise SetupError(f"{CHROMIUM_VARIABLE} names {named}, which is not a program.")
        return shutil.which(named)
    found = (shutil.which(name) for name in CHROMIUM_NAMES)
    return next((path for path in found if path), None)


def find_postgres() -> str | None:
    """Return the path of pg_virtualenv when there is a server for it to start."""
    if not any(POSTGRES_SERVERS.glob("*/bin/pg_ctl")):
        return None
    return shutil.which("pg_virtualenv")


CHROMIUM = Program(
    title="Chromium",
    purpose="the browser tests",
    packages=("chromium",),
    find=find_chromium,
    otherwise=f" or set {CHROMIUM_VARIABLE} to the path of a Chromium or Chrome",
)
POSTGRES = Program(
    title="pg_virtualenv, or a PostgreSQL server for it to start,",
    purpose="the tests on PostgreSQL",
    packages=("postgresql", "postgresql-common"),
    find=find_postgres,
)


def require(program: Program) -> str:
    """Return the program's path, after installing it if need be.

    Errors: SetupError with the sentence for the reader.
    Effects: may install Debian packages.
    """
    found = program.find()
    if found:
        return found
    administrator = administrator_prefix()
    if administrator is None or not shutil.which("apt-get"):
        raise SetupError(missing(program))
    apt_get = (*administrator, *APT_GET)
    # Stale lists still install most packages, so a failed update alone is no reason to stop.
    _, updated = run_quietly("Updating the list of system packages", (*apt_get, "update"))
    command = (*apt_get, "install", "-y", "--no-install-recommends", *program.packages)
    code, installed = run_quietly(f"Installing {' and '.join(program.packages)}", command)
    found = program.find()
    if code or not found:
        raise SetupError(f"{missing(program)}\n{last_lines(updated + installed)}")
    return found


def administrator_prefix() -> tuple[str, ...] | None:
    """Return what to put before a command that root must run, or None when we may not."""
    if os.geteuid() == 0:
        return ()
    sudo = shutil.which("sudo")
    if not sudo:
        return None
    allowed = subprocess.run([sudo, "-n", "true"], capture_output=True, check=False)
    return (sudo, "-n") if allowed.returncode == 0 else None


def missing(program: Program) -> str:
    """Say what is missing, what for, and how to get it."""
    packages = " ".join(program.packages)
    return (
        f"{program.title} is missing; {program.purpose} need it. "
        f"Install it (Debian: apt-get install {packages}){program.otherwise}, then try again."
    )
