"""How fast webhooks are received, beside a view that does one INSERT in the same server."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from django.conf import settings

from integrations.bench.programs import started_web_server
from integrations.pms.signatures import UNIFIED_HEADER, V1_HEADER, sign

REQUESTS = 600
ROUNDS = 7

_CLIENTS = 4
_WARM_UP = 40
_SERVER = "integrations.bench.webhook_server"
_CONNECTION = "conn_bench"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run of the measurement found.

    Shape: the medians of all rounds; the ratio is the median of the ratios of each round, whose
        two parts ran one after the other. `refused` counts answers other than 200.
    Units: requests per second.
    """

    requests: int
    received_per_s: float
    inserted_per_s: float
    ratio_to_insert_view: float
    refused: int


@dataclass(frozen=True, slots=True)
class _Delivery:
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Rate:
    per_second: float
    refused: int


def measure(*, requests: int = REQUESTS, rounds: int = ROUNDS) -> Measured:
    """Send signed events of both contracts to a server of its own, as production runs it.

    Effects: a web server on a free port and a database in a temporary folder, for a while.
    """
    secret = f"whsec_{secrets.token_hex(16)}"
    numbers = count()
    with TemporaryDirectory() as folder, _server(Path(folder), secret=secret) as port:

        def run(path: str, how_many: int) -> _Rate:
            deliveries = [_make(next(numbers), secret=secret) for _ in range(how_many)]
            return _send_all(deliveries, port=port, path=path)

        run("/insert", _WARM_UP)
        run("/webhook", _WARM_UP)
        pairs = [(run("/webhook", requests), run("/insert", requests)) for _ in range(rounds)]
    return Measured(
        requests=requests * rounds,
        received_per_s=round(median(received.per_second for received, _ in pairs), 1),
        inserted_per_s=round(median(inserted.per_second for _, inserted in pairs), 1),
        ratio_to_insert_view=round(
            median(received.per_second / inserted.per_second for received, inserted in pairs), 3
        ),
        refused=sum(received.refused + inserted.refused for received, inserted in pairs),
    )


def _make(number: int, *, secret: str) -> _Delivery:
    """Make an event that was never sent before: a half of the unified contract, a half of v1."""
    data: dict[str, object] = {"object": "units", "record_id": f"unit_{number}"}
    named: dict[str, object] = {"integration_id": _CONNECTION, "vendor": "YARDI"}
    header, body = V1_HEADER, named | {"event": "SYNC_COMPLETE", "successful_job_count": number}
    if number % 4 == 0:
        data |= {**named, "job_id": f"job_{number}", "diff": {"new": {"square_feet": number}}}
        body = {"trigger": "DATA_UPDATE", "data": data, "meta": named}
    elif number % 4 != 1:
        data = {"object": "unit", "id": f"unit_{number}", "property_id": "prop_001"}
        body = {"id": f"evt_{number}", "event": "data.update", "connection_id": _CONNECTION}
        header, body = UNIFIED_HEADER, body | {"data": data}
    raw = json.dumps(body).encode()
    headers = {header: sign(raw, secret=secret), "Content-Type": "application/json"}
    return _Delivery(raw, headers)


def _send_all(deliveries: Sequence[_Delivery], *, port: int, path: str) -> _Rate:
    """Send deliveries over a few connections that stay open, and time them together."""
    shares = [deliveries[first::_CLIENTS] for first in range(_CLIENTS)]
    with ThreadPoolExecutor(_CLIENTS) as clients:
        start = time.perf_counter()
        refused = sum(clients.map(lambda share: _send(share, port=port, path=path), shares))
        seconds = time.perf_counter() - start
    return _Rate(len(deliveries) / seconds, refused)


def _send(deliveries: Sequence[_Delivery], *, port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    refused = 0
    for delivery in deliveries:
        connection.request("POST", path, body=delivery.body, headers=dict(delivery.headers))
        answer = connection.getresponse()
        answer.read()
        refused += answer.status != 200
    connection.close()
    return refused


@contextmanager
def _server(folder: Path, *, secret: str) -> Iterator[int]:
    """Run the web server as in production, on a fresh database."""
    environment = os.environ | {
        "METERBASE_ENV_FILE": "",
        "STATE_DIR": str(folder),
        "DATABASE_URL": "",
        "DEBUG": "false",
        "HTTPS_ONLY": "false",
        "ALLOWED_HOSTS": "127.0.0.1",
        "LOG_LEVEL": "ERROR",
        "PROPEXO_WEBHOOK_SECRET": secret,
    }
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    _run([*manage, "migrate", "--run-syncdb", "--verbosity=0"], environment)
    seed = f"from {_SERVER} import store_connection; store_connection()"
    _run([*manage, "shell", "--no-imports", "-c", seed], environment)
    with started_web_server(f"{_SERVER}:application", environment) as port:
        yield port


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    subprocess.run(
        command, env=environment, cwd=settings.BASE_DIR, check=True, stdout=subprocess.DEVNULL
    )
