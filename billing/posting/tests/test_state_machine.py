"""Whatever happens in whatever order: no charge twice, none lost, and the tables tell the truth."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import cast

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
from billing.operations.failures import retry_posting
from billing.posting.drain import drain
from billing.posting.states import AT_REST, LEGAL
from billing.posting.sweep import sweep
from billing.posting.tests.fake_pms import FakePms, Fate, SenderDied
from conftest import NOW, Clock
from integrations.models import Connection, ConnectionStatus, PropertyLink
from integrations.pms import errors
from integrations.pms.gateway import PmsGateway
from meterbase.lib.money import cents_from_dollars

pytestmark = pytest.mark.django_db

LONGER_THAN_ANY_WAIT = timedelta(minutes=16)
OPEN = {PostingState.SENDING, PostingState.ACCEPTED, PostingState.UNKNOWN}
NEVER_CHARGED = frozenset({PostingState.PENDING, PostingState.REJECTED})


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
        """Read the job's postings."""
        return list(self.job.postings.prefetch_related("attempts", "events"))

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

    @rule()
    def retry(self) -> None:
        """Have a person sync, and send the first failed charge again."""
        PropertyLink.objects.update(last_synced_at=self.clock())
        failed = self.job.postings.filter(state=PostingState.REJECTED).first()
        if failed is not None:
            retry_posting(posting=failed, by=self.job.created_by, now=self.clock())

    @invariant()
    def the_tables_tell_the_truth(self) -> None:
        there = self.pms.amounts()
        assert all(len(amounts) == 1 for amounts in there.values()), "charged twice"
        for posting in self.postings():
            assert_it_tells_what_is_in_the_pms(posting, there.get(posting.reference))
            assert_its_attempts_add_up(posting)
            assert_every_move_was_legal(posting)

    def teardown(self) -> None:
        """Bring everything to rest, and see that nothing is lost."""
        try:
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


def assert_it_tells_what_is_in_the_pms(posting: Posting, there: list[Decimal] | None) -> None:
    """Compare a posting with the PMS's ledger."""
    if posting.state == PostingState.POSTED:
        assert there is not None, "lost"
        assert cents_from_dollars(there[0]) == posting.amount_cents
    elif posting.state in NEVER_CHARGED:
        assert there is None, "charged behind MeterBase's back"


def assert_its_attempts_add_up(posting: Posting) -> None:
    """Check that one attempt posted what is posted, and one is open while the outcome is."""
    attempts = list(posting.attempts.all())
    outcomes = Counter(attempt.outcome for attempt in attempts)
    assert [attempt.number for attempt in attempts] == list(range(1, len(attempts) + 1))
    assert outcomes["posted"] == (posting.state == PostingState.POSTED)
    # What a person has to decide may still be open: it is their word that closes it.
    if posting.state != PostingState.REVIEW:
        assert outcomes[""] == (posting.state in OPEN)


def assert_every_move_was_legal(posting: Posting) -> None:
    """Check the path that a posting took."""
    path = [PostingState(event.to_state) for event in posting.events.all()]
    assert path[-1] == posting.state
    assert all(to in LEGAL[was] for was, to in pairwise(path))


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
