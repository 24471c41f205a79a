"""How fast charges are posted, beside a plain loop that only POSTs and saves.

The sandbox, the workers and the loop are processes of their own, on databases that are made beside
the installation's own and thrown away afterwards.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import requests

from billing.bench.databases import created_database, environ_of
from billing.bench.posting_child import Done
from integrations.bench.programs import MINUTE, Sandbox, started_program, started_sandbox

CHARGES = 1000
ROUNDS = 9
MINUTES = 2
LIMIT = 150
DELAY_SECONDS = 0.1
WORKERS = 4

_NO_LIMIT = 1_000_000_000
# So many requests are never made.
_ALL = 100_000
_LARGER = 10
# About as many units are let.
_LET_PERCENT = 94
_CHILD = "billing.bench.posting_child"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run of the measurement found.

    Shape: `ratio_to_unsafe_loop` is the median over rounds whose two parts ran one after the
        other, in changing order, each with one process; like the engine, the loop opens a
        connection for each POST. The one of `ratio_to_kept_open_loop` does not.
        `speedup_4_workers` was measured at a delay of 0.1 s in the sandbox. `cost_growth` is the
        time per charge where ten times as many were due in one job, divided by the time per charge
        where `charges` were. `limit_used` is the part of the allowed requests that 4 workers made
        in whole minutes, None when it was not measured; `throttled` counts the requests that were
        refused in that time.
    Units: charges per second.
    """

    charges: int
    ratio_to_unsafe_loop: float
    engine_per_s: float
    unsafe_loop_per_s: float
    ratio_to_kept_open_loop: float
    speedup_4_workers: float
    one_worker_per_s: float
    four_workers_per_s: float
    cost_growth: float
    many_per_s: float
    few_per_s: float
    limit_used: float | None
    throttled: int | None


