"""The servers that make up a running MeterBase."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from meterbase.supervisor import Server


def application_servers(
    *, host: str, port: int, environment: Mapping[str, str], logs: Path | None = None
) -> list[Server]:
    """List the web server, the workers and the sweeper.

    Shape: with `logs`, each writes to a file of its own in that folder.
    """
    python = sys.executable
    manage = str(settings.BASE_DIR / "manage.py")
    web = [
        python,
        "-m",
        "gunicorn",
        "meterbase.wsgi:application",
        f"--bind={host}:{port}",
        "--workers=2",
        "--threads=4",
        "--no-control-socket",
        "--access-logfile=-" if logs else "--log-level=warning",
    ]
    commands = {
        "web": web,
        "worker": [python, manage, "qcluster"],
        "sweeper": [python, manage, "posting_sweeper"],
    }
    return [
        Server(
            name=name,
            command=command,
            environment=environment,
            log=logs / f"{name}.log" if logs else None,
        )
        for name, command in commands.items()
    ]
