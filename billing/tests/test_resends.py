"""A charge that may be in the PMS is sent again only on the word of two people."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from billing.models import LedgerCheck, Posting, PostingState
from billing.operations.calculations import WrongState
from billing.operations.failures import link_posting, resolve_posting
from billing.operations.ledger_checks import check_ledger
from billing.operations.resends import ask_to_send_again, send_again, withdraw_resend
from billing.posting.drain import drain
from billing.posting.liveness import hold
from billing.posting.sweep import sweep
from billing.posting.tests.fake_pms import FakePms, Fate
from billing.tests.paged_ledger import PagedLedger
from billing.tests.small_place import small_job
from portfolios.models import AuditEvent, LeaseStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def pms(clock) -> FakePms:
    return PagedLedger(clock)


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


@pytest.fixture
def compare(undecided, pms, clock, cast, now):
    """Ask for the charge, and give a function that reads the ledger with or without it."""
    ask_to_send_again(posting=undecided, reason="Not there.", by=cast.accountant, now=now)
    row = replace(pms.charge_of(undecided.body.encode()), charge_id="chg_late")

    def read(*, has_it: bool, **only) -> LedgerCheck:
        clock.advance(minutes=5)
        others = [other for other in pms.rows() if other.charge_id != row.charge_id]
        pms.rows()[:] = [*others, row] if has_it else others
        place = undecided.job.calculation.bill.property
        return check_ledger(place=place, gateway=pms, by=None, clock=clock, **only)

    return read


def test_what_a_comparison_has_found_is_linked_and_not_sent_again(
    undecided, compare, cast, pms, clock
):
    shown = compare(has_it=True).differences.get()
    sent = list(pms.sent)

    with pytest.raises(WrongState, match=f"shows this charge as {shown.remote_charge_id}"):
        send_again(posting=undecided, by=cast.manager, now=clock())
    link_posting(
        posting=undecided,
        charge_id=shown.remote_charge_id,
        note="It is there.",
        by=cast.manager,
        now=clock(),
    )

    drain(connection_id=undecided.connection_id, gateway=pms, clock=clock)
    assert pms.sent == sent
    assert compare(has_it=True).is_clean


def test_a_comparison_that_began_before_the_last_try_counts_when_it_ended_after_it(
    undecided, compare, cast, clock
):
    check = compare(has_it=True)
    before = undecided.attempts.get().started_at - timedelta(hours=1)
    LedgerCheck.objects.filter(pk=check.pk).update(started_at=before)

    with pytest.raises(WrongState, match="shows this charge"):
        send_again(posting=undecided, by=cast.manager, now=clock())


def test_what_a_later_comparison_has_not_found_is_looked_up_and_then_sent_again(
    undecided, compare, cast, pms, clock, settings
):
    compare(has_it=True)
    compare(has_it=False)
    send_again(posting=undecided, by=cast.manager, now=clock())
    sent = list(pms.sent)

    drain(connection_id=undecided.connection_id, gateway=pms, clock=clock)
    undecided.refresh_from_db()
    assert (undecided.state, pms.sent) == (PostingState.UNKNOWN, sent)
    for _ in range(3):
        clock.advance(seconds=settings.POSTING_SETTLE_SECONDS)
        sweep(gateway_for=lambda _: pms, clock=clock)
        drain(connection_id=undecided.connection_id, gateway=pms, clock=clock)

    undecided.refresh_from_db()
    assert undecided.state == PostingState.POSTED
    assert pms.sent == [*sent, undecided.reference]


def test_a_comparison_that_is_older_than_the_last_try_is_no_hindrance(
    undecided, compare, cast, clock
):
    compare(has_it=True)
    undecided.attempts.update(started_at=clock() + timedelta(seconds=1))

    send_again(posting=undecided, by=cast.manager, now=clock())

    undecided.refresh_from_db()
    assert undecided.state == PostingState.PENDING
