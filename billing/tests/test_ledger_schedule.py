"""Comparisons by the clock: every night, page by page, whatever breaks off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django_q.models import OrmQ

from billing.models import LedgerCheck
from billing.operations import ledger_checks, ledger_schedule
from billing.operations.ledger_checks import LOST_AFTER, MOST_RESTS, read_on, request_check
from billing.operations.ledger_schedule import tick_ledger_checks, work_on_ledger_checks
from billing.posting.drain import drain
from billing.tests.paged_ledger import PagedLedger, break_once
from billing.tests.small_place import small_job
from integrations.models import PropertyLink
from integrations.pms import errors
from meterbase.management.commands.declare_schedules import SCHEDULES
from portfolios.models import Property

pytestmark = pytest.mark.django_db


class WorkerDied(BaseException):
    """The worker is gone; nothing may catch this but the test."""


@pytest.fixture
def pms(clock) -> PagedLedger:
    return PagedLedger(clock)


@pytest.fixture
def place(settings, cast, now, pms, clock, monkeypatch) -> Property:
    """Have three charges of a property posted, and the night never end."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    settings.LEDGER_CHECK_WINDOW = ""
    job = small_job(cast, now)
    drain(connection_id=job.connection_id, gateway=pms, clock=clock)
    monkeypatch.setattr(ledger_schedule, "open_gateway", lambda _connection: pms)
    OrmQ.objects.all().delete()
    return job.calculation.bill.property


def work(clock) -> None:
    work_on_ledger_checks(clock=clock)


def test_each_property_with_charges_is_compared_once_a_night(place, clock):
    for _ in range(3):
        tick_ledger_checks(now=clock())
        work(clock)
        clock.advance(hours=1)

    check = LedgerCheck.objects.get()
    assert (check.property, check.requested_by, check.is_clean) == (place, None, True)
    assert (check.sent, check.there, check.rows_read) == (3, 3, 3)

    clock.advance(hours=20)
    tick_ledger_checks(now=clock())
    assert LedgerCheck.objects.count() == 2


def test_a_tick_wakes_one_worker(place, clock):
    tick_ledger_checks(now=clock())
    tick_ledger_checks(now=clock())

    assert LedgerCheck.objects.count() == 1
    assert {row.func() for row in OrmQ.objects.all()} == {"billing.tasks.work_on_ledger_checks"}


@pytest.mark.parametrize("window", ["22:00-23:00", "off"])
def test_nothing_begins_by_day(place, clock, settings, window):
    settings.LEDGER_CHECK_WINDOW = window

    tick_ledger_checks(now=clock())

    assert not LedgerCheck.objects.exists()


def test_a_property_without_charges_or_connection_is_left_alone(place, clock):
    PropertyLink.objects.filter(property=place).delete()

    tick_ledger_checks(now=clock())

    assert not LedgerCheck.objects.exists()


def test_a_check_whose_worker_died_goes_on_at_its_page(place, clock, pms):
    pms.breaks = break_once(2, WorkerDied())
    request_check(place=place, by=None, now=clock())
    with pytest.raises(WorkerDied):
        work(clock)
    assert LedgerCheck.objects.get().rows_read == 2

    work(clock)
    assert not LedgerCheck.objects.get().is_over
    clock.advance(seconds=LOST_AFTER.total_seconds())
    work(clock)

    check = LedgerCheck.objects.get()
    assert (check.is_clean, check.rows_read, check.there) == (True, 3, 3)
    assert pms.pages_read == 2
    assert not check.sightings.exists()


def test_a_worker_that_was_taken_for_lost_stores_nothing_more(place, clock, pms):
    first = request_check(place=place, by=None, now=clock())

    def another_takes_over(start: int) -> None:
        if start == 2:
            pms.breaks = lambda _start: None
            read_on(check=LedgerCheck.objects.get(), gateway=pms, clock=clock)

    pms.breaks = another_takes_over
    read_on(check=first, gateway=pms, clock=clock)

    check = LedgerCheck.objects.get()
    assert (check.is_clean, check.rows_read, check.sent) == (True, 3, 3)


