from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from integrations.models import (
    Connection,
    ConnectionStatus,
    PropertyReading,
    SyncRun,
    SyncState,
)
from integrations.operations import syncs
from integrations.operations.syncs import NotLinked, request_connection_sync, request_sync
from integrations.pms import errors
from integrations.sync.queueing import OVERLAP
from integrations.sync.run import run_sync
from integrations.tests.fake_gateway import FakeGateway, make_connection, make_unit
from portfolios.models import Property


@pytest.fixture
def remote(monkeypatch) -> FakeGateway:
    """Stand in for Propexo wherever a connection's gateway is opened."""
    gateway = FakeGateway(connection=make_connection(), units=[make_unit()])
    monkeypatch.setattr(syncs, "open_gateway", lambda _connection: gateway)
    return gateway


def note_read(linked: Connection, **values: object) -> None:
    for link in linked.links.all():
        PropertyReading.objects.update_or_create(property=link.property, defaults=values)


def test_a_sync_is_queued_with_a_nudge(cast, place, now):
    run = request_sync(place=place, by=cast.manager, now=now)
    assert (run.state, run.requested_by, run.queued_at) == (SyncState.QUEUED, cast.manager, now)
    assert OrmQ.objects.count() == 1


def test_while_one_is_queued_no_second_one_is_made(cast, place, now):
    first = request_sync(place=place, by=cast.manager, now=now)
    assert request_sync(place=place, by=cast.manager, now=now) == first
    first.refresh_from_db()
    assert first.asked_again_at is None


def test_the_queue_is_not_filled_with_nudges(cast, place, now):
    for _ in range(50):
        request_sync(place=place, by=cast.manager, now=now)
    assert OrmQ.objects.count() <= 8


def test_a_property_that_is_not_connected_is_refused(cast, now):
    place = Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="x", name="Loose", created_at=now
    )
    with pytest.raises(NotLinked, match="Loose is not connected to a PMS"):
        request_sync(place=place, by=cast.manager, now=now)
    assert not SyncRun.objects.exists()


def test_requests_during_a_run_lead_to_one_follow_up(cast, linked, now):
    place = linked.links.earliest("pk").property
    first = request_sync(place=place, by=None, now=now)

    class Asking(FakeGateway):
        def list_units(self, **asked):
            for _ in range(3):
                assert request_sync(place=place, by=cast.manager, now=now) == first
            return super().list_units(**asked)

    run_sync(run_id=first.pk, gateway=Asking(units=[make_unit()]), clock=lambda: now)
    first.refresh_from_db()
    assert first.state == SyncState.COMPLETED
    follow_up = place.sync_runs.exclude(pk=first.pk).get()
    assert (follow_up.state, follow_up.requested_by) == (SyncState.QUEUED, cast.manager)
    assert follow_up.updated_since == now - OVERLAP
    run_sync(run_id=follow_up.pk, gateway=FakeGateway(units=[make_unit()]), clock=lambda: now)
    assert place.sync_runs.count() == 2


def test_a_run_that_fails_is_followed_too(cast, linked, now):
    place = linked.links.earliest("pk").property
    first = request_sync(place=place, by=None, now=now)
    SyncRun.objects.filter(pk=first.pk).update(asked_again_at=now)
    gateway = FakeGateway(error=errors.NotFound("No such property."))
    run_sync(run_id=first.pk, gateway=gateway, clock=lambda: now)
    states = place.sync_runs.order_by("pk").values_list("state", flat=True)
    assert list(states) == [SyncState.FAILED, SyncState.QUEUED]


def test_a_request_for_everything_widens_a_run_that_waits(cast, linked, now):
    note_read(linked, read_at=now, fully_read_at=now)
    place = linked.links.earliest("pk").property
    run = request_sync(place=place, by=None, now=now)
    assert run.updated_since == now - OVERLAP
    assert request_sync(place=place, by=cast.manager, now=now, full=True) == run
    run.refresh_from_db()
    assert run.is_full


