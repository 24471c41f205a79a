"""A worker as a process of its own, which can be struck dead or frozen at a chosen point.

Run as `python -m billing.posting.tests.worker`, with `prepare`, `drain [act point which]`, `rest`
or `work seconds`; `without=lock` or `without=budget` before that takes a guard of the engine away.
The product's code is unchanged: the point is found by wrapping the function that stands there.
"""

from __future__ import annotations

import math
import os
import pkgutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any
from unittest import mock

import django

SECONDS_TO_REST = 25.0

Act = Callable[[], None]
Anything = Callable[..., Any]  # Any: stands for whichever function of the product is wrapped


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def freeze() -> None:
    """Stand still until somebody sends SIGCONT."""
    os.kill(os.getpid(), signal.SIGSTOP)


def before(original: Anything, act: Act, which: int) -> Anything:
    """Act just before the call of that number."""
    calls = iter(range(1, sys.maxsize))

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == which:
            act()
        return original(*args, **kwargs)

    return wrapped


def after(original: Anything, act: Act, which: int) -> Anything:
    """Act just after the call of that number."""
    calls = iter(range(1, sys.maxsize))

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if next(calls) == which:
            act()
        return result

    return wrapped


# Where it happens, by name: the function that stands there, and on which side of it.
POINTS: dict[str, tuple[str, Callable[[Anything, Act, int], Anything]]] = {
    "in_the_claim": ("billing.posting.claim.move", after),
    "after_the_intent": ("billing.posting.drain.send", before),
    "after_connecting": ("integrations.pms.deadline._HttpConnection.connect", after),
    "after_the_bytes": ("urllib3.connection.HTTPConnection.getresponse", before),
    "before_storing": ("billing.posting.drain.store_outcome", before),
    "in_the_store": ("billing.posting.store.move", after),
    "after_storing": ("billing.posting.drain.store_outcome", after),
}


def _without_lock() -> None:
    mock.patch("billing.posting.claim.hold", nullcontext).start()
    mock.patch("billing.posting.sweep.hold", nullcontext).start()


def _without_budget() -> None:
    mock.patch("billing.posting.send.PRE_SEND_SECONDS", math.inf).start()


TAKE_AWAY = {"lock": _without_lock, "budget": _without_budget}


def main(command: str, *arguments: str) -> None:
    """Do what the command line says."""
    django.setup()
    while command.startswith("without="):
        TAKE_AWAY[command.removeprefix("without=")]()
        command, *rest = arguments
        arguments = tuple(rest)
    match command, arguments:
        case "prepare", ():
            prepare()
        case "drain", ():
            drain_all()
        case "drain", (act, point, which):
            _arrange({"die": die, "freeze": freeze}[act], point, int(which))
            drain_all()
        case "rest", ():
            if not work(seconds=SECONDS_TO_REST):
                sys.exit("the postings do not come to rest")
        case "work", (seconds,):
            work(seconds=float(seconds))
        case _:
            sys.exit(f"no such command: {command} {' '.join(arguments)}")


def _arrange(act: Act, point: str, which: int) -> None:
    place, side = POINTS[point]
    mock.patch(place, side(pkgutil.resolve_name(place), act, which)).start()


def drain_all() -> None:
    """Send what is due over every connection."""
    from billing.tasks import drain_connection
    from integrations.models import Connection

    # How long a charge waits between two tries is tested elsewhere.
    mock.patch("billing.posting.store.next_gap", return_value=timedelta(0)).start()
    for connection_id in Connection.objects.values_list("pk", flat=True):
        drain_connection(connection_id)


def work(*, seconds: float) -> bool:
    """Work and sweep for so long, or until nothing moves by itself any more; tell which it was."""
    from billing.models import Posting
    from billing.posting.states import AT_REST
    from billing.tasks import sweep_postings

    until = time.monotonic() + seconds
    while Posting.objects.exclude(state__in=AT_REST).exists():
        if time.monotonic() > until:
            return False
        drain_all()
        sweep_postings()
        # What is left waits for a time of its own, or for another worker.
        time.sleep(0.05)
    return True


def prepare() -> None:
    """Bring a new database to the point where a job of 45 charges waits for its workers."""
    from django.utils import timezone

    from billing.bench import stage
    from meterbase.lib.money import Cents

    stage.make_tables()
    now = timezone.now()
    stage.make_place(now=now)
    stage.order_charges(account="round 0", amount=Cents(566_161), now=now)


if __name__ == "__main__":
    main(*sys.argv[1:])
