from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from hypothesis import given
from hypothesis import strategies as st

from integrations.models import (
    Connection,
    ConnectionStatus,
    SyncPhase,
    SyncRun,
    SyncState,
)
from integrations.pms import errors
from integrations.sync.claim import STALE_AFTER
from integrations.sync.rests import FEW_RESTS, LONGEST_REST, MOST_RESTS, Setback
from integrations.sync.run import run_sync
from integrations.sync.tests.running import sync
from integrations.tests.fake_gateway import FakeGateway, make_lease, make_unit
from portfolios.models import AuditEvent


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.PmsLoginExpired("The login has expired."), "AUTHORIZATION_FAILED"),
        (errors.ApiKeyRefused("Unknown key."), "API_KEY_REFUSED"),
        (errors.NotFound("No such property."), "NOT_FOUND"),
    ],
)
def test_a_sync_that_the_pms_stops_says_why(house, now, error, code):
    run = sync(house, FakeGateway(error=error), now)
    assert (run.state, run.error_code, run.error) == (SyncState.FAILED, code, error.message)
    assert run.finished_at == now
    house.link.refresh_from_db()
    assert house.link.last_synced_at is None
    assert not AuditEvent.objects.filter(verb="sync.completed").exists()


def throttled(http_status: int | None = 429) -> errors.Throttled:
    error = errors.Throttled("Too fast.", retry_after=timedelta(seconds=30))
    error.http_status = http_status
    return error


def test_a_throttled_sync_rests_and_goes_on_where_it_stopped(house, clock):
    units = [make_unit(f"unit_{number}") for number in range(4)]
    gateway = FakeGateway(units=units, rows_per_page=2, errors_after={"leases": throttled()})
    run = sync(house, gateway, clock())
    assert (run.state, run.phase) == (SyncState.QUEUED, SyncPhase.LEASES)
    assert run.not_before == clock() + timedelta(seconds=30)
    assert run.waits_for == "Too fast. Rest 1 of at most 50 since the last page."
    run_sync(run_id=run.pk, gateway=gateway, clock=clock)
    run.refresh_from_db()
    assert run.waits == 1
    clock.advance(seconds=31)
    healed = FakeGateway(units=units)
    run_sync(run_id=run.pk, gateway=healed, clock=clock)
    run.refresh_from_db()
    assert (run.state, run.units_read, run.waits_for) == (SyncState.COMPLETED, 4, "")
    assert [what for what, *_ in healed.calls] == ["leases", "residents"]


def passing(name: str) -> BaseException:
    return {
        "unavailable": errors.Unavailable("Propexo is not available right now (502)."),
        "not sent": errors.NeverSent("Propexo cannot be reached."),
        "throttled": throttled(),
        "unreadable": errors.UnreadableAnswer("Propexo's answer cannot be read."),
        "database": OperationalError("database is locked"),
    }[name]


PASSING = ["unavailable", "not sent", "throttled", "unreadable", "database"]


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_lets_a_sync_rest_and_go_on_where_it_stopped(house, clock, name):
    units = [make_unit(f"unit_{number}") for number in range(4)]
    failing = FakeGateway(units=units, errors_after={"leases": passing(name)})
    run = sync(house, failing, clock())
    assert (run.state, run.phase, run.error) == (SyncState.QUEUED, SyncPhase.LEASES, "")
    assert run.waits_for.endswith("since the last page.")
    assert run.not_before > clock()

    healed = FakeGateway(units=units)
    run_sync(run_id=run.pk, gateway=healed, clock=clock)
    assert healed.calls == []
    clock.advance(seconds=73)
    run_sync(run_id=run.pk, gateway=healed, clock=clock)
    run.refresh_from_db()
    assert (run.state, run.units_read, run.waits_for) == (SyncState.COMPLETED, 4, "")
    assert [what for what, *_ in healed.calls] == ["leases", "residents"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("unavailable", "UNAVAILABLE"),
        ("throttled", "RATE_LIMITED"),
        ("unreadable", "UNREADABLE_ANSWER"),
        ("database", "DATABASE_AWAY"),
    ],
)
def test_a_sync_that_never_gets_further_is_given_up_with_a_sentence(house, clock, name, code):
    run = SyncRun.objects.create(property=house, queued_at=clock())
    gateway = FakeGateway(errors_after={"units": passing(name)})
    most = FEW_RESTS if name in ("unreadable", "database") else MOST_RESTS
    for rests in range(most):
        run_sync(run_id=run.pk, gateway=gateway, clock=clock)
        run.refresh_from_db()
        assert (run.state, run.waits) == (SyncState.QUEUED, rests + 1)
        clock.advance(minutes=40)
    run_sync(run_id=run.pk, gateway=gateway, clock=clock)
    run.refresh_from_db()
    assert (run.state, run.error_code) == (SyncState.FAILED, code)
    assert f"The sync rested {most} times without getting one page further." in run.error


