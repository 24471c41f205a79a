from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django_q.models import OrmQ

from integrations.models import Connection, ConnectionStatus, SyncRun, SyncState
from integrations.operations import sync_schedule
from integrations.operations.sync_schedule import tick_syncs
from integrations.pms import errors
from integrations.sync.claim import STALE_AFTER
from portfolios.models import Property


@pytest.fixture
def asked(monkeypatch) -> list[datetime]:
    """Collect what the schedule asks for, instead of asking Propexo."""
    times: list[datetime] = []
    monkeypatch.setattr(
        sync_schedule, "request_connection_sync", lambda *, now, **_: times.append(now)
    )
    return times


def test_a_sync_starts_when_the_interval_is_over(linked, asked, now, settings):
    settings.PROPEXO_SYNC_INTERVAL = 3_600
    for minutes in range(0, 240, 10):
        tick_syncs(now=now + timedelta(minutes=minutes))
    assert asked == [now + timedelta(hours=hours) for hours in (1, 2, 3)]


def test_many_machines_start_an_interval_once(linked, asked, now, settings):
    settings.PROPEXO_SYNC_INTERVAL = 3_600
    for _ in range(5):
        tick_syncs(now=now + timedelta(hours=1))
    assert len(asked) == 1


def test_with_no_interval_nothing_starts_by_itself(linked, asked, now, settings):
    settings.PROPEXO_SYNC_INTERVAL = 0
    for minutes in range(121):
        tick_syncs(now=now + timedelta(minutes=minutes))
    assert asked == []


def test_a_sync_starts_within_the_window_only(linked, asked, now, settings):
    settings.PROPEXO_SYNC_INTERVAL, settings.PROPEXO_SYNC_WINDOW = 3_600, "22:00-06:00"
    settings.TIME_ZONE = "UTC"
    nine = now
    for hours in range(1, 25):
        tick_syncs(now=nine + timedelta(hours=hours))
    assert [time.hour for time in asked] == [22, 23, 0, 1, 2, 3, 4, 5]


def test_a_connection_that_needs_a_login_is_left_alone(linked, asked, now):
    Connection.objects.update(status=ConnectionStatus.LOGIN_EXPIRED)
    tick_syncs(now=now + timedelta(days=1))
    assert asked == []


def test_one_connection_that_fails_does_not_stop_the_next(linked, now, monkeypatch, cast):
    Connection.objects.create(
        portfolio=cast.portfolio,
        propexo_connection_id="conn_002",
        pms="entrata",
        status=ConnectionStatus.ACTIVE,
        validated_at=now,
        created_by=cast.manager,
        created_at=now,
    )
    tried: list[str] = []

    def refuse(*, connection, **_) -> None:
        tried.append(connection.propexo_connection_id)
        raise errors.Unavailable("No answer.")

    monkeypatch.setattr(sync_schedule, "request_connection_sync", refuse)
    tick_syncs(now=now + timedelta(days=1))
    assert tried == ["conn_001", "conn_002"]


@pytest.mark.parametrize(
    ("error", "minutes"), [(errors.Unavailable("No answer."), 5), (errors.NotFound("None."), 60)]
)
def test_a_connection_that_could_not_be_asked_just_now_has_its_turn_soon(
    linked, now, settings, monkeypatch, error, minutes
):
    settings.PROPEXO_SYNC_INTERVAL = 3_600
    tried: list[datetime] = []

    def refuse(*, now, **_) -> None:
        tried.append(now)
        raise error

    monkeypatch.setattr(sync_schedule, "request_connection_sync", refuse)
    for minute in range(60, 60 + minutes + 1):
        tick_syncs(now=now + timedelta(minutes=minute))
    assert tried == [now + timedelta(minutes=60), now + timedelta(minutes=60 + minutes)]


def test_a_tick_wakes_a_worker_for_a_run_that_lost_its_own(linked, asked, now):
    SyncRun.objects.create(
        property=Property.objects.earliest("pk"),
        queued_at=now,
        state=SyncState.RUNNING,
        started_at=now,
        beat_at=now,
    )
    tick_syncs(now=now + timedelta(minutes=1))
    assert not OrmQ.objects.exists()
    tick_syncs(now=now + STALE_AFTER + timedelta(seconds=1))
    assert OrmQ.objects.count() == 1
