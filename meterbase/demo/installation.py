"""A MeterBase of its own: sandbox, web server, workers and sweeper on an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from django.conf import settings

from meterbase.servers import application_servers
from meterbase.supervisor import Server, Supervisor

HOST = "127.0.0.1"
_START_SECONDS = 60
# A few ZIP codes, written by hand: those of the sandbox's properties.
UTILITIES = Path(__file__).parent / "utilities"


class CannotStart(Exception):
    """A part of the installation did not come up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where an installation of its own lives.

    Shape: an empty `database_url` means SQLite in the folder.
    """

    folder: Path
    port: int
    sandbox_port: int
    password: str
    database_url: str = ""

    @property
    def base_url(self) -> str:
        """Tell where the pages are."""
        return f"http://{HOST}:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """Tell where the sandbox is."""
        return f"http://{HOST}:{self.sandbox_port}"

    def environment(self) -> dict[str, str]:
        """Describe the settings, whatever this machine's .env says."""
        return os.environ | {
            "METERBASE_ENV_FILE": "",
            "DATABASE_URL": self.database_url,
            "SECRET_KEY": "",
            "DEBUG": "",
            "HTTPS_ONLY": "",
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "STATE_DIR": str(self.folder / "state"),
            "WORKERS": "2",
            "POSTING_WORKERS": "2",
            "LOG_LEVEL": "INFO",
            "PROPEXO_API_KEY": "px_test_sandbox",
            "PROPEXO_BASE_URL": self.sandbox_url,
            "PROPEXO_CONTRACT": "unified",
            "PROPEXO_CHARGE_POSTING_ENABLED": "true",
            "POSTING_SETTLE_SECONDS": "5",
            "POSTING_LOOK_GAP_SECONDS": "1",
            "POSTING_LEASE_SECONDS": "30",
        }


@contextmanager
def running_installation(
    installation: Installation, *, say: Callable[[str], None]
) -> Iterator[Supervisor]:
    """Set an installation up and run it for the length of the block.

    Errors: CannotStart.
    Effects: fills the folder; no process is left behind.
    """
    environment = installation.environment()
    if installation.database_url:
        # A shared database needs a key that is set; this one guards nothing but the block.
        environment["SECRET_KEY"] = "only-for-one-throw-away-installation"  # noqa: S105
    _prepare(environment, installation.password)
    supervisor = Supervisor(_servers(installation, environment), say=say)
    try:
        supervisor.start()
        logs = installation.folder
        _await(f"{installation.sandbox_url}/_sandbox/health", logs / "sandbox.log")
        _await(f"{installation.base_url}/accounts/login/", logs / "web.log")
        yield supervisor
    finally:
        supervisor.stop()


def _servers(installation: Installation, environment: Mapping[str, str]) -> list[Server]:
    folder = installation.folder
    options = ["--port", str(installation.sandbox_port), "--data", str(folder / "sandbox")]
    sandbox = Server(
        "sandbox", [*_manage("sandbox"), *options], environment, folder / "sandbox.log"
    )
    application = application_servers(
        host=HOST, port=installation.port, environment=environment, logs=folder
    )
    return [sandbox, *application]


def _manage(command: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), command]


def _prepare(environment: Mapping[str, str], password: str) -> None:
    steps = {
        "migrate": ["--verbosity=0"],
        "collectstatic": ["--no-input", "--verbosity=0"],
        "demo_people": [f"--password={password}"],
        "load_utilities": [f"--dir={UTILITIES}", "--verbosity=0"],
        "declare_schedules": [],
    }
    for command, options in steps.items():
        done = subprocess.run(
            [*_manage(command), *options],
            env=dict(environment),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise CannotStart(f"`manage.py {command}` failed:\n{done.stderr[-2000:]}")


def _await(url: str, log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        try:
            if requests.get(url, timeout=5).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.1)
    words = log.read_text(errors="replace")[-1000:] if log.exists() else ""
    raise CannotStart(f"{url} did not answer within {_START_SECONDS} seconds.\n{words}")