def test_a_stored_page_starts_the_count_of_rests_anew(house, clock):
    run = SyncRun.objects.create(property=house, queued_at=clock(), waits=MOST_RESTS - 1)
    gateway = FakeGateway(units=[make_unit()], errors_after={"leases": passing("unavailable")})
    run_sync(run_id=run.pk, gateway=gateway, clock=clock)
    run.refresh_from_db()
    assert (run.state, run.waits) == (SyncState.QUEUED, 1)


@given(rests=st.integers(min_value=0, max_value=10**6))
def test_rests_grow_from_a_minute_to_half_an_hour_and_part_ways(rests):
    setback = Setback("UNAVAILABLE", "No answer.")
    longest = min(timedelta(minutes=1) * 2 ** min(rests, 5), LONGEST_REST)
    drawn = [setback.rest(rests=rests) for _ in range(20)]
    assert all(0.8 * longest <= rest <= 1.2 * longest for rest in drawn)
    assert len(set(drawn)) > 1


def test_about_a_day_passes_before_a_sync_is_given_up():
    setback = Setback("UNAVAILABLE", "No answer.")
    whole = sum((setback.rest(rests=rests) for rests in range(MOST_RESTS)), timedelta(0))
    assert timedelta(hours=20) < whole < timedelta(hours=28)


def test_a_database_that_stays_away_leaves_the_run_to_the_next_worker(house, clock, monkeypatch):
    def away(*_args: object, **_named: object) -> bool:
        raise OperationalError("server closed the connection")

    run = SyncRun.objects.create(property=house, queued_at=clock())
    monkeypatch.setattr("integrations.sync.run.rest", away)
    gateway = FakeGateway(errors_after={"units": passing("database")})
    run_sync(run_id=run.pk, gateway=gateway, clock=clock)
    run.refresh_from_db()
    assert run.state == SyncState.RUNNING

    clock.advance(seconds=STALE_AFTER.total_seconds() + 1)
    run_sync(run_id=run.pk, gateway=FakeGateway(units=[make_unit()]), clock=clock)
    run.refresh_from_db()
    assert run.state == SyncState.COMPLETED


def test_a_sync_that_gets_no_turn_waits_as_long_as_it_takes(house, clock):
    run = SyncRun.objects.create(property=house, queued_at=clock())
    for _ in range(MOST_RESTS + 5):
        run_sync(run_id=run.pk, gateway=FakeGateway(error=throttled(None)), clock=clock)
        clock.advance(minutes=1)
    run.refresh_from_db()
    assert run.state == SyncState.QUEUED


def test_an_expired_login_is_noted_on_the_connection(house, now):
    sync(house, FakeGateway(error=errors.PmsLoginExpired("The login has expired.")), now)
    connection = Connection.objects.get()
    assert connection.status == ConnectionStatus.LOGIN_EXPIRED
    assert connection.status_note == "The login has expired."


def test_a_fault_of_our_own_does_not_leave_the_run_going(house, now):
    run = SyncRun.objects.create(property=house, queued_at=now)
    gateway = FakeGateway(errors_after={"units": ZeroDivisionError("never")})
    with pytest.raises(ZeroDivisionError):
        run_sync(run_id=run.pk, gateway=gateway, clock=lambda: now)
    run.refresh_from_db()
    assert (run.state, run.error_code) == (SyncState.FAILED, "INTERNAL_ERROR")


@pytest.mark.django_db(transaction=True)
def test_a_server_that_ends_the_connection_lets_the_sync_rest_over_a_new_one(house, clock):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server that could go away.")

    class Restarting(FakeGateway):
        def list_leases(self, **asked):
            with closing(connection.copy()) as other, other.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            return super().list_leases(**asked)

    run = sync(house, Restarting(units=[make_unit()], leases=[make_lease()]), clock())
    assert (run.state, run.units_read) == (SyncState.QUEUED, 1)
    assert "database could not be reached" in run.waits_for
    clock.advance(minutes=2)
    run_sync(run_id=run.pk, gateway=FakeGateway(leases=[make_lease()]), clock=clock)
    run.refresh_from_db()
    assert (run.state, run.leases_read) == (SyncState.COMPLETED, 1)
