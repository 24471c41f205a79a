"""Claiming: one owner per charge, the intent committed and the lock held before it is sent."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Posting, PostingState
from billing.posting.claim import claim_next
from billing.posting.drain import drain
from billing.posting.liveness import StillHeld, hold
from billing.posting.send import send
from billing.posting.store import store_outcome
from integrations.models import Connection, ConnectionStatus

pytestmark = pytest.mark.django_db


def test_it_writes_the_intent_down_before_anything_is_sent(short_job, now, settings):
    first = short_job.postings.first()

    with claim_next(connection_id=short_job.connection_id, now=now) as claim:
        assert claim is not None
        posting = Posting.objects.get(pk=first.pk)
        assert (posting.state, posting.tries) == (PostingState.SENDING, 1)
        assert posting.lease_until == now + timedelta(seconds=settings.POSTING_LEASE_SECONDS)
        attempt = posting.attempts.get()
        assert (attempt.outcome, attempt.number) == ("", 1)
        assert attempt.token == posting.token == claim.posting.token != ""


def test_it_holds_the_charge_for_the_length_of_the_block(short_job, now):
    with claim_next(connection_id=short_job.connection_id, now=now) as claim:
        assert claim is not None
        with pytest.raises(StillHeld), hold(claim.posting.pk):
            pytest.fail("the charge was free")
    with hold(claim.posting.pk):
        pass


def test_two_claims_get_different_charges(short_job, now):
    with (
        claim_next(connection_id=short_job.connection_id, now=now) as one,
        claim_next(connection_id=short_job.connection_id, now=now) as other,
    ):
        assert one is not None
        assert other is not None
        assert one.posting.pk != other.posting.pk


def test_it_skips_a_charge_that_somebody_holds(short_job, now):
    first, second, _ = short_job.postings.all()

    with (
        hold(first.pk),
        claim_next(connection_id=short_job.connection_id, now=now) as claim,
    ):
        assert claim is not None
        assert claim.posting.pk == second.pk
    first.refresh_from_db()
    assert first.state == PostingState.PENDING


def test_it_claims_what_waits_longest_first(short_job, now):
    last = short_job.postings.all().last()
    Posting.objects.filter(pk=last.pk).update(not_before=now - timedelta(minutes=1))

    with claim_next(connection_id=short_job.connection_id, now=now) as claim:
        assert claim is not None
        assert claim.posting.pk == last.pk


def test_it_claims_nothing_before_its_time(short_job, now):
    with claim_next(connection_id=short_job.connection_id, now=now - timedelta(seconds=1)) as claim:
        assert claim is None


@pytest.mark.parametrize(
    ("change", "claimed"),
    [
        ({"status": ConnectionStatus.LOGIN_EXPIRED}, False),
        ({"paused_for": timedelta(seconds=1)}, False),
        ({"paused_for": timedelta(0)}, True),
    ],
)
def test_it_claims_nothing_while_the_connection_waits(short_job, now, change, claimed):
    held_up = short_job.connection
    held_up.status = change.get("status", held_up.status)
    held_up.paused_until = now + change.get("paused_for", timedelta(0))
    held_up.save()

    with claim_next(connection_id=short_job.connection_id, now=now) as claim:
        assert (claim is not None) is claimed
    assert short_job.postings.filter(state=PostingState.SENDING).count() == int(claimed)


def test_a_claim_that_fails_frees_the_charge(short_job, now, monkeypatch):
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the database is gone")

    monkeypatch.setattr("billing.posting.claim.move", fail)
    first = short_job.postings.first()

    with (
        pytest.raises(RuntimeError),
        claim_next(connection_id=short_job.connection_id, now=now),
    ):
        pytest.fail("it was claimed")

    with hold(first.pk):
        pass
    assert not first.attempts.exists()


def test_a_worker_frozen_before_it_sends_does_not_send_any_more(short_job, pms, clock, monkeypatch):
    monkeypatch.setattr("billing.posting.send.boot_clock", lambda: float("inf"))

    drain(connection_id=short_job.connection_id, gateway=pms, clock=clock)

    assert pms.sent == []
    for posting in short_job.postings.all():
        assert (posting.state, posting.tries) == (PostingState.PENDING, 1)
        assert posting.not_before >= clock()
        attempt = posting.attempts.get()
        assert (attempt.outcome, attempt.evidence) == ("not_applied", "never-sent")


def statements(captured: CaptureQueriesContext) -> list[str]:
    """Give the first words of what was asked of tables, without locks and savepoints."""
    asked = (query["sql"].split()[0] for query in captured if "advisory" not in query["sql"])
    return [word for word in asked if word in ("SELECT", "INSERT", "UPDATE", "DELETE")]


@pytest.mark.parametrize("showed_unknown", [False, True])
def test_a_claim_and_what_came_of_it_cost_few_queries(short_job, pms, now, showed_unknown):
    Connection.objects.update(ledger_showed_unknown=showed_unknown)
    with ExitStack() as held:
        with CaptureQueriesContext(connection) as captured:
            claim = held.enter_context(claim_next(connection_id=short_job.connection_id, now=now))
        looked = ["SELECT"] if showed_unknown else []
        assert statements(captured) == ["SELECT", *looked, "UPDATE", "INSERT", "INSERT"]
        assert claim is not None

        outcome = send(claim, gateway=pms)
        with CaptureQueriesContext(connection) as captured:
            store_outcome(claim, outcome, now=now)
    # The last one asks whether anybody wants to hear of it by webhook.
    assert statements(captured) == ["UPDATE", "UPDATE", "INSERT", "SELECT"]
