"""A call that goes wrong on the wire: what the charge's row says, and that it ends posted once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.models import Posting, PostingJob, PostingState
from billing.posting.drain import drain
from billing.posting.sweep import sweep
from billing.posting.tests.scratch import wait_for
from integrations.pms.propexo_unified import UnifiedGateway
from integrations.pms.transport import Timeouts, Transport
from integrations.sandbox.faults import Fault, FaultKind

pytestmark = pytest.mark.django_db

TIMEOUT_SECONDS = 0.3


@pytest.fixture
def gateway_of_little_patience(sandbox):
    """Open a gateway that gives up soon."""
    timeouts = Timeouts(connect=1, read=TIMEOUT_SECONDS, write_total=TIMEOUT_SECONDS)
    return UnifiedGateway(transport=Transport(sandbox.base_url, sandbox.api_key, timeouts=timeouts))


def first_of(job: PostingJob) -> Posting:
    """Find the charge that was sent first."""
    return job.postings.get(pk=min(job.postings.values_list("pk", flat=True)))


def spoil(sandbox, kind: FaultKind, *, method: str = "POST", count: int = 1, seconds: float = 0):
    """Order a fault for the next calls."""
    sandbox.sandbox.faults.add(Fault(method, "/v1/charges", kind, count=count, seconds=seconds))


def settle(job, gateway, clock) -> None:
    """Let the settling time pass, look as often as it takes, and send what is due again."""
    for _ in range(3):
        clock.advance(minutes=3)
        sweep(gateway_for=lambda _connection: gateway, clock=clock)
    drain(connection_id=job.connection_id, gateway=gateway, clock=clock)


def assert_each_is_there_once(job, sandbox) -> None:
    """Compare the ledger with the postings, by id and to the cent."""
    posted = job.postings.filter(state=PostingState.POSTED)
    ledger = {entry.id: entry.amount * 100 for entry in sandbox.ledger()}
    assert ledger == dict(posted.values_list("remote_charge_id", "amount_cents"))
    assert len(sandbox.ledger()) == 3


LOST = [
    (FaultKind.DROP_BEFORE, False),
    (FaultKind.STATUS_500_BEFORE, False),
    (FaultKind.DROP_AFTER, True),
    (FaultKind.STATUS_500_AFTER, True),
]


@pytest.mark.parametrize(("kind", "taken"), LOST)
def test_a_lost_answer_leaves_the_charge_in_doubt(
    short_job, gateway, sandbox, clock, settings, kind: FaultKind, taken
):
    spoil(sandbox, kind)

    drain(connection_id=short_job.connection_id, gateway=gateway, clock=clock)

    posting = first_of(short_job)
    assert (posting.state, posting.error_code) == (PostingState.UNKNOWN, "OUTCOME_UNKNOWN")
    assert posting.settle_at == clock() + timedelta(seconds=settings.POSTING_SETTLE_SECONDS)
    assert posting.attempts.get().outcome == ""
    assert len(sandbox.ledger()) == (3 if taken else 2)


@pytest.mark.parametrize(("kind", "taken"), LOST)
def test_a_lost_answer_is_settled_by_the_ledger(
    short_job, gateway, sandbox, clock, kind: FaultKind, taken
):
    spoil(sandbox, kind)
    drain(connection_id=short_job.connection_id, gateway=gateway, clock=clock)

    settle(short_job, gateway, clock)

    assert_each_is_there_once(short_job, sandbox)
    attempts = list(first_of(short_job).attempts.values_list("number", "outcome", "evidence"))
    assert attempts == (
        [(1, "posted", "ledger")]
        if taken
        else [(1, "not_applied", "ledger-negative"), (2, "posted", "response")]
    )


def test_a_charge_that_the_pms_takes_after_the_timeout_is_not_sent_again(
    short_job, gateway, gateway_of_little_patience, sandbox, clock
):
    spoil(sandbox, FaultKind.DELAY, seconds=2 * TIMEOUT_SECONDS)

    drain(connection_id=short_job.connection_id, gateway=gateway_of_little_patience, clock=clock)

    assert first_of(short_job).state == PostingState.UNKNOWN
    wait_for(lambda: len(sandbox.ledger()) == 3, what="the late charge")
    settle(short_job, gateway, clock)
    assert_each_is_there_once(short_job, sandbox)
    assert first_of(short_job).attempts.get().evidence == "ledger"


def test_a_pms_that_cannot_be_reached_has_charged_nothing(short_job, gateway, sandbox, clock):
    # Port 9 of this machine is not listened on, so no connection comes about.
    nowhere = UnifiedGateway(transport=Transport("http://127.0.0.1:9", sandbox.api_key))

    drain(connection_id=short_job.connection_id, gateway=nowhere, clock=clock)

    for posting in short_job.postings.all():
        assert (posting.state, posting.tries) == (PostingState.PENDING, 1)
        assert posting.attempts.get().evidence == "never-sent"
    clock.advance(minutes=1)
    drain(connection_id=short_job.connection_id, gateway=gateway, clock=clock)
    assert_each_is_there_once(short_job, sandbox)


def test_it_becomes_a_failure_after_six_tries_that_reached_nobody(short_job, sandbox, clock):
    nowhere = UnifiedGateway(transport=Transport("http://127.0.0.1:9", sandbox.api_key))

    for _ in range(7):
        drain(connection_id=short_job.connection_id, gateway=nowhere, clock=clock)
        clock.advance(minutes=16)

    posting = first_of(short_job)
    assert (posting.state, posting.error_code) == (PostingState.REJECTED, "NOT_SENT")
    assert posting.attempts.count() == posting.tries == 6
    assert "tried 6 times" in posting.error


def test_a_ledger_that_cannot_be_read_leaves_the_charge_in_doubt(
    short_job, gateway_of_little_patience, gateway, sandbox, clock
):
    spoil(sandbox, FaultKind.DROP_AFTER)
    drain(connection_id=short_job.connection_id, gateway=gateway, clock=clock)
    spoil(sandbox, FaultKind.STATUS_500_BEFORE, method="GET")

    clock.advance(minutes=3)
    sweep(gateway_for=lambda _connection: gateway_of_little_patience, clock=clock)

    posting = first_of(short_job)
    assert posting.state == PostingState.UNKNOWN
    assert posting.settle_at > clock()
    settle(short_job, gateway, clock)
    assert_each_is_there_once(short_job, sandbox)
