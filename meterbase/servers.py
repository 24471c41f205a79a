"""The servers that make up a running MeterBase."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from integrations.clusters import POSTING
from meterbase.supervisor import Server

# django-q2 reads here which queue a cluster works on; unset, it is the general one.
_QUEUE = "Q_CLUSTER_NAME"


def application_servers(
    *, host: str, port: int, environment: Mapping[str, str], logs: Path | None = None
) -> list[Server]:
    """List the web server, the two background clusters and the sweeper.

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
    general = {name: value for name, value in environment.items() if name != _QUEUE}
    posting = {**general, _QUEUE: POSTING}
    return [
        Server(name, command, surroundings, logs / f"{name}.log" if logs else None)
        for name, command, surroundings in (
            ("web", web, general),
            ("worker", [python, manage, "qcluster"], general),
            ("posting", [python, manage, "qcluster"], posting),
            ("sweeper", [python, manage, "posting_sweeper"], general),
        )
    ]
