from __future__ import annotations

from datetime import timedelta

import pytest
from django_q.models import OrmQ

from integrations.models import SyncRun, SyncState
from integrations.operations import sync_work
from integrations.operations.sync_work import work_on_syncs
from integrations.operations.syncs import request_sync
from integrations.sync.claim import STALE_AFTER
from integrations.tests.fake_gateway import FakeGateway, make_unit
from portfolios.models import Property


@pytest.fixture
def remote(monkeypatch) -> FakeGateway:
    gateway = FakeGateway(units=[make_unit()])
    monkeypatch.setattr(sync_work, "open_gateway", lambda _connection: gateway)
    return gateway


def test_a_worker_carries_out_what_is_due(linked, remote, now):
    for place in Property.objects.all():
        request_sync(place=place, by=None, now=now)
    OrmQ.objects.all().delete()
    work_on_syncs(clock=lambda: now)
    assert SyncRun.objects.filter(state=SyncState.COMPLETED).count() == 3
    assert not OrmQ.objects.exists()


def test_a_worker_whose_time_is_up_nudges_for_the_rest(linked, remote, now):
    for place in Property.objects.all():
        request_sync(place=place, by=None, now=now)
    OrmQ.objects.all().delete()
    work_on_syncs(clock=lambda: now, seconds=0)
    assert SyncRun.objects.filter(state=SyncState.QUEUED).count() == 3
    assert OrmQ.objects.count() == 1


def test_what_people_wait_for_goes_first(cast, linked, remote, now):
    first, second, third = Property.objects.order_by("pk")
    request_sync(place=first, by=None, now=now)
    request_sync(place=second, by=None, now=now)
    request_sync(place=third, by=cast.manager, now=now + timedelta(minutes=1))
    work_on_syncs(clock=lambda: now + timedelta(minutes=2))
    read = [property_id for what, property_id, *_ in remote.calls if what == "units"]
    assert read == ["prop_2", "prop_0", "prop_1"]


def test_a_worker_leaves_room_when_enough_syncs_run(linked, remote, now, settings):
    settings.Q_CLUSTER = settings.Q_CLUSTER | {"workers": 2}
    running, waiting, _ = Property.objects.order_by("pk")
    SyncRun.objects.create(
        property=running, queued_at=now, state=SyncState.RUNNING, started_at=now, beat_at=now
    )
    request_sync(place=waiting, by=None, now=now)
    work_on_syncs(clock=lambda: now)
    assert SyncRun.objects.get(property=waiting).state == SyncState.QUEUED


def test_a_lost_workers_run_is_taken_up(linked, remote, now):
    place = Property.objects.earliest("pk")
    run = SyncRun.objects.create(
        property=place,
        queued_at=now,
        state=SyncState.RUNNING,
        token="of the dead",
        started_at=now,
        beat_at=now,
    )
    work_on_syncs(clock=lambda: now + STALE_AFTER)
    run.refresh_from_db()
    assert run.state == SyncState.RUNNING
    work_on_syncs(clock=lambda: now + STALE_AFTER + timedelta(seconds=1))
    run.refresh_from_db()
    assert (run.state, run.units_read) == (SyncState.COMPLETED, 1)


def test_a_worker_without_a_key_says_so_on_the_run(cast, place, settings, now):
    settings.PROPEXO_API_KEY = ""
    run = request_sync(place=place, by=cast.manager, now=now)
    work_on_syncs(clock=lambda: now)
    run.refresh_from_db()
    assert (run.state, run.error_code) == (SyncState.FAILED, "NOT_CONFIGURED")
    assert "PROPEXO_API_KEY" in run.error


def test_a_queued_sync_of_the_sandbox_is_carried_out(cast, place, now):
    run = request_sync(place=place, by=cast.manager, now=now)
    work_on_syncs(clock=lambda: now)
    run.refresh_from_db()
    assert (run.state, run.created) == (SyncState.COMPLETED, 0)
