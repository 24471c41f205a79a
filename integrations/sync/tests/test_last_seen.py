from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.models import ReviewItem, SyncRun, SyncState
from integrations.operations.review_items import resolve_review_item
from integrations.pms.records import LeaseStatus, PmsLease, PmsUnit
from integrations.sync.run import run_sync
from integrations.sync.tests.running import counts, sync
from integrations.tests.fake_gateway import FakeGateway, make_lease, make_unit
from portfolios.models import Lease, Unit

SEEN = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
MONTH = timedelta(days=30)
LONG_AGO = SEEN - MONTH - timedelta(seconds=1)


def fresh(unit_id: str = "unit_1", **changes: object) -> PmsUnit:
    return make_unit(unit_id, **({"last_seen": SEEN} | changes))


def stale(unit_id: str = "unit_2", **changes: object) -> PmsUnit:
    return make_unit(unit_id, **({"last_seen": LONG_AGO} | changes))


def a_lease(lease_id: str = "lease_1", **changes: object) -> PmsLease:
    return make_lease(lease_id, **({"last_seen": SEEN} | changes))


def the_unit(unit_id: str = "unit_2") -> Unit:
    return Unit.objects.get(propexo_unit_id=unit_id)


def open_items() -> list[tuple[str, str, str]]:
    items = ReviewItem.objects.filter(resolved_at=None).order_by("remote_id")
    return list(items.values_list("kind", "record_kind", "remote_id"))


VANISHED = ("vanished", "unit", "unit_2")


def test_a_unit_that_the_pms_stopped_showing_is_flagged_as_one_that_is_not_listed(house, clock):
    run = sync(house, FakeGateway(units=[fresh(), stale()]), clock())
    assert (the_unit().missing_since, the_unit().propexo_seen_at) == (clock(), LONG_AGO)
    assert the_unit("unit_1").missing_since is None
    assert (open_items(), run.flagged) == ([VANISHED], 1)
    assert "last shown by the PMS on 2026-03-02" in ReviewItem.objects.get().message


@pytest.mark.parametrize("last_seen", [SEEN - MONTH, SEEN, None])
def test_thirty_days_and_silence_prove_nothing(house, clock, last_seen):
    sync(house, FakeGateway(units=[fresh(), stale(last_seen=last_seen)]), clock())
    assert (the_unit().missing_since, open_items()) == (None, [])


def test_only_records_of_one_kind_in_one_property_are_compared(house, clock):
    old = SEEN - timedelta(days=400)
    units = [make_unit("unit_1", last_seen=old), make_unit("unit_2", last_seen=old)]
    sync(house, FakeGateway(units=units, leases=[a_lease()]), clock())
    assert open_items() == []


def test_a_sight_in_times_to_come_makes_nobody_old(house, clock):
    typo = fresh("unit_3", last_seen=SEEN + timedelta(days=3_000))
    sync(house, FakeGateway(units=[fresh(), fresh("unit_2"), typo]), clock())
    assert open_items() == []


def test_a_reading_of_changes_takes_nothing_for_gone(house, clock):
    rows = [fresh(), stale()]
    sync(house, FakeGateway(units=rows), clock(), updated_since=clock())
    assert (the_unit().missing_since, open_items()) == (None, [])


def test_it_stays_gone_and_decided_as_long_as_nobody_sees_it_again(cast, house, clock):
    gateway = FakeGateway(units=[fresh(), stale()])
    sync(house, gateway, clock())
    since = clock()
    item = ReviewItem.objects.get()
    clock.advance(hours=1)
    assert counts(sync(house, gateway, clock())) == (0, 0, 2, 0)
    assert (the_unit().missing_since, open_items()) == (since, [VANISHED])
    resolve_review_item(item=item, note="Sold.", by=cast.manager, now=clock())
    clock.advance(hours=1)
    sync(house, gateway, clock(), updated_since=clock())
    sync(house, gateway, clock())
    assert (the_unit().missing_since, open_items()) == (since, [])


def test_its_values_are_stored_while_it_is_gone(house, clock):
    sync(house, FakeGateway(units=[fresh(), stale()]), clock())
    since = clock()
    clock.advance(hours=1)
    run = sync(house, FakeGateway(units=[fresh(), stale(square_feet=900)]), clock())
    assert run.changed == 1
    assert (the_unit().sqft, the_unit().missing_since) == (900, since)


@pytest.mark.parametrize("changes", [{}, {"square_feet": 900}])
@pytest.mark.parametrize("full", [True, False])
def test_it_is_back_when_the_pms_shows_it_again(house, clock, full, changes):
    sync(house, FakeGateway(units=[fresh(), stale()]), clock())
    clock.advance(hours=1)
    back = FakeGateway(units=[fresh(), fresh("unit_2", **changes)])
    run = sync(house, back, clock(), updated_since=None if full else clock())
    assert (the_unit().missing_since, the_unit().propexo_seen_at) == (None, SEEN)
    assert (open_items(), run.changed) == ([], 1)


def test_it_is_back_when_a_list_had_only_skipped_it(house, clock):
    rows = [fresh(), fresh("unit_2")]
    for units in (rows, [fresh()], rows):
        sync(house, FakeGateway(units=units), clock())
        clock.advance(hours=1)
    assert (the_unit().missing_since, open_items()) == (None, [])


def test_the_lease_of_a_unit_that_is_gone_still_has_a_home(house, clock):
    leases = [a_lease(), a_lease("lease_2", unit_id="unit_2", last_seen=LONG_AGO)]
    gateway = FakeGateway(units=[fresh(), stale()], leases=leases)
    for _ in range(2):
        sync(house, gateway, clock())
        clock.advance(hours=1)
    assert open_items() == [("vanished", "lease", "lease_2"), VANISHED]


def test_a_unit_that_took_the_number_of_one_that_is_gone_has_its_leases(house, clock):
    rows = [fresh(unit_number="A"), stale(unit_number="B"), fresh("unit_3", unit_number="B")]
    lease = a_lease(unit_id="", unit_number="B")
    sync(house, FakeGateway(units=rows), clock())
    clock.advance(hours=1)
    sync(house, FakeGateway(units=rows, leases=[lease]), clock())
    assert Lease.objects.get().unit.propexo_unit_id == "unit_3"


def test_a_past_lease_may_go_without_a_word(house, clock):
    past = a_lease("lease_2", status=LeaseStatus.PAST, last_seen=LONG_AGO)
    sync(house, FakeGateway(units=[fresh()], leases=[a_lease(), past]), clock())
    assert Lease.objects.get(propexo_lease_id="lease_2").missing_since == clock()
    assert open_items() == []


def test_a_worker_that_takes_over_sees_what_the_one_before_it_read(house, clock):
    rows = [stale(), fresh(), fresh("unit_3"), fresh("unit_4")]
    gateway = FakeGateway(units=rows, rows_per_page=1)
    run = SyncRun.objects.create(property=house, queued_at=clock())
    for _ in range(2):
        run_sync(run_id=run.pk, gateway=gateway, clock=clock, out_of_time=lambda: True)
        clock.advance(minutes=1)
    assert open_items() == []
    run_sync(run_id=run.pk, gateway=gateway, clock=clock)
    run.refresh_from_db()
    assert (run.state, open_items()) == (SyncState.COMPLETED, [VANISHED])


def test_where_nothing_is_said_nothing_is_stored(house, clock):
    sync(house, FakeGateway(units=[make_unit()], leases=[make_lease()]), clock())
    assert (Unit.objects.get().propexo_seen_at, Lease.objects.get().propexo_seen_at) == (None, None)
