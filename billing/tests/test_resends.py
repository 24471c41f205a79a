"""A charge that may be in the PMS is sent again only on the word of two people."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.models import Posting, PostingState
from billing.operations.calculations import WrongState
from billing.operations.failures import link_posting, resolve_posting
from billing.operations.resends import ask_to_send_again, send_again, withdraw_resend
from billing.posting.drain import drain
from billing.posting.liveness import hold
from billing.posting.sweep import sweep
from billing.posting.tests.fake_pms import FakePms, Fate
from billing.tests.small_place import small_job
from portfolios.models import AuditEvent, LeaseStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def pms(clock) -> FakePms:
    return FakePms(clock)


@pytest.fixture
def undecided(settings, cast, now, pms, clock) -> Posting:
    """Have one charge taken as a job that Propexo forgets and the PMS never shows."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = small_job(cast, now)
    pms.script.append(Fate.JOB_IS_FORGOTTEN)
    drain(connection_id=job.connection_id, gateway=pms, clock=clock)
    pms.rows().pop(0)
    for _ in range(2):
        clock.advance(seconds=settings.POSTING_SETTLE_SECONDS)
        sweep(gateway_for=lambda _: pms, clock=clock)
    return job.postings.get(state=PostingState.REVIEW)


def test_the_second_person_has_it_sent_again_under_the_same_reference(
    undecided, cast, now, pms, clock
):
    ask_to_send_again(posting=undecided, reason="Not in Yardi.", by=cast.accountant, now=now)
    send_again(posting=undecided, by=cast.manager, now=clock())

    drain(connection_id=undecided.connection_id, gateway=pms, clock=clock)

    undecided.refresh_from_db()
    assert undecided.state == PostingState.POSTED
    assert pms.sent.count(undecided.reference) == 2
    first, second = undecided.attempts.all()
    assert (first.outcome, first.evidence, first.answer) == (
        "not_applied",
        "operator",
        "Not in Yardi.",
    )
    assert second.outcome == "posted"
    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {"posting.resend_asked", "posting.sent_again"} <= verbs


def test_whoever_asked_cannot_also_confirm(undecided, cast, now):
    ask_to_send_again(posting=undecided, reason="Not there.", by=cast.accountant, now=now)

    with pytest.raises(WrongState, match="second person"):
        send_again(posting=undecided, by=cast.accountant, now=now)

    undecided.refresh_from_db()
    assert undecided.state == PostingState.REVIEW


def test_nothing_is_sent_again_that_nobody_asked_for(undecided, cast, now):
    with pytest.raises(WrongState, match="Nobody has asked"):
        send_again(posting=undecided, by=cast.manager, now=now)
    ask_to_send_again(posting=undecided, reason="Not there.", by=cast.accountant, now=now)
    withdraw_resend(posting=undecided, by=cast.manager, now=now)
    with pytest.raises(WrongState, match="Nobody has asked"):
        send_again(posting=undecided, by=cast.manager, now=now)


def test_it_is_asked_for_once(undecided, cast, now):
    ask_to_send_again(posting=undecided, reason="Not there.", by=cast.accountant, now=now)
    with pytest.raises(WrongState, match="asked for before"):
        ask_to_send_again(posting=undecided, reason="Again.", by=cast.manager, now=now)


def test_a_charge_that_a_worker_still_holds_waits(undecided, cast, now):
    ask_to_send_again(posting=undecided, reason="Not there.", by=cast.accountant, now=now)
    with hold(undecided.pk), pytest.raises(WrongState, match="still has this charge in hand"):
        send_again(posting=undecided, by=cast.manager, now=now)


def test_nobody_else_is_charged_for_somebody_who_left(undecided, cast, now):
    ask_to_send_again(posting=undecided, reason="Not there.", by=cast.accountant, now=now)
    lease = undecided.charge.lease
    lease.status = LeaseStatus.PAST
    lease.save()

    with pytest.raises(WrongState, match="moved out"):
        send_again(posting=undecided, by=cast.manager, now=now)


@pytest.mark.parametrize("act", [link_posting, resolve_posting])
def test_another_decision_ends_the_wish(undecided, cast, now, act):
    ask_to_send_again(posting=undecided, reason="Not there.", by=cast.accountant, now=now)
    more = {"charge_id": "chg_77"} if act is link_posting else {}

    act(posting=undecided, note="It is there.", by=cast.manager, now=now, **more)

    undecided.refresh_from_db()
    assert undecided.resend_asked_at is None


def test_the_settled_time_of_a_charge_sent_again_starts_anew(undecided, cast, now, clock):
    ask_to_send_again(posting=undecided, reason="Not there.", by=cast.accountant, now=now)
    later = clock() + timedelta(days=2)

    send_again(posting=undecided, by=cast.manager, now=later)

    undecided.refresh_from_db()
    assert (undecided.tries, undecided.created_at, undecided.remote_job_id) == (0, later, "")
