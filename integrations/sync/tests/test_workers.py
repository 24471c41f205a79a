from __future__ import annotations

import pytest

from integrations.models import (
    SyncPhase,
    SyncRun,
    SyncState,
)
from integrations.sync.claim import MOST_LOSSES, STALE_AFTER, take
from integrations.sync.run import run_sync
from integrations.tests.fake_gateway import FakeGateway, make_lease, make_unit
from portfolios.models import Lease


def test_a_run_that_was_taken_already_is_left_alone(house, now):
    run = SyncRun.objects.create(
        property=house, queued_at=now, state=SyncState.RUNNING, started_at=now, beat_at=now
    )
    run_sync(run_id=run.pk, gateway=FakeGateway(units=[make_unit()]), clock=lambda: now)
    run.refresh_from_db()
    assert run.state == SyncState.RUNNING
    assert not house.units.exists()


def test_a_worker_that_is_told_to_stop_leaves_the_run_to_the_next(house, now):
    gateway = FakeGateway(units=[make_unit()], errors_after={"leases": SystemExit()})
    run = SyncRun.objects.create(property=house, queued_at=now)
    with pytest.raises(SystemExit):
        run_sync(run_id=run.pk, gateway=gateway, clock=lambda: now)
    run.refresh_from_db()
    assert (run.state, run.phase, run.units_read) == (SyncState.QUEUED, SyncPhase.LEASES, 1)


def test_a_worker_whose_time_is_up_goes_on_at_the_next_page(house, now):
    units = [make_unit(f"unit_{number}") for number in range(6)]
    gateway = FakeGateway(units=units, rows_per_page=2)
    run = SyncRun.objects.create(property=house, queued_at=now)
    for read in (2, 4, 6):
        run_sync(run_id=run.pk, gateway=gateway, clock=lambda: now, out_of_time=lambda: True)
        run.refresh_from_db()
        assert (run.state, run.units_read) == (SyncState.QUEUED, read)
    run_sync(run_id=run.pk, gateway=gateway, clock=lambda: now)
    run.refresh_from_db()
    assert (run.state, run.created, run.pages_read) == (SyncState.COMPLETED, 6, 5)


def test_a_worker_that_was_taken_for_lost_stores_nothing_any_more(house, clock):
    run = SyncRun.objects.create(property=house, queued_at=clock())

    class Sleeping(FakeGateway):
        def list_leases(self, **asked):
            clock.advance(seconds=STALE_AFTER.total_seconds() + 1)
            other = FakeGateway(units=[make_unit()], leases=[make_lease()])
            run_sync(run_id=run.pk, gateway=other, clock=clock)
            return super().list_leases(**asked)

    late = [make_lease("lease_2"), make_lease("lease_3")]
    run_sync(run_id=run.pk, gateway=Sleeping(units=[make_unit()], leases=late), clock=clock)
    run.refresh_from_db()
    assert (run.state, run.leases_read) == (SyncState.COMPLETED, 1)
    assert [lease.propexo_lease_id for lease in Lease.objects.all()] == ["lease_1"]


def test_a_run_that_loses_every_worker_is_given_up(house, clock):
    run = SyncRun.objects.create(property=house, queued_at=clock())
    for _ in range(MOST_LOSSES + 1):
        assert take(run.pk, now=clock()) is not None
        clock.advance(seconds=STALE_AFTER.total_seconds() + 1)
    assert take(run.pk, now=clock()) is None
    run.refresh_from_db()
    assert (run.state, run.error_code) == (SyncState.FAILED, "WORKER_LOST")