def test_a_worker_that_was_taken_for_lost_before_its_first_page_drops_nothing(
    place, clock, pms, monkeypatch
):
    asks = ledger_checks._shown_until

    def another_takes_over(check, gateway, *, now):
        monkeypatch.setattr(ledger_checks, "_shown_until", asks)
        other = LedgerCheck.objects.get()
        read_on(check=other, gateway=pms, clock=clock, out_of_time=lambda: True)
        return asks(check, gateway, now=now)

    monkeypatch.setattr(ledger_checks, "_shown_until", another_takes_over)
    read_on(check=request_check(place=place, by=None, now=clock()), gateway=pms, clock=clock)

    check = LedgerCheck.objects.get()
    assert (check.rows_read, check.sightings.count()) == (2, 2)
    assert read_on(check=check, gateway=pms, clock=clock).is_clean


def test_the_failure_of_a_worker_that_was_taken_for_lost_ends_nothing(place, clock, pms):
    def another_takes_over(start: int) -> None:
        if start == 1:
            pms.breaks = lambda _start: None
            other = LedgerCheck.objects.get()
            read_on(check=other, gateway=pms, clock=clock, out_of_time=lambda: True)
            raise errors.PmsLoginExpired("The login has expired.")

    pms.rows_per_page = 1
    pms.breaks = another_takes_over
    read_on(check=request_check(place=place, by=None, now=clock()), gateway=pms, clock=clock)

    check = LedgerCheck.objects.get()
    assert (check.is_over, check.error, check.sightings.count()) == (False, "", 2)


def test_a_slice_that_is_over_leaves_the_rest_to_the_next(place, clock, pms):
    check = request_check(place=place, by=None, now=clock())

    check = read_on(check=check, gateway=pms, clock=clock, out_of_time=lambda: True)
    assert (check.is_over, check.rows_read, check.mark) == (False, 2, "2")

    check = read_on(check=check, gateway=pms, clock=clock, out_of_time=lambda: True)
    assert (check.is_clean, check.rows_read) == (True, 3)


def test_a_throttled_check_rests_as_told_and_goes_on(place, clock, pms):
    pms.breaks = break_once(2, errors.Throttled("Slow down.", retry_after=timedelta(seconds=40)))
    request_check(place=place, by=None, now=clock())
    work(clock)

    check = LedgerCheck.objects.get()
    assert (check.continue_at, check.waits_for) == (clock() + timedelta(seconds=40), "Slow down.")
    clock.advance(seconds=39)
    work(clock)
    assert not LedgerCheck.objects.get().is_over
    clock.advance(seconds=1)
    work(clock)
    assert LedgerCheck.objects.get().is_clean


def test_a_ledger_that_stays_away_ends_the_check_with_its_reason(place, clock, pms):
    pms.ledger_error = errors.Unavailable("Propexo is not available right now (503).")
    request_check(place=place, by=None, now=clock())

    for _ in range(MOST_RESTS + 1):
        work(clock)
        clock.advance(minutes=16)

    assert "not available" in LedgerCheck.objects.get().error


def test_an_expired_login_ends_the_check_at_once_and_drops_its_pages(place, clock, pms):
    pms.rows()[0] = replace(pms.rows()[0], charge_id="chg_other")
    pms.breaks = break_once(2, errors.PmsLoginExpired("Renew the login.", http_status=403))
    request_check(place=place, by=None, now=clock())

    work(clock)

    check = LedgerCheck.objects.get()
    assert check.error == "Renew the login."
    assert not check.differences.exists()
    assert not check.is_clean


def test_a_page_that_is_shown_twice_doubles_nothing(place, clock, pms):
    pms.rows_per_page = 1
    shifted = list(pms.rows())
    pms.rows().insert(1, shifted[0])
    request_check(place=place, by=None, now=clock())

    work(clock)

    check = LedgerCheck.objects.get()
    assert (check.is_clean, check.rows_read) == (True, 4)


def test_old_checks_that_found_nothing_are_dropped(place, clock, settings):
    settings.LEDGER_CHECK_KEEP_DAYS = 30
    for days in (0, 31):
        clock.advance(days=days)
        request_check(place=place, by=None, now=clock())
        work(clock)

    assert LedgerCheck.objects.get().started_at == clock()


def test_an_old_check_that_found_something_stays(place, clock, pms):
    gone = pms.rows().pop(0)
    request_check(place=place, by=None, now=clock())
    work(clock)
    pms.rows().insert(0, gone)
    clock.advance(days=400)
    request_check(place=place, by=None, now=clock())
    work(clock)

    assert [check.missing for check in LedgerCheck.objects.all()] == [0, 1]


def test_the_schedule_is_declared():
    assert "billing.tasks.tick_ledger_checks" in {timed.task for timed in SCHEDULES}
