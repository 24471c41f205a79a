"""How fast exact shares are, beside the plainest loop with floats."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import process_time

from billing.bench.buildings import make_bill
from billing.bench.float_loop import share_by_float
from billing.rubs import BillInput, allocate

UNITS = 100_000
ROUNDS = 15
_SMALLER = 10


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run of the measurement found.

    Shape: ratios are the medians of those of every round, as its parts ran one after the other.
    Units: seconds of processor time, for one allocation.
    """

    units: int
    seconds: float
    float_loop_seconds: float
    ratio_to_float_loop: float
    growth_10x: float
    cents_lost_by_float_loop: int


@dataclass(frozen=True, slots=True)
class _Round:
    exact: float
    small: float
    by_float: float


def measure(*, units: int = UNITS, rounds: int = ROUNDS) -> Measured:
    """Time the allocation of many units, of a tenth of them, and of a loop with floats.

    Effects: takes processor time, and runs the garbage collector.
    """
    large, small = make_bill(units), make_bill(units // _SMALLER)
    _measure_round(large, small)
    # The bills are here to stay; the collector need not look at them again and again.
    gc.freeze()
    measured = [_measure_round(large, small) for _ in range(rounds)]
    gc.unfreeze()
    return Measured(
        units=units,
        seconds=round(median(run.exact for run in measured), 4),
        float_loop_seconds=round(median(run.by_float for run in measured), 4),
        ratio_to_float_loop=round(median(run.exact / run.by_float for run in measured), 2),
        growth_10x=round(median(run.exact / run.small for run in measured), 2),
        cents_lost_by_float_loop=_cents_lost(large),
    )


def _measure_round(large: BillInput, small: BillInput) -> _Round:
    # Half of the small runs before the large one and half after it, so that a machine that gets
    # slower or faster meanwhile does so for both.
    half = _SMALLER // 2
    before = sum(_time(allocate, small) for _ in range(half))
    exact, by_float = _time(allocate, large), _time(share_by_float, large)
    after = sum(_time(allocate, small) for _ in range(half))
    return _Round(exact=exact, by_float=by_float, small=(before + after) / (2 * half))


def _time(share: Callable[[BillInput], object], bill: BillInput) -> float:
    """Time one call without the collector, as the standard library's timeit does."""
    gc.collect()
    gc.disable()
    try:
        start = process_time()
        result = share(bill)
        seconds = process_time() - start
    finally:
        gc.enable()
    del result
    return seconds


def _cents_lost(bill: BillInput) -> int:
    """Count the cents by which the float loop's amounts miss what was to share."""
    rows = share_by_float(bill)
    shared = sum(round(float(str(row["amount"])) * 100) for row in rows)
    return abs(round(allocate(bill).basis.pool_cents) - shared)
