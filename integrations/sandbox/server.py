"""Run a sandbox: as a process until a signal comes, or in a thread for a test."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integrations.sandbox.closed_periods import close_everywhere
from integrations.sandbox.deliveries import Backoff
from integrations.sandbox.exchange import Sandbox
from integrations.sandbox.faults import FaultBook
from integrations.sandbox.front import API_KEY
from integrations.sandbox.http_server import SandboxServer
from integrations.sandbox.ledger import LedgerEntry, read_ledger
from integrations.sandbox.moments import utc_now
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.outbox import WebhookOutbox
from integrations.sandbox.rate import RateLimiter
from integrations.sandbox.store import Making, Store, StoreUnusable, open_store


class CannotListen(Exception):
    """The address cannot be listened on; the sentence says why."""


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox that answers."""

    base_url: str
    api_key: str
    sandbox: Sandbox

    def ledger(self) -> tuple[LedgerEntry, ...]:
        """Read every charge that was committed, in order."""
        return read_ledger(self.sandbox.store)


def serve(*, options: SandboxOptions) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status.

    Effects: prints one line when it listens, or one sentence when it cannot.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        with _running(options) as running:
            _say(_greeting(options, running))
            stop.wait()
    except (CannotListen, StoreUnusable) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


@contextmanager
def running_sandbox(
    *,
    data_dir: Path,
    seed: int = 1,
    properties: int = 3,
    units: int = 48,
    rate_limit: int = 1_000_000,
    refuse_duplicates: bool = False,
    contract: str = "both",
    pms: Sequence[str] = (),
    refuse_freshness: bool = False,
    job_seconds: float = 0,
    webhook_retry: float | None = None,
    closed_through: str | None = None,
    slow_down: bool = False,
    port: int = 0,
) -> Iterator[RunningSandbox]:
    """Run a sandbox in a thread while the block lasts.

    Shape: the same directory gives the same ledger again; port 0 picks a free one; `pms` are slugs
        of `pms_behaviour`, each with a connection of its own.
    """
    options = SandboxOptions(
        data_dir=data_dir,
        port=port,
        seed=seed,
        properties=properties,
        units=units,
        rate_limit=rate_limit,
        refuse_duplicates=refuse_duplicates,
        contract=contract,
        pms=tuple(pms),
        refuse_freshness=refuse_freshness,
        job_seconds=job_seconds,
        webhook_retry=webhook_retry,
        closed_through=closed_through,
        slow_down=slow_down,
    )
    with _running(options) as running:
        yield running


@contextmanager
def _running(options: SandboxOptions) -> Iterator[RunningSandbox]:
    store = open_store(directory=options.data_dir, making=_making(options), fresh=options.fresh)
    try:
        if options.closed_through:
            close_everywhere(store, month=options.closed_through)
        faults = FaultBook()
        outbox = _outbox(options, store, faults)
        sandbox = _sandbox(options, store, faults, outbox)
        with _listen(options, sandbox) as server:
            # Often, so that stopping does not wait.
            thread = threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="sandbox"
            )
            thread.start()
            outbox.start()
            try:
                yield RunningSandbox(base_url=server.base_url, api_key=API_KEY, sandbox=sandbox)
            finally:
                server.shutdown()
                thread.join()
                server.end_connections()
                outbox.stop()
    finally:
        store.close()


def _listen(options: SandboxOptions, sandbox: Sandbox) -> SandboxServer:
    try:
        return SandboxServer((options.host, options.port), sandbox, verbose=options.verbose)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise CannotListen(
            f"The sandbox cannot listen on {options.host}:{options.port}: {reason}."
        ) from problem


def _outbox(options: SandboxOptions, store: Store, faults: FaultBook) -> WebhookOutbox:
    backoff = Backoff(first=options.webhook_retry)
    return WebhookOutbox(store=store, faults=faults, clock=utc_now, backoff=backoff)


def _sandbox(
    options: SandboxOptions, store: Store, faults: FaultBook, outbox: WebhookOutbox
) -> Sandbox:
    return Sandbox(
        store=store,
        rate=RateLimiter(limit=options.rate_limit, clock=utc_now, slows_down=options.slow_down),
        faults=faults,
        clock=utc_now,
        outbox=outbox,
        contract=options.contract,
        refuse_duplicates=options.refuse_duplicates,
        refuse_freshness=options.refuse_freshness,
        job_seconds=options.job_seconds,
    )


def _making(options: SandboxOptions) -> Making:
    return Making(
        seed=options.seed,
        properties=options.properties,
        units=options.units,
        pms=",".join(options.pms),
    )


def _greeting(options: SandboxOptions, running: RunningSandbox) -> str:
    kept = running.sandbox.store.making()
    line = (
        f"Sandbox listening on {running.base_url} ({kept}), key {running.api_key},"
        f" data in {options.data_dir}"
    )
    if kept == _making(options):
        return line
    return f"Keeping the data that is there, made from {kept}; --fresh starts over.\n{line}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
