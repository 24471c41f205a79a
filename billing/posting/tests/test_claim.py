"""Claiming: one owner per charge, the intent committed and the lock held before it is sent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.models import Posting, PostingState
from billing.posting.claim import claim_next
from billing.posting.drain import drain
from billing.posting.liveness import StillHeld, hold
from integrations.models import ConnectionStatus

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
    connection = short_job.connection
    connection.status = change.get("status", connection.status)
    connection.paused_until = now + change.get("paused_for", timedelta(0))
    connection.save()

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
