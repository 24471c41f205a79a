from __future__ import annotations

import json
import urllib.request
from datetime import date

from integrations.models import (
    SyncPhase,
    SyncRun,
    SyncState,
)
from integrations.pms import errors
from integrations.pms.records import Occupancy
from integrations.sync.pages import Planner
from integrations.sync.run import run_sync
from integrations.sync.stored import read_leases_in_sight, read_units_in_sight
from integrations.sync.tests.running import counts, sync
from integrations.tests.fake_gateway import FakeGateway, make_lease, make_resident, make_unit
from portfolios.models import AuditEvent, Lease, Unit, UnitField
from portfolios.operations.units import set_unit_values
from portfolios.queries import read_units


def test_a_first_sync_stores_everything(place, now):
    run = place.sync_runs.get()
    assert run.state == SyncState.COMPLETED
    assert (run.units_read, run.leases_read) == (48, Lease.objects.count())
    assert run.residents_read > run.leases_read
    assert counts(run) == (48 + run.leases_read, 0, 0, 0)
    assert (run.finished_at, run.error, run.token, run.mark) == (now, "", "", "")
    assert place.link.last_synced_at is None
    place.link.refresh_from_db()
    assert place.link.last_synced_at == now
    assert place.link.connection.last_completed_sync == now
    assert AuditEvent.objects.filter(verb="sync.completed").count() == 1


def test_a_second_sync_finds_everything_unchanged(place, gateway, now):
    first = place.sync_runs.get()
    second = sync(place, gateway, now)
    assert counts(second) == (0, 0, first.created, 0)


def test_a_lease_that_ended_in_the_pms_is_changed(place, gateway, sandbox, now):
    lease = Lease.objects.get(unit__unit_number="101", status="active")
    assert lease.unit.occupied is True
    request = urllib.request.Request(  # noqa: S310 - the sandbox on this machine
        f"{sandbox.base_url}/_sandbox/leases/{lease.propexo_lease_id}/end",
        data=json.dumps({"end_date": "2026-03-20"}).encode(),
        method="POST",
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - the sandbox on this machine
        assert answer.status == 200
    run = sync(place, gateway, now)
    assert (run.created, run.changed) == (0, 2)
    lease.refresh_from_db()
    assert (lease.status, lease.end_date) == ("past", date(2026, 3, 20))
    assert lease.unit.occupied is False


def test_hand_typed_values_survive(cast, house, clock):
    sync(house, FakeGateway(units=[make_unit(square_feet=None)]), clock())
    unit = house.units.get()
    set_unit_values(unit=unit, values={UnitField.SQFT: "777"}, by=cast.manager, now=clock())
    sync(house, FakeGateway(units=[make_unit(square_feet=900)]), clock())
    (facts,) = read_units(house)
    assert facts.sqft == 777
    typed = facts.value_typed(UnitField.SQFT)
    assert typed is not None
    assert typed.pms_value == 900


def test_a_new_number_of_a_unit_is_kept_in_the_audit_trail(house, clock):
    sync(house, FakeGateway(units=[make_unit()]), clock())
    sync(house, FakeGateway(units=[make_unit(unit_number="1A")]), clock())
    event = AuditEvent.objects.get(verb="unit.renumbered")
    assert (event.before, event.after) == ({"unit_number": "1"}, {"unit_number": "1A"})


def test_a_lease_without_a_unit_id_finds_its_unit_by_a_number_that_is_unique(house, clock):
    units = [make_unit("unit_1", unit_number="A-1"), make_unit("unit_2", unit_number="A-2")]
    lease = make_lease(unit_id="", unit_number="Apt A-2")
    sync(house, FakeGateway(units=units, leases=[lease]), clock())
    assert Lease.objects.get().unit.propexo_unit_id == "unit_2"


def test_a_unit_that_changed_is_stored(house, now):
    sync(house, FakeGateway(units=[make_unit()]), now)
    vacant = make_unit(square_feet=900, occupancy=Occupancy.VACANT, raw_status="vacant")
    sync(house, FakeGateway(units=[vacant]), now)
    unit = house.units.get()
    assert (unit.sqft, unit.occupied, unit.raw_status) == (900, False, "vacant")


def test_the_progress_is_written_down_on_the_way(house, now):
    seen: list[tuple[str, int]] = []

    class Watching(FakeGateway):
        def list_leases(self, **asked):
            run = SyncRun.objects.get()
            seen.append((run.phase, run.units_read))
            return super().list_leases(**asked)

    sync(house, Watching(units=[make_unit(f"unit_{n}") for n in range(3)]), now)
    assert seen == [(SyncPhase.LEASES, 3)]


def test_what_a_first_sync_knows_of_its_rows_is_what_is_stored(house, now):
    gateway = FakeGateway(
        units=[make_unit("unit_1", building="B", current_lease_id="lease_1"), make_unit("unit_2")],
        leases=[make_lease("lease_1"), make_lease("lease_2", unit_id="unit_2", resident_id=None)],
    )
    run = SyncRun.objects.create(property=house, queued_at=now, started_at=now)
    planner = Planner(run, is_new=True)
    planner.units(list(gateway.units)).store(now)
    assert planner.units_in_sight == read_units_in_sight(house, since=now)
    planner.leases(list(gateway.leases)).store(now)
    assert planner.leases_in_sight == read_leases_in_sight(house, since=now)


def test_the_next_list_is_expected_before_the_end_of_one_is_stored(house, now):
    seen: list[tuple[str, int, int]] = []

    class Expecting(FakeGateway):
        def expect(self, following, *, property_id, updated_since=None):
            assert (property_id, updated_since) == ("prop_x", None)
            seen.append((following, Unit.objects.count(), Lease.objects.count()))

    gateway = Expecting(units=[make_unit()], leases=[make_lease()], residents=[make_resident()])
    sync(house, gateway, now)
    assert seen == [("leases", 0, 0), ("residents", 1, 0)]


def test_a_mark_that_propexo_forgot_starts_the_list_again(house, now):
    class Forgetful(FakeGateway):
        def list_units(self, *, resume_at=None, **asked):
            if resume_at is not None:
                raise errors.InvalidRequest("Unknown cursor.", http_status=422)
            return super().list_units(resume_at=resume_at, **asked)

    gateway = Forgetful(units=[make_unit(f"unit_{number}") for number in range(4)], rows_per_page=2)
    run = SyncRun.objects.create(property=house, queued_at=now)
    run_sync(run_id=run.pk, gateway=gateway, clock=lambda: now, out_of_time=lambda: True)
    run_sync(run_id=run.pk, gateway=gateway, clock=lambda: now)
    run.refresh_from_db()
    assert (run.state, house.units.count()) == (SyncState.COMPLETED, 4)
    assert counts(run) == (4, 0, 2, 0)
