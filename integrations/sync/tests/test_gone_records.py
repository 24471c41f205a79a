from __future__ import annotations

from integrations.models import (
    ReviewItem,
    SyncState,
)
from integrations.pms import errors
from integrations.pms.records import LeaseStatus
from integrations.sync.tests.running import counts, malformed, sync
from integrations.tests.fake_gateway import FakeGateway, make_lease, make_unit
from portfolios.models import Lease, Unit


def test_a_unit_that_vanished_is_kept_and_comes_back(house, clock):
    sync(house, FakeGateway(units=[make_unit(), make_unit("unit_2")]), clock())
    clock.advance(hours=1)
    sync(house, FakeGateway(units=[make_unit()]), clock())
    assert Unit.objects.get(propexo_unit_id="unit_2").missing_since == clock()
    assert ReviewItem.objects.get().kind == "vanished"
    clock.advance(hours=1)
    run = sync(house, FakeGateway(units=[make_unit(), make_unit("unit_2")]), clock())
    assert counts(run) == (0, 1, 1, 0)
    assert Unit.objects.get(propexo_unit_id="unit_2").missing_since is None
    assert ReviewItem.objects.get().resolved_at == clock()


def test_a_vanished_item_waits_for_a_person(house, clock):
    sync(house, FakeGateway(units=[make_unit(), make_unit("unit_2")]), clock())
    for _ in range(2):
        clock.advance(hours=1)
        sync(house, FakeGateway(units=[make_unit()]), clock())
    assert ReviewItem.objects.get().resolved_at is None


def test_only_a_complete_reading_of_everything_takes_a_record_for_gone(house, clock):
    sync(house, FakeGateway(units=[make_unit(), make_unit("unit_2")]), clock())
    clock.advance(hours=1)
    sync(house, FakeGateway(units=[make_unit()]), clock(), updated_since=clock())
    assert not house.units.exclude(missing_since=None).exists()
    assert not ReviewItem.objects.exists()


def test_an_empty_list_takes_nothing_for_gone(house, clock):
    leases = [make_lease()]
    sync(house, FakeGateway(units=[make_unit()], leases=leases), clock())
    clock.advance(hours=1)
    run = sync(house, FakeGateway(), clock())
    assert not house.units.exclude(missing_since=None).exists()
    assert not Lease.objects.exclude(missing_since=None).exists()
    item = ReviewItem.objects.get()
    assert (item.kind, item.record_kind, run.flagged) == ("contradiction", "property", 1)
    assert "may have been switched off in Propexo" in item.message
    clock.advance(hours=1)
    sync(house, FakeGateway(units=[make_unit()], leases=leases), clock())
    item.refresh_from_db()
    assert item.resolved_at == clock()


def test_a_record_that_is_shown_in_an_unreadable_form_is_not_gone(house, clock):
    sync(house, FakeGateway(units=[make_unit(), make_unit("unit_9")]), clock())
    clock.advance(hours=1)
    sync(house, FakeGateway(units=[make_unit(), malformed()]), clock())
    assert not house.units.exclude(missing_since=None).exists()
    assert ReviewItem.objects.get().kind == "unreadable"


def test_a_lease_that_vanished_is_flagged_unless_it_was_past(house, clock):
    past = make_lease("lease_2", status=LeaseStatus.PAST)
    sync(house, FakeGateway(units=[make_unit()], leases=[make_lease(), past]), clock())
    clock.advance(hours=1)
    other = make_lease("lease_3", status=LeaseStatus.FUTURE)
    sync(house, FakeGateway(units=[make_unit()], leases=[other]), clock())
    assert Lease.objects.exclude(missing_since=None).count() == 2
    assert [item.remote_id for item in ReviewItem.objects.all()] == ["lease_1"]


def test_a_reading_that_breaks_off_takes_nothing_for_gone(house, now):
    sync(house, FakeGateway(units=[make_unit(), make_unit("unit_2")]), now)
    broken = FakeGateway(
        units=[make_unit()], errors_after={"units": errors.Unavailable("No answer.")}
    )
    run = sync(house, broken, now)
    assert run.state == SyncState.QUEUED
    assert not house.units.exclude(missing_since=None).exists()
