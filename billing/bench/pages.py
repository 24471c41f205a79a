"""How fast pages open in a large portfolio, beside a small one and beside pages of constants.

The two portfolios are in processes of their own, on databases that are made beside the
installation's own and thrown away afterwards.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from billing.bench.databases import created_database, environ_of
from billing.bench.pages_child import PAGES
from integrations.bench.programs import started_program

UNITS = 100_000
FEWER_UNITS = 1_000
ROUNDS = 7
# How often a page is opened in a round: enough that one in twenty can be told.
_OPENINGS = 20
_CHILD = "billing.bench.pages_child"
_MILLISECONDS = 1_000


@dataclass(frozen=True, slots=True)
class PageFigures:
    """What was found of one page.

    Shape: `growth` is what the large portfolio's page takes beside the small one's, and
        `ratio_to_constant` what it takes beside a page of the same size that prints constants;
        both are the medians of all rounds, of times that all but one in twenty stay below.
    Units: milliseconds, of the large portfolio.
    """

    name: str
    growth: float
    ratio_to_constant: float
    p95_ms: float
    constant_p95_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run of the measurement found."""

    units: int
    fewer_units: int
    pages: tuple[PageFigures, ...]


@dataclass(frozen=True, slots=True)
class _Round:
    large: float
    small: float
    constant: float


@dataclass(frozen=True, slots=True)
class _Portfolio:
    process: subprocess.Popen[str]

    def ask(self, order: str) -> list[float]:
        """Give an order and wait for what it comes to."""
        orders, answers = self.process.stdin, self.process.stdout
        if orders is None or answers is None:
            raise RuntimeError("The process was started without pipes.")
        orders.write(order + "\n")
        orders.flush()
        line = answers.readline()
        if not line:
            raise RuntimeError("A process that was measured failed; its last words are above.")
        found: list[float] = json.loads(line)
        return found

    def p95(self, order: str) -> float:
        """Tell what all but one opening in twenty take."""
        return quantiles(self.ask(f"{order} {_OPENINGS}"), n=20, method="inclusive")[-1]


def measure(
    *, units: int = UNITS, fewer_units: int = FEWER_UNITS, rounds: int = ROUNDS
) -> Measured:
    """Open the pages of two portfolios in turn.

    Effects: processes, a temporary folder, and databases on PostgreSQL, for the time it takes.
    """
    with TemporaryDirectory() as name, ExitStack() as stack:
        large, small = (
            stack.enter_context(_portfolio(Path(name) / str(size), size))
            for size in (units, fewer_units)
        )
        pages = tuple(_measure_page(page, large, small, rounds=rounds) for page in PAGES)
    return Measured(units=units, fewer_units=fewer_units, pages=pages)


def _measure_page(page: str, large: _Portfolio, small: _Portfolio, *, rounds: int) -> PageFigures:
    # The first round warms up.
    measured = [_measure_round(page, large, small) for _ in range(rounds + 1)][1:]
    return PageFigures(
        name=page,
        growth=round(median(each.large / each.small for each in measured), 3),
        ratio_to_constant=round(median(each.large / each.constant for each in measured), 3),
        p95_ms=round(median(each.large for each in measured) * _MILLISECONDS, 2),
        constant_p95_ms=round(median(each.constant for each in measured) * _MILLISECONDS, 2),
    )


def _measure_round(page: str, large: _Portfolio, small: _Portfolio) -> _Round:
    return _Round(
        large=large.p95(f"time {page}"),
        small=small.p95(f"time {page}"),
        constant=large.p95(f"constants {page}"),
    )


@contextmanager
def _portfolio(folder: Path, units: int) -> Iterator[_Portfolio]:
    """Run a process that has a portfolio of so many units."""
    folder.mkdir()
    with created_database(folder) as database:
        environment = environ_of(
            name=database, state_dir=folder, base_url="http://127.0.0.1:9", api_key="px_test_none"
        )
        # While debugging, every query is written down.
        environment["DEBUG"] = "false"
        command: Sequence[str] = (sys.executable, "-m", _CHILD)
        with started_program(
            command, environment, subprocess.PIPE, orders=subprocess.PIPE
        ) as process:
            portfolio = _Portfolio(process)
            portfolio.ask(f"prepare {units}")
            yield portfolio
