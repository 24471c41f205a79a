"""Whatever happens in whatever order: no charge twice, none lost, and the tables tell the truth."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any, cast
from unittest import mock

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from billing.models import Posting, PostingJob, PostingState
from billing.operations.calculations import WrongState
from billing.operations.failures import link_posting, retry_posting
from billing.operations.job_control import pause_job, resume_job, stop_job
from billing.operations.resends import ask_to_send_again, send_again
from billing.operations.reversals import (
    CannotReverse,
    ReversalOrder,
    approve_reversal,
    request_reversal,
)
from billing.posting.drain import drain
from billing.posting.states import AT_REST
from billing.posting.sweep import sweep
from billing.posting.tests.fake_pms import FakePms, Fate, SenderDied
from billing.posting.tests.state_truths import assert_the_tables_tell_the_truth
from billing.posting.tests.worker import after, before
from billing.tests.small_place import gateway_to_nowhere
from conftest import NOW, Clock
from integrations.models import Connection, ConnectionStatus, PropertyLink
from integrations.pms import errors
from integrations.pms.gateway import PmsGateway

pytestmark = pytest.mark.django_db

CHARGE_DATE = date(2026, 4, 3)
LONGER_THAN_ANY_WAIT = timedelta(minutes=16)
# The transactions of the engine; a process may die right before each one commits or right after.
COMMITS = {
    "the claim": "billing.posting.drain.claim_next",
    "the intent": "billing.posting.claim.move",
    "the outcome": "billing.posting.store.move",
    "the answer": "billing.posting.drain.store_outcome",
    "a look at the ledger": "billing.posting.reconcile.move",
    "a look at a job": "billing.posting.follow.move",
    "a lost sender": "billing.posting.sweep.move",
}


# Any: it wraps whichever function stands there.
Side = Callable[[Any, Callable[[], None], int], Any]


def die() -> None:
    """End the process, as far as the test's goes."""
    raise SenderDied


