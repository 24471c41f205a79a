"""A charge in doubt: nothing is sent before the ledger was read, and what that proves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from billing.models import PostingState
from billing.operations.failures import link_posting, retry_posting
from billing.posting.drain import drain
from billing.posting.sweep import sweep
from billing.posting.tests.fake_pms import FakePms, Fate
from billing.posting.timetable import MOST_TRIES
from integrations.pms import errors
from integrations.pms.records import MalformedRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_doubt(short_job, pms, clock):
    """Lose the first charge of a job on the way; the others are posted."""
    pms.script.append(Fate.LOST)
    drain(connection_id=short_job.connection_id, gateway=pms, clock=clock)
    return short_job.postings.get(state=PostingState.UNKNOWN)


def look(posting, pms, clock):
    """Sweep, and read the posting again."""
    sweep(gateway_for=lambda _connection: pms, clock=clock)
    posting.refresh_from_db()


def settle(clock, settings):
    """Let the settling time pass."""
    clock.advance(seconds=settings.POSTING_SETTLE_SECONDS)


def take(pms, posting, **changes):
    """Put the charge into the ledger, or one that is a little different."""
    pms.rows().append(replace(pms.charge_of(posting.body.encode()), **changes))


def test_nothing_is_sent_or_looked_up_before_the_settling_time(in_doubt, pms, clock, settings):
    sent = list(pms.sent)
    clock.advance(seconds=settings.POSTING_SETTLE_SECONDS - 1)

    look(in_doubt, pms, clock)
    drain(connection_id=in_doubt.connection_id, gateway=pms, clock=clock)

    assert (in_doubt.state, pms.looks, pms.sent) == (PostingState.UNKNOWN, 0, sent)


def test_a_charge_found_in_the_ledger_is_posted(in_doubt, pms, clock, settings):
    take(pms, in_doubt, charge_id="chg_there")
    settle(clock, settings)

    look(in_doubt, pms, clock)

    assert (in_doubt.state, in_doubt.remote_charge_id) == (PostingState.POSTED, "chg_there")
    assert in_doubt.error_code == in_doubt.error == in_doubt.raw_error == ""
    attempt = in_doubt.attempts.get()
    assert (attempt.outcome, attempt.evidence) == ("posted", "ledger")


def test_a_charge_absent_twice_is_sent_again_once(in_doubt, pms, clock, settings):
    settle(clock, settings)
    look(in_doubt, pms, clock)
    assert (in_doubt.state, in_doubt.negative_looks) == (PostingState.UNKNOWN, 1)
    assert in_doubt.settle_at == clock() + timedelta(seconds=settings.POSTING_LOOK_GAP_SECONDS)

    clock.advance(seconds=settings.POSTING_LOOK_GAP_SECONDS - 1)
    look(in_doubt, pms, clock)
    assert pms.looks == 1

    clock.advance(seconds=1)
    look(in_doubt, pms, clock)
    assert in_doubt.state == PostingState.PENDING
    assert in_doubt.attempts.get().evidence == "ledger-negative"

    drain(connection_id=in_doubt.connection_id, gateway=pms, clock=clock)
    in_doubt.refresh_from_db()
    assert in_doubt.state == PostingState.POSTED
    assert len(pms.amounts()[in_doubt.reference]) == 1


def test_where_the_ledger_is_behind_a_charge_that_it_lacks_is_never_sent_again(
    in_doubt, pms, clock, settings
):
    pms.shows_charges_at_once = False
    sent = pms.sent.count(in_doubt.reference)
    settle(clock, settings)
    for _ in range(4):
        look(in_doubt, pms, clock)
        assert in_doubt.state == PostingState.UNKNOWN
        assert in_doubt.settle_at == clock() + timedelta(minutes=15)
        clock.advance(minutes=15)

    clock.advance(hours=24)
    look(in_doubt, pms, clock)
    drain(connection_id=in_doubt.connection_id, gateway=pms, clock=clock)

    assert in_doubt.state == PostingState.REVIEW
    assert "it may be in the PMS all the same" in in_doubt.error
    assert pms.sent.count(in_doubt.reference) == sent


def test_where_the_ledger_is_behind_a_charge_is_found_when_it_shows_up(
    in_doubt, pms, clock, settings
):
    pms.shows_charges_at_once = False
    settle(clock, settings)
    look(in_doubt, pms, clock)
    take(pms, in_doubt, charge_id="chg_late")
    clock.advance(minutes=15)
    look(in_doubt, pms, clock)
    assert (in_doubt.state, in_doubt.remote_charge_id) == (PostingState.POSTED, "chg_late")


def test_a_charge_that_appears_between_two_looks_is_not_sent_again(in_doubt, pms, clock, settings):
    settle(clock, settings)
    look(in_doubt, pms, clock)
    take(pms, in_doubt)

    settle(clock, settings)
    look(in_doubt, pms, clock)

    assert in_doubt.state == PostingState.POSTED
    assert pms.sent.count(in_doubt.reference) == 1


def test_the_looks_are_counted_anew_for_each_attempt(in_doubt, pms, clock, settings):
    for _ in range(2):
        settle(clock, settings)
        look(in_doubt, pms, clock)
    pms.script.append(Fate.LOST)
    drain(connection_id=in_doubt.connection_id, gateway=pms, clock=clock)

    settle(clock, settings)
    look(in_doubt, pms, clock)

    assert (in_doubt.state, in_doubt.negative_looks) == (PostingState.UNKNOWN, 1)


def test_a_charge_that_is_there_twice_goes_to_a_person(in_doubt, pms, clock, settings):
    take(pms, in_doubt, charge_id="chg_a")
    take(pms, in_doubt, charge_id="chg_b")
    settle(clock, settings)

    look(in_doubt, pms, clock)

    assert in_doubt.state == PostingState.REVIEW
    assert "chg_a" in in_doubt.error
    assert "chg_b" in in_doubt.error


def test_a_charge_of_another_amount_goes_to_a_person(in_doubt, pms, clock, settings):
    take(pms, in_doubt, amount=Decimal("1234.50"))
    settle(clock, settings)

    look(in_doubt, pms, clock)

    assert in_doubt.state == PostingState.REVIEW
    assert "$1,234.50" in in_doubt.error


def test_a_row_that_cannot_be_read_goes_to_a_person(in_doubt, pms, clock, settings):
    raw = f'{{"description": "Water [{in_doubt.reference}]", "amount": "much"}}'
    pms.rows().append(MalformedRecord("charge", "chg_odd", ("amount is no number",), raw))
    settle(clock, settings)

    look(in_doubt, pms, clock)

    assert in_doubt.state == PostingState.REVIEW


def test_an_unreadable_row_of_somebody_else_is_no_matter(in_doubt, pms, clock, settings):
    pms.rows().append(MalformedRecord("charge", "chg_odd", ("amount is no number",), "{}"))
    take(pms, in_doubt)
    settle(clock, settings)

    look(in_doubt, pms, clock)

    assert in_doubt.state == PostingState.POSTED


def test_an_id_that_belongs_to_another_charge_goes_to_a_person(in_doubt, pms, clock, settings):
    other = in_doubt.job.postings.filter(state=PostingState.POSTED).first()
    take(pms, in_doubt, charge_id=other.remote_charge_id)
    settle(clock, settings)

    look(in_doubt, pms, clock)

    assert in_doubt.state == PostingState.REVIEW
    assert other.remote_charge_id in in_doubt.error


def test_a_ledger_that_is_not_available_is_read_again_later(in_doubt, pms, clock, settings):
    take(pms, in_doubt)
    pms.ledger_error = errors.Unavailable("Propexo is down.")
    settle(clock, settings)

    look(in_doubt, pms, clock)
    assert (in_doubt.state, in_doubt.negative_looks) == (PostingState.UNKNOWN, 0)
    assert in_doubt.waiting_because == "Propexo is down."
    assert in_doubt.settle_at > clock()

    pms.ledger_error = None
    clock.advance(minutes=15)
    look(in_doubt, pms, clock)
    assert in_doubt.state == PostingState.POSTED


def test_a_charge_sent_from_another_machine_is_not_sent_again(in_doubt, pms, clock, settings):
    in_doubt.attempts.update(host="elsewhere.example")

    for _ in range(3):
        settle(clock, settings)
        look(in_doubt, pms, clock)

    assert in_doubt.state == PostingState.REVIEW
    assert "elsewhere.example" in in_doubt.error
    assert in_doubt.attempts.get().outcome == ""
    drain(connection_id=in_doubt.connection_id, gateway=pms, clock=clock)
    assert pms.sent.count(in_doubt.reference) == 1


def test_a_charge_sent_from_another_machine_is_posted_when_it_is_there(
    in_doubt, pms, clock, settings
):
    in_doubt.attempts.update(host="elsewhere.example")
    take(pms, in_doubt)
    settle(clock, settings)

    look(in_doubt, pms, clock)

    assert in_doubt.state == PostingState.POSTED


def test_a_charge_lost_too_often_waits_for_a_person_who_can_retry_it(
    in_doubt, pms, cast, clock, settings
):
    pms.script.extend([Fate.LOST] * (MOST_TRIES - 1))
    for _ in range(3 * MOST_TRIES):
        settle(clock, settings)
        look(in_doubt, pms, clock)
        drain(connection_id=in_doubt.connection_id, gateway=pms, clock=clock)

    in_doubt.refresh_from_db()
    assert (in_doubt.state, in_doubt.tries) == (PostingState.REJECTED, MOST_TRIES)
    assert pms.amounts().get(in_doubt.reference) is None

    retry_posting(posting=in_doubt, by=cast.accountant, now=clock())
    drain(connection_id=in_doubt.connection_id, gateway=pms, clock=clock)
    in_doubt.refresh_from_db()
    assert in_doubt.state == PostingState.POSTED
    assert len(pms.amounts()[in_doubt.reference]) == 1


def test_a_person_links_a_charge_that_was_there_twice(in_doubt, pms, cast, clock, settings):
    take(pms, in_doubt, charge_id="chg_a")
    take(pms, in_doubt, charge_id="chg_b")
    settle(clock, settings)
    look(in_doubt, pms, clock)

    link_posting(
        posting=in_doubt, charge_id="chg_b", note="chg_a voided", by=cast.accountant, now=clock()
    )

    in_doubt.refresh_from_db()
    assert (in_doubt.state, in_doubt.remote_charge_id) == (PostingState.POSTED, "chg_b")
    attempt = in_doubt.attempts.get()
    assert (attempt.outcome, attempt.evidence) == ("posted", "operator")


def test_an_answer_with_the_id_of_another_charge_is_not_believed(short_job, pms, clock):
    pms.charge_of = same_id_for_all(pms)

    drain(connection_id=short_job.connection_id, gateway=pms, clock=clock)

    states = short_job.postings.all()
    assert sorted(states.values_list("state", flat=True)) == ["posted", "unknown", "unknown"]


def same_id_for_all(pms: FakePms):
    """Make a PMS that gives every charge the same id."""
    read = pms.charge_of
    return lambda body: replace(read(body), charge_id="chg_same")


def test_a_charge_that_the_pms_takes_late_is_not_sent_again(short_job, pms, clock):
    pms.script.append(Fate.TAKEN_LATE)

    for _ in range(60):
        drain(connection_id=short_job.connection_id, gateway=pms, clock=clock)
        clock.advance(seconds=5)
        sweep(gateway_for=lambda _connection: pms, clock=clock)

    assert [len(amounts) for amounts in pms.amounts().values()] == [1, 1, 1]
    assert len(pms.sent) == 3
    assert set(short_job.postings.values_list("state", flat=True)) == {PostingState.POSTED}


def test_a_ledger_that_cannot_be_read_for_a_day_leaves_the_charge_to_a_person(
    in_doubt, pms, clock, settings
):
    pms.ledger_error = errors.Unavailable("Propexo is down.")
    settle(clock, settings)
    look(in_doubt, pms, clock)
    assert in_doubt.state == PostingState.UNKNOWN

    clock.advance(hours=25)
    look(in_doubt, pms, clock)

    assert in_doubt.state == PostingState.REVIEW
    assert "could not be read since" in in_doubt.error
