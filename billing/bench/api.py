"""How fast the API answers, beside a bare ninja view that gives a constant in the same server.

Keys, scopes and limits are on, as in production. The two are asked by turns, for moments only, so
that whatever else the machine does is the same for both. No key is used for long: one of the
largest plan may make 1,500 calls at once, and a measurement makes more.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

from billing.bench.databases import created_database, environ_of
from integrations.bench.programs import started_web_server

REQUESTS = 100
ROUNDS = 40

_CLIENTS = 4
_KEYS = 24
_SERVER = "billing.bench.api_server"
_CONSTANT = "/bare/constant"


@dataclass(frozen=True, slots=True)
class CallFigures:
    """What was found of one call.

    Shape: the medians of all rounds; the ratio is the median of the ratios of each round, whose
        two parts ran one after the other.
    Units: requests per second.
    """

    name: str
    ratio_to_constant_view: float
    per_s: float
    constant_per_s: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run of the measurement found."""

    requests: int
    calls: tuple[CallFigures, ...]


def measure(*, requests: int = REQUESTS, rounds: int = ROUNDS) -> Measured:
    """Ask a server of its own, as production runs it.

    Effects: a web server on a free port and a database, for the time it takes.
    """
    with TemporaryDirectory() as name, created_database(Path(name)) as database:
        environment = environ_of(
            name=database,
            state_dir=Path(name),
            base_url="http://127.0.0.1:9",
            api_key="px_test_none",
        )
        prepared = _fill(environment, keys=_KEYS)
        with started_web_server(f"{_SERVER}:application", environment) as port:
            secrets, paths = prepared["secrets"], prepared["calls"]
            calls = tuple(
                _measure_call(
                    name,
                    _Asked(path, secrets[first :: len(paths)], port, requests),
                    rounds=rounds,
                )
                for first, (name, path) in enumerate(paths.items())
            )
    return Measured(requests=requests * rounds, calls=calls)


def _fill(environment: Mapping[str, str], *, keys: int) -> Any:
    command = (sys.executable, "-m", _SERVER, str(keys))
    done = subprocess.run(
        command, env=dict(environment), cwd=settings.BASE_DIR, check=True, stdout=subprocess.PIPE
    )
    return json.loads(done.stdout)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of the server, and with which keys."""

    path: str
    secrets: Sequence[str]
    port: int
    requests: int

    def rates(self, turn: int, *, turns: int) -> tuple[float, float]:
        """Tell how many answers a second came, and how many of the constant view."""
        secret = self.secrets[turn * len(self.secrets) // turns]
        paths = (self.path, _CONSTANT)
        # Neither is always the first.
        found = {path: self._rate(path, secret) for path in paths[:: 1 if turn % 2 else -1]}
        return found[self.path], found[_CONSTANT]

    def _rate(self, path: str, secret: str) -> float:
        """Ask over a few connections that stay open."""
        each = self.requests // _CLIENTS
        with ThreadPoolExecutor(_CLIENTS) as clients:
            start = time.perf_counter()
            asking = [
                clients.submit(_ask, path, secret, port=self.port, times=each)
                for _ in range(_CLIENTS)
            ]
            for one in asking:
                one.result()
            return each * _CLIENTS / (time.perf_counter() - start)


def _measure_call(name: str, asked: _Asked, *, rounds: int) -> CallFigures:
    # The first round warms up.
    pairs = [asked.rates(turn, turns=rounds + 1) for turn in range(rounds + 1)][1:]
    return CallFigures(
        name=name,
        ratio_to_constant_view=round(median(call / constant for call, constant in pairs), 3),
        per_s=round(median(call for call, _ in pairs), 1),
        constant_per_s=round(median(constant for _, constant in pairs), 1),
    )


def _ask(path: str, secret: str, *, port: int, times: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(times):
        connection.request("GET", path, headers={"Authorization": f"Bearer {secret}"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} gave {answer.status}.")
    connection.close()
