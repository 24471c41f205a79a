"""What goes wrong: which process dies, and what the PMS does to the next requests."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from random import Random

from billing.posting.tests.chaos.processes import Program, SandboxProgram

CHARGES = "/v1/charges"
_SECONDS_TO_START = 60


class Killer:
    """Kills at random, and counts what it did."""

    def __init__(
        self,
        random: Random,
        *,
        clusters: Sequence[Program],
        sweeper: Program,
        sandbox: SandboxProgram,
        database: str | None,
    ) -> None:
        self.random = random
        self.clusters = clusters
        self.sweeper = sweeper
        self.sandbox = sandbox
        self.database = database
        self.done: Counter[str] = Counter()
        self._frozen: list[tuple[float, int]] = []

    def thaw(self, *, everybody: bool = False) -> None:
        """Let those go on whose time has come."""
        now = time.monotonic()
        for until, pid in list(self._frozen):
            if everybody or until <= now:
                _send(pid, signal.SIGCONT)
                self._frozen.remove((until, pid))

    def strike(self) -> None:
        """Kill something."""
        acts = [
            self._kill_member,
            self._kill_member,
            self._kill_member,
            self._kill_cluster,
            self._kill_all_clusters,
            self._kill_main_alone,
            self._freeze_member,
            self._kill_sweeper,
            self._kill_sandbox,
        ]
        if self.database is not None:
            acts.append(self._restart_database)
        act = self.random.choice(acts)
        act()
        self.done[act.__name__.strip("_").replace("_", " ")] += 1

    def _kill_member(self) -> None:
        """Kill a worker, the monitor, the pusher or the sentinel of a cluster."""
        members = self.random.choice(self.clusters).members()
        if members:
            _send(self.random.choice(members), signal.SIGKILL)

    def _kill_cluster(self) -> None:
        self.random.choice(self.clusters).end()

    def _kill_all_clusters(self) -> None:
        for cluster in self.clusters:
            cluster.end()

    def _kill_main_alone(self) -> None:
        """Leave the children of a cluster without their parent."""
        process = self.random.choice(self.clusters).process
        if process is not None:
            _send(process.pid, signal.SIGKILL)

    def _freeze_member(self) -> None:
        members = self.random.choice(self.clusters).members()
        if members:
            victim = self.random.choice(members)
            _send(victim, signal.SIGSTOP)
            # Longer than a lease, at times; others go on meanwhile.
            self._frozen.append((time.monotonic() + self.random.uniform(0.2, 6.0), victim))

    def _kill_sweeper(self) -> None:
        self.sweeper.end()

    def _kill_sandbox(self) -> None:
        self.sandbox.program.end()
        # This is the trouble: for a moment of random length nobody answers.
        time.sleep(self.random.uniform(0, 0.3))
        self.sandbox.start()

    def _restart_database(self) -> None:
        version, name = str(self.database).split("/")
        control = ("pg_ctlcluster", version, name)
        ended = subprocess.run(
            [*control, "restart", "-m", "immediate"], check=False, timeout=60, capture_output=True
        )
        until = time.monotonic() + _SECONDS_TO_START
        while ended.returncode and time.monotonic() < until:
            # Another program may use its port for a moment.
            time.sleep(0.5)
            ended = subprocess.run(
                [*control, "start"], check=False, timeout=60, capture_output=True
            )
        ended.check_returncode()


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


class Saboteur:
    """Orders faults of the PMS at random, and counts them."""

    def __init__(self, random: Random, sandbox: SandboxProgram) -> None:
        self.random = random
        self.sandbox = sandbox
        self.done: Counter[str] = Counter()

    def order(self) -> None:
        """Order one or two faults for the requests that come next."""
        for _ in range(self.random.randint(1, 2)):
            fault = self._fault()
            with suppress(OSError):
                self.sandbox.ask("POST", "/_sandbox/faults", fault)
                self.done[str(fault["kind"])] += 1

    def clear(self) -> None:
        """Let the PMS be well again."""
        self.sandbox.ask("DELETE", "/_sandbox/faults")

    def _fault(self) -> dict[str, object]:
        orders: list[tuple[str, str, dict[str, object]]] = [
            ("drop_before", "POST", {}),
            ("drop_after", "POST", {}),
            ("drop_after", "GET", {}),
            ("status_500_before", "POST", {}),
            ("status_500_after", "POST", {}),
            ("status_500_before", "GET", {}),
            ("delay", "POST", {"seconds": 1.5}),
            ("malformed_json", "POST", {}),
            ("html_after", "POST", {}),
            ("cut_body", "GET", {}),
            ("too_many_requests", "POST", {"retry_after": 1}),
        ]
        kind, method, more = self.random.choice(orders)
        return {
            "method": method,
            "path": CHARGES,
            "kind": kind,
            "count": self.random.randint(1, 6),
            "probability": round(self.random.uniform(0.2, 0.9), 2),
            "seed": self.random.randrange(2**31),
            **more,
        }

    def expire_login(self, connection_id: str) -> None:
        """Let the PMS's login expire for a moment."""
        order = {"kind": "expired_credentials", "connection_id": connection_id}
        with suppress(OSError):
            self.sandbox.ask("POST", "/_sandbox/faults", order)
            self.done["expired_credentials"] += 1