def test_everything_is_read_the_first_time_and_now_and_then(linked, now, settings):
    place = linked.links.earliest("pk").property
    assert request_sync(place=place, by=None, now=now).is_full
    SyncRun.objects.all().delete()
    note_read(linked, read_at=now, fully_read_at=now)
    settings.PROPEXO_FULL_SYNC_INTERVAL = 3_600
    assert not request_sync(place=place, by=None, now=now + timedelta(minutes=59)).is_full
    SyncRun.objects.all().delete()
    assert request_sync(place=place, by=None, now=now + timedelta(minutes=60)).is_full


def test_a_connection_asks_once_whether_there_is_news(linked, remote, now):
    remote.connection = make_connection(last_synced_at=now)
    asked = request_connection_sync(connection=linked, by=None, now=now)
    assert (asked.queued, asked.unchanged, asked.pms_synced_at) == (3, 0, now)
    assert SyncRun.objects.filter(state=SyncState.QUEUED, pms_synced_at=now).count() == 3
    assert remote.calls == [("connection", "conn_001"), ("properties", "conn_001")]


def test_a_connection_without_news_costs_one_request(linked, remote, now):
    remote.connection = make_connection(last_synced_at=now)
    note_read(linked, read_at=now, fully_read_at=now, pms_synced_at=now)
    asked = request_connection_sync(connection=linked, by=None, now=now)
    assert (asked.queued, asked.unchanged) == (0, 3)
    assert not SyncRun.objects.exists()
    assert len(remote.calls) == 1
    assert not OrmQ.objects.exists()


def test_a_connection_that_says_nothing_of_its_syncs_is_read(linked, remote, now):
    note_read(linked, read_at=now, fully_read_at=now)
    assert request_connection_sync(connection=linked, by=None, now=now).queued == 3


def test_what_was_read_last_is_remembered_with_the_state_of_propexo(linked, remote, now):
    remote.connection = make_connection(last_synced_at=now)
    request_connection_sync(connection=linked, by=None, now=now)
    for run in SyncRun.objects.all():
        run_sync(run_id=run.pk, gateway=remote, clock=lambda: now)
    assert request_connection_sync(connection=linked, by=None, now=now).queued == 0
    later = now + timedelta(hours=1)
    remote.connection = make_connection(last_synced_at=later)
    assert request_connection_sync(connection=linked, by=None, now=later).queued == 3
    assert SyncRun.objects.filter(updated_since=now - OVERLAP).count() == 3


def test_the_number_of_properties_costs_no_more_statements(
    linked, remote, now, django_assert_max_num_queries
):
    with django_assert_max_num_queries(14):
        request_connection_sync(connection=linked, by=None, now=now)


def test_a_connection_joins_what_is_under_way(cast, linked, remote, now):
    running, waiting, _ = (link.property for link in linked.links.order_by("pk"))
    for place in (running, waiting):
        request_sync(place=place, by=None, now=now)
    SyncRun.objects.filter(property=running).update(
        state=SyncState.RUNNING, started_at=now, beat_at=now
    )
    asked = request_connection_sync(connection=linked, by=cast.manager, now=now)
    assert asked.queued == 3
    assert SyncRun.objects.count() == 3
    assert SyncRun.objects.get(property=running).asked_again_by == cast.manager
    assert SyncRun.objects.get(property=waiting).asked_again_at is None


def test_a_person_wakes_runs_that_rest_and_the_clock_does_not(cast, linked, remote, now):
    later = now + timedelta(minutes=30)
    place = linked.links.earliest("pk").property
    run = request_sync(place=place, by=None, now=now)
    SyncRun.objects.update(not_before=later)
    request_sync(place=place, by=None, now=now)
    request_connection_sync(connection=linked, by=None, now=now)
    run.refresh_from_db()
    assert run.not_before == later
    request_connection_sync(connection=linked, by=cast.manager, now=now)
    run.refresh_from_db()
    assert run.not_before is None


def test_an_archived_property_is_left_alone(linked, remote, now):
    Property.objects.filter(name="House 1").update(archived_at=now)
    assert request_connection_sync(connection=linked, by=None, now=now).queued == 2


def test_an_expired_login_is_noted_when_a_connection_is_asked(linked, remote, now):
    remote.error = errors.PmsLoginExpired("The login has expired.")
    with pytest.raises(errors.PmsLoginExpired):
        request_connection_sync(connection=linked, by=None, now=timezone.now())
    linked.refresh_from_db()
    assert linked.status == ConnectionStatus.LOGIN_EXPIRED