def measure(*, charges: int = CHARGES, rounds: int = ROUNDS, minutes: int = MINUTES) -> Measured:
    """Post charges to a sandbox, in all the ways that are compared.

    Shape: `minutes` is how long the use of the rate limit is watched; 0 leaves it out.
    Effects: processes, a temporary folder, and databases on PostgreSQL, for the time it takes.
    """
    units = str(charges * 100 // _LET_PERCENT + 1)
    sizes = ("--properties", "1", "--units", units, "--contract", "unified")
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        few, many = folder / "few", folder / "many"
        few.mkdir()
        many.mkdir()
        free = ("--rate-limit", str(_NO_LIMIT))
        with started_sandbox(folder / "fast", *sizes, *free) as sandbox:
            place = stack.enter_context(_prepared(few, sandbox, bills=1))
            beside = _beside(place, sandbox, "loop", rounds=rounds)
            kept_open = _beside(place, sandbox, "kept_open_loop", rounds=rounds)
            together = _together(place, sandbox, rounds=max(1, rounds // 3))
            copy = _prepared(many, sandbox, bills=_LARGER - 1, template=place)
            grown = _grown(place, stack.enter_context(copy), sandbox)
        used: tuple[float | None, int | None] = (None, None)
        if minutes:
            limited = (*sizes, "--rate-limit", str(LIMIT), "--verbose")
            with started_sandbox(folder / "limited", *limited) as sandbox:
                used = _watch_limit(place, sandbox, minutes=minutes)
    return Measured(
        charges=place.count,
        ratio_to_unsafe_loop=beside.ratio,
        engine_per_s=beside.first,
        unsafe_loop_per_s=beside.second,
        ratio_to_kept_open_loop=kept_open.ratio,
        speedup_4_workers=together.ratio,
        one_worker_per_s=together.second,
        four_workers_per_s=together.first,
        # What takes less time per charge makes more charges in its time.
        cost_growth=round(1 / grown.ratio, 3),
        many_per_s=grown.first,
        few_per_s=grown.second,
        limit_used=used[0],
        throttled=used[1],
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """A database with charges that are due, and the folder of those who work on it."""

    database: str
    folder: Path
    count: int


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two rates that were measured in turn, and how the first one compares with the second."""

    first: float
    second: float
    ratio: float


class _Worker:
    """A process that follows orders."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        if process.stdin is None or process.stdout is None:
            raise ValueError("The process cannot be talked to.")
        self._orders, self._answers = process.stdin, process.stdout

    def begin(self, order: str, number: float) -> None:
        """Give an order and do not wait."""
        self._orders.write(f"{order} {number}\n")
        self._orders.flush()

    def end(self) -> Done:
        """Wait until the order is done."""
        line = self._answers.readline()
        if not line:
            raise RuntimeError("A process that was measured failed; its last words are above.")
        return Done(**json.loads(line))

    def do(self, order: str, number: float = 0) -> Done:
        """Give an order and wait until it is done."""
        self.begin(order, number)
        return self.end()


@contextmanager
def _worker(folder: Path, database: str, sandbox: Sandbox) -> Iterator[_Worker]:
    environment = environ_of(
        name=database, state_dir=folder, base_url=sandbox.url, api_key=sandbox.key
    )
    command = (sys.executable, "-m", _CHILD)
    with started_program(command, environment, subprocess.PIPE, orders=subprocess.PIPE) as process:
        yield _Worker(process)


@contextmanager
def _prepared(
    folder: Path, sandbox: Sandbox, *, bills: int, template: _Place | None = None
) -> Iterator[_Place]:
    """Make a database with the charges of so many bills, more than a template has."""
    with created_database(folder, template=template.database if template else None) as name:
        with _worker(folder, name, sandbox) as worker:
            if template is not None:
                worker.do("reset")
            count = worker.do("prepare", bills).count
        yield _Place(name, folder, count)


def _workers(place: _Place, sandbox: Sandbox, stack: ExitStack, count: int) -> list[_Worker]:
    return [
        stack.enter_context(_worker(place.folder, place.database, sandbox)) for _ in range(count)
    ]


def _beside(place: _Place, sandbox: Sandbox, loop: str, *, rounds: int) -> _Pair:
    """Let one worker and a plain loop take turns."""
    with ExitStack() as stack:
        engine, plain = _workers(place, sandbox, stack, 2)
        return _in_turn(
            engine,
            lambda: _rate([engine], "engine", seconds=0.5),
            lambda: _rate([plain], loop, seconds=0.5),
            rounds=rounds,
        )


def _together(place: _Place, sandbox: Sandbox, *, rounds: int) -> _Pair:
    """Let four workers and one take turns, with an upstream that takes its time."""
    fault = {"method": "POST", "path": "/v1/charges", "kind": "delay", "seconds": DELAY_SECONDS}
    faults = f"{sandbox.url}/_sandbox/faults"
    requests.post(faults, json=fault | {"count": _ALL}, timeout=10).raise_for_status()
    with ExitStack() as stack:
        workers = _workers(place, sandbox, stack, WORKERS)
        pair = _in_turn(
            workers[0],
            lambda: _rate(workers, "engine", seconds=3),
            lambda: _rate(workers[:1], "engine", seconds=3),
            rounds=rounds,
        )
    requests.delete(faults, timeout=10).raise_for_status()
    return pair


def _in_turn(
    worker: _Worker, first: Callable[[], float], second: Callable[[], float], *, rounds: int
) -> _Pair:
    """Measure two rates again and again, each as often before the other as after it."""
    measured: list[tuple[float, float]] = []

    def fresh(measure_rate: Callable[[], float]) -> float:
        worker.do("reset")
        return measure_rate()

    # The first round warms up.
    for number in range(rounds + 1):
        if number % 2:
            rate = fresh(first)
            measured.append((rate, fresh(second)))
        else:
            rate = fresh(second)
            measured.append((fresh(first), rate))
    del measured[0]
    return _Pair(
        first=round(median(rate for rate, _ in measured), 1),
        second=round(median(rate for _, rate in measured), 1),
        ratio=round(median(one / other for one, other in measured), 3),
    )


def _rate(workers: Sequence[_Worker], order: str, *, seconds: float) -> float:
    for worker in workers:
        worker.begin(order, seconds)
    done = [worker.end() for worker in workers]
    return sum(one.count for one in done) / max(one.seconds for one in done)


def _grown(few: _Place, many: _Place, sandbox: Sandbox) -> _Pair:
    """Let a worker with many charges and one with few take turns until the many are posted."""
    seconds = {"few": 0.0, "many": 0.0}
    counts = {"few": 0, "many": 0}
    with ExitStack() as stack:
        (few_worker,) = _workers(few, sandbox, stack, 1)
        (many_worker,) = _workers(many, sandbox, stack, 1)
        left = 0
        while counts["many"] < many.count:
            if left <= 0:
                left = few_worker.do("reset").count
            for name, worker in (("few", few_worker), ("many", many_worker)):
                done = worker.do("engine", 0.5)
                if not done.count:
                    raise RuntimeError("Charges that are due were not sent.")
                seconds[name] += done.seconds
                counts[name] += done.count
                left -= done.count if name == "few" else 0
    rates = {name: counts[name] / seconds[name] for name in seconds}
    return _Pair(
        first=round(rates["many"], 1),
        second=round(rates["few"], 1),
        ratio=rates["many"] / rates["few"],
    )


def _watch_limit(place: _Place, sandbox: Sandbox, *, minutes: int) -> tuple[float, int]:
    """Let four workers post under a limit, and count what the sandbox answered."""
    with ExitStack() as stack:
        workers = _workers(place, sandbox, stack, WORKERS)
        workers[0].do("reset")
        for worker in workers:
            worker.begin("engine", (minutes + 1) * MINUTE + 2)
        first = sandbox.first_whole_minute([worker.process for worker in workers])
        # The limit counts whole minutes of the clock, so what is measured is minutes that pass.
        time.sleep(max(0, first + minutes * MINUTE + 1 - time.time()))
        taken, refused = sandbox.count_answers(first=first, minutes=minutes)
    return round(taken / (LIMIT * minutes), 3), refused
