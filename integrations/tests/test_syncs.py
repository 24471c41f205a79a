from __future__ import annotations

from datetime import timedelta

import pytest
from django_q.models import OrmQ

from integrations.models import SyncRun, SyncState
from integrations.operations.syncs import (
    STALE_AFTER,
    NotLinked,
    close_stale_runs,
    request_sync,
)
from integrations.tasks import sync_property
from portfolios.models import Property


def test_a_sync_is_queued_with_a_nudge(cast, place, now):
    run = request_sync(place=place, by=cast.manager, now=now)
    assert (run.state, run.requested_by, run.queued_at) == (SyncState.QUEUED, cast.manager, now)
    assert OrmQ.objects.count() == 1


def test_while_one_is_queued_no_second_one_is_made(cast, place, now):
    first = request_sync(place=place, by=cast.manager, now=now)
    assert request_sync(place=place, by=cast.manager, now=now) == first


def test_while_one_runs_no_second_one_is_made(cast, place, now):
    first = request_sync(place=place, by=cast.manager, now=now)
    SyncRun.objects.filter(pk=first.pk).update(state=SyncState.RUNNING, beat_at=now)
    assert request_sync(place=place, by=cast.manager, now=now) == first


def test_a_property_that_is_not_connected_is_refused(cast, now):
    place = Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="x", name="Loose", created_at=now
    )
    with pytest.raises(NotLinked, match="Loose is not connected to a PMS"):
        request_sync(place=place, by=cast.manager, now=now)
    assert not SyncRun.objects.exists()


def test_a_run_whose_worker_was_lost_is_closed_and_a_new_one_starts(cast, place, now):
    lost = request_sync(place=place, by=cast.manager, now=now)
    SyncRun.objects.filter(pk=lost.pk).update(state=SyncState.RUNNING, beat_at=now)
    later = now + STALE_AFTER + timedelta(seconds=1)
    run = request_sync(place=place, by=cast.manager, now=later)
    assert run != lost
    lost.refresh_from_db()
    assert (lost.state, lost.error_code) == (SyncState.FAILED, "WORKER_LOST")
    assert lost.finished_at == later


def test_a_run_that_gave_a_sign_of_life_is_left_alone(cast, place, now):
    run = request_sync(place=place, by=cast.manager, now=now)
    SyncRun.objects.filter(pk=run.pk).update(state=SyncState.RUNNING, beat_at=now)
    close_stale_runs(now=now + STALE_AFTER)
    run.refresh_from_db()
    assert run.state == SyncState.RUNNING


def test_a_worker_carries_the_queued_sync_out(cast, place, now):
    run = request_sync(place=place, by=cast.manager, now=now)
    sync_property(run.pk)
    run.refresh_from_db()
    assert (run.state, run.changed) == (SyncState.COMPLETED, 0)


def test_a_worker_without_a_key_says_so_on_the_run(cast, place, settings, now):
    settings.PROPEXO_API_KEY = ""
    run = request_sync(place=place, by=cast.manager, now=now)
    sync_property(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error_code) == (SyncState.FAILED, "NOT_CONFIGURED")
    assert "PROPEXO_API_KEY" in run.error