class Engine(RuleBasedStateMachine):
    """The posting engine against a PMS that does anything; each run is rolled back."""

    job: PostingJob

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(NOW)
        self.pms = FakePms(self.clock)
        self.transaction = transaction.atomic()
        self.transaction.__enter__()

    def postings(self) -> list[Posting]:
        """Read the postings of the job and of what reverses it."""
        return list(Posting.objects.prefetch_related("attempts", "events"))

    def drain(self) -> None:
        """Let a worker send what is due."""
        gateway = cast("PmsGateway", self.pms)
        drain(connection_id=self.job.connection_id, gateway=gateway, clock=self.clock)

    def sweep(self) -> None:
        """Let a sweeper pass once."""
        sweep(gateway_for=lambda _connection: cast("PmsGateway", self.pms), clock=self.clock)

    def connect(self) -> None:
        """Renew the login of the connection."""
        Connection.objects.update(status=ConnectionStatus.ACTIVE)

    @rule(fates=st.lists(st.sampled_from(Fate), max_size=6))
    def work(self, fates: list[Fate]) -> None:
        """Send what is due, until nothing is or the worker dies."""
        self.pms.script.clear()
        self.pms.script.extend(fates)
        with suppress(SenderDied):
            self.drain()

    @rule(ledger_error=st.sampled_from([None, errors.Unavailable("Propexo is down.")]))
    def look(self, ledger_error: errors.PmsError | None) -> None:
        """Sweep once, with a ledger that can be read or not."""
        self.pms.ledger_error = ledger_error
        self.sweep()

    @rule(seconds=st.sampled_from([1, 31, 61, 121, 1_000]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.clock.advance(seconds=seconds)

    @rule(cycles=st.integers(2, 4), seconds=st.sampled_from([11, 31, 61]))
    def run_on(self, cycles: int, seconds: int) -> None:
        """Let the sweeper and a worker do their rounds for a while, with no more mishaps."""
        self.pms.ledger_error = None
        self.pms.script.clear()
        for _ in range(cycles):
            self.clock.advance(seconds=seconds)
            self.sweep()
            self.drain()

    @rule()
    def renew(self) -> None:
        """Renew the login."""
        self.connect()

    @rule(
        place=st.sampled_from(sorted(COMMITS.values())),
        side=st.sampled_from([before, after]),
        which=st.integers(1, 3),
        fates=st.lists(st.sampled_from(Fate), max_size=3),
    )
    def die(self, place: str, side: Side, which: int, fates: list[Fate]) -> None:
        """Kill a process at one of its commits, while it sends and sweeps."""
        self.pms.script.clear()
        self.pms.script.extend(fates)
        original = pkgutil.resolve_name(place)
        with mock.patch(place, side(original, die, which)), suppress(SenderDied):
            self.sweep()
            self.drain()

    @rule(fates=st.lists(st.sampled_from(Fate), max_size=4), minutes=st.sampled_from([0, 2, 4]))
    def work_beside_a_slow_one(self, fates: list[Fate], minutes: int) -> None:
        """Let others sweep and send while a worker stands still in the middle of its call."""

        def meanwhile() -> None:
            self.clock.advance(minutes=minutes)
            self.sweep()
            self.drain()

        self.pms.script.clear()
        self.pms.script.extend(fates)
        self.pms.meanwhile.append(meanwhile)
        with suppress(SenderDied):
            self.drain()
        self.pms.meanwhile.clear()

    @rule(seconds=st.sampled_from([1, 61, 600]))
    def set_the_clock_back(self, seconds: int) -> None:
        """Let somebody set the clock of the machine back."""
        self.clock.advance(seconds=-seconds)

    @rule(act=st.sampled_from([pause_job, resume_job, stop_job]))
    def control(self, act: Callable[..., object]) -> None:
        """Have a person pause, resume or stop the job."""
        with suppress(WrongState):
            act(job=self.job, by=self.job.created_by, now=self.clock())

    @rule()
    def decide(self) -> None:
        """Have two persons look a charge up in the PMS and say what they found."""
        doubtful = Posting.objects.filter(state=PostingState.REVIEW).first()
        charge_id = doubtful and self.pms.charge_id_of(doubtful.reference)
        if doubtful is None or charge_id is None:
            return
        first, second, now = self.job.created_by, self.job.calculation.prepared_by, self.clock()
        with suppress(WrongState):
            if charge_id:
                link_posting(
                    posting=doubtful, charge_id=charge_id, note="It is there.", by=first, now=now
                )
            else:
                ask_to_send_again(posting=doubtful, reason="It is not.", by=first, now=now)
                send_again(posting=doubtful, by=second, now=now)

    @rule()
    def reverse(self) -> None:
        """Have two persons take the first posted charge back."""
        posted = self.job.postings.filter(state=PostingState.POSTED, reversed_at=None).first()
        if posted is None:
            return
        first, second = self.job.created_by, self.job.calculation.prepared_by
        order = ReversalOrder(reason="The meter was read wrongly.", charge_date=CHARGE_DATE)
        with suppress(CannotReverse):
            asked = request_reversal(
                job=self.job,
                postings={posted.pk},
                order=order,
                gateway=gateway_to_nowhere(),
                by=first,
                now=self.clock(),
            )
            approve_reversal(
                reversal=asked, gateway=gateway_to_nowhere(), by=second, now=self.clock()
            )

    @rule()
    def retry(self) -> None:
        """Have a person sync, and send the first failed charge again."""
        PropertyLink.objects.update(last_synced_at=self.clock())
        failed = self.job.postings.filter(state=PostingState.REJECTED).first()
        if failed is not None:
            retry_posting(posting=failed, by=self.job.created_by, now=self.clock())

    @invariant()
    def the_tables_tell_the_truth(self) -> None:
        assert_the_tables_tell_the_truth(self.postings(), self.pms.amounts())

    def teardown(self) -> None:
        """Bring everything to rest, and see that nothing is lost."""
        try:
            with suppress(WrongState):
                resume_job(job=self.job, by=self.job.created_by, now=self.clock())
            self.pms.script.clear()
            self.pms.ledger_error = None
            for _ in range(120):
                self.clock.time += LONGER_THAN_ANY_WAIT
                self.connect()
                self.sweep()
                self.drain()
                if {posting.state for posting in self.postings()} <= AT_REST:
                    break
            else:
                pytest.fail("the charges do not come to rest")
            self.the_tables_tell_the_truth()
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)


def test_no_order_of_events_doubles_or_loses_a_charge(short_job):
    run_state_machine_as_test(
        type("EngineOfThisJob", (Engine,), {"job": short_job}),
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
