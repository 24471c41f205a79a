from __future__ import annotations

import json
import urllib.request
from datetime import date, timedelta

import pytest

from integrations.models import (
    Connection,
    ConnectionStatus,
    PropertyLink,
    ReviewItem,
    SyncRun,
    SyncState,
)
from integrations.pms import errors
from integrations.pms.records import MalformedRecord, Occupancy, PmsUnit
from integrations.sync.run import run_sync
from integrations.tests.fake_gateway import FakeGateway, make_lease, make_resident, make_unit
from portfolios.models import AuditEvent, Lease, Property, Unit


def sync(place: Property, gateway, now) -> SyncRun:
    run = SyncRun.objects.create(property=place, queued_at=now)
    run_sync(run_id=run.pk, gateway=gateway, clock=lambda: now)
    run.refresh_from_db()
    return run


@pytest.fixture
def house(cast, now) -> Property:
    connection = Connection.objects.create(
        portfolio=cast.portfolio,
        propexo_connection_id="conn_001",
        pms="yardi_voyager",
        status=ConnectionStatus.ACTIVE,
        validated_at=now,
        created_by=cast.manager,
        created_at=now,
    )
    return add_house(connection, "prop_x", cast, now)


def add_house(connection: Connection, property_id: str, cast, now) -> Property:
    house = Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id=property_id, name="Maplewood", created_at=now
    )
    PropertyLink.objects.create(
        property=house, connection=connection, imported_by=cast.manager, imported_at=now
    )
    return house


def malformed(remote_id: str = "unit_9", raw: str = '{"id": "unit_9"}') -> MalformedRecord:
    return MalformedRecord("unit", remote_id, ("unit_number is null.",), raw)


def counts(run: SyncRun) -> tuple[int, int, int, int]:
    return run.created, run.changed, run.unchanged, run.flagged


def test_a_first_sync_stores_everything(place, now):
    run = place.sync_runs.get()
    assert run.state == SyncState.COMPLETED
    assert (run.units_read, run.leases_read) == (48, Lease.objects.count())
    assert run.residents_read > run.leases_read
    assert counts(run) == (48 + run.leases_read, 0, 0, 0)
    assert (run.finished_at, run.phase, run.error) == (now, "", "")
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


def test_a_record_that_cannot_be_read_is_flagged_and_the_good_ones_are_stored(house, now):
    gateway = FakeGateway(
        units=[make_unit(), malformed(), make_unit("unit_2")],
        leases=[make_lease()],
        residents=[make_resident()],
    )
    run = sync(house, gateway, now)
    assert run.state == SyncState.COMPLETED
    assert counts(run) == (3, 0, 0, 1)
    assert set(house.units.values_list("propexo_unit_id", flat=True)) == {"unit_1", "unit_2"}
    item = ReviewItem.objects.get()
    assert (item.kind, item.record_kind, item.remote_id) == ("unreadable", "unit", "unit_9")
    assert (item.portfolio, item.property) == (house.portfolio, house)
    assert item.raw == '{"id": "unit_9"}'
    assert "unit_number is null." in item.message


def test_the_same_flag_stays_one_item_and_goes_when_its_cause_is_gone(house, now):
    later = now + timedelta(hours=1)
    sync(house, FakeGateway(units=[malformed()]), now)
    sync(house, FakeGateway(units=[malformed()]), later)
    item = ReviewItem.objects.get()
    assert (item.found_at, item.last_found_at, item.resolved_at) == (now, later, None)
    sync(house, FakeGateway(units=[make_unit("unit_9")]), later)
    item.refresh_from_db()
    assert (item.resolved_at, item.resolved_by) == (later, None)
    assert item.note


def test_an_item_that_was_resolved_opens_anew_when_it_is_found_again(house, now):
    sync(house, FakeGateway(units=[malformed()]), now)
    ReviewItem.objects.update(resolved_at=now, note="Told the PMS's support.")
    sync(house, FakeGateway(units=[malformed()]), now)
    assert ReviewItem.objects.filter(resolved_at=None).count() == 1
    assert ReviewItem.objects.count() == 2


def test_several_records_without_an_id_are_flagged_each(house, now):
    rows = [malformed("", '{"sqft": 1}'), malformed("", '{"sqft": 2}'), malformed("", '"x"')]
    run = sync(house, FakeGateway(units=rows), now)
    assert (run.state, run.flagged) == (SyncState.COMPLETED, 3)
    assert set(ReviewItem.objects.values_list("raw", flat=True)) == {row.raw for row in rows}
    again = sync(house, FakeGateway(units=rows), now)
    assert again.state == SyncState.COMPLETED
    assert ReviewItem.objects.count() == 3


def test_a_record_that_comes_twice_is_flagged_once(house, now):
    twice: list[PmsUnit | MalformedRecord] = [
        make_unit(square_feet=5),
        make_unit(square_feet=5),
        malformed(),
        malformed(),
    ]
    run = sync(house, FakeGateway(units=twice), now)
    assert (run.state, run.flagged) == (SyncState.COMPLETED, 2)
    assert ReviewItem.objects.count() == 2


def test_an_id_and_a_label_of_any_length_are_flagged(house, now):
    run = sync(
        house, FakeGateway(units=[malformed("u" * 300, "{1}"), malformed("v" * 300, "{2}")]), now
    )
    assert run.state == SyncState.COMPLETED
    for item in ReviewItem.objects.all():
        item.full_clean(exclude=["property", "resolved_by"])
    assert ReviewItem.objects.count() == 2


def test_two_properties_of_a_connection_may_have_the_same_flaw(cast, house, now):
    other = add_house(house.link.connection, "prop_y", cast, now)
    for place in (house, other, house):
        run = sync(place, FakeGateway(units=[malformed("", "[]"), malformed()]), now)
        assert run.state == SyncState.COMPLETED
    assert ReviewItem.objects.filter(resolved_at=None).count() == 2


def test_a_unit_that_vanished_is_kept_and_comes_back(house, now):
    sync(house, FakeGateway(units=[make_unit(), make_unit("unit_2")]), now)
    sync(house, FakeGateway(units=[make_unit()]), now)
    assert Unit.objects.get(propexo_unit_id="unit_2").missing_since == now
    assert ReviewItem.objects.get().kind == "vanished"
    run = sync(house, FakeGateway(units=[make_unit(), make_unit("unit_2")]), now)
    assert counts(run) == (0, 1, 1, 0)
    assert Unit.objects.get(propexo_unit_id="unit_2").missing_since is None


def test_a_vanished_item_waits_for_a_person(house, now):
    sync(house, FakeGateway(units=[make_unit(), make_unit("unit_2")]), now)
    sync(house, FakeGateway(units=[make_unit()]), now)
    sync(house, FakeGateway(units=[make_unit()]), now)
    assert ReviewItem.objects.get().resolved_at is None


def test_a_unit_that_changed_is_stored(house, now):
    sync(house, FakeGateway(units=[make_unit()]), now)
    vacant = make_unit(square_feet=900, occupancy=Occupancy.VACANT, raw_status="vacant")
    sync(house, FakeGateway(units=[vacant]), now)
    unit = house.units.get()
    assert (unit.sqft, unit.occupied, unit.raw_status) == (900, False, "vacant")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Throttled("Too fast.", retry_after=timedelta(seconds=30)), "RATE_LIMITED"),
        (errors.PmsLoginExpired("The login has expired."), "AUTHORIZATION_FAILED"),
        (errors.ApiKeyRefused("Unknown key."), "API_KEY_REFUSED"),
        (errors.Unavailable("No answer."), "UNAVAILABLE"),
    ],
)
def test_a_sync_that_the_pms_stops_says_why(house, now, error, code):
    run = sync(house, FakeGateway(error=error), now)
    assert (run.state, run.error_code, run.error) == (SyncState.FAILED, code, error.message)
    assert run.finished_at == now
    house.link.refresh_from_db()
    assert house.link.last_synced_at is None
    assert not AuditEvent.objects.filter(verb="sync.completed").exists()


def test_an_expired_login_is_noted_on_the_connection(house, now):
    sync(house, FakeGateway(error=errors.PmsLoginExpired("The login has expired.")), now)
    connection = Connection.objects.get()
    assert connection.status == ConnectionStatus.LOGIN_EXPIRED
    assert connection.status_note == "The login has expired."


def test_a_reading_that_breaks_off_takes_nothing_for_gone(house, now):
    sync(house, FakeGateway(units=[make_unit(), make_unit("unit_2")]), now)
    broken = FakeGateway(
        units=[make_unit()], errors_after={"units": errors.Unavailable("No answer.")}
    )
    run = sync(house, broken, now)
    assert run.state == SyncState.FAILED
    assert not house.units.exclude(missing_since=None).exists()


def test_a_fault_of_our_own_does_not_leave_the_run_going(house, now):
    run = SyncRun.objects.create(property=house, queued_at=now)
    gateway = FakeGateway(errors_after={"units": ZeroDivisionError("never")})
    with pytest.raises(ZeroDivisionError):
        run_sync(run_id=run.pk, gateway=gateway, clock=lambda: now)
    run.refresh_from_db()
    assert (run.state, run.error_code) == (SyncState.FAILED, "INTERNAL_ERROR")


def test_a_run_that_was_taken_already_is_left_alone(house, now):
    run = SyncRun.objects.create(
        property=house, queued_at=now, state=SyncState.RUNNING, started_at=now, beat_at=now
    )
    run_sync(run_id=run.pk, gateway=FakeGateway(units=[make_unit()]), clock=lambda: now)
    run.refresh_from_db()
    assert run.state == SyncState.RUNNING
    assert not house.units.exists()


def test_the_progress_is_written_down_on_the_way(house, now):
    seen: list[tuple[str, int]] = []

    class Watching(FakeGateway):
        def list_leases(self, *, property_id, updated_since=None):
            run = SyncRun.objects.get()
            seen.append((run.phase, run.units_read))
            return super().list_leases(property_id=property_id, updated_since=updated_since)

    sync(house, Watching(units=[make_unit(f"unit_{n}") for n in range(3)]), now)
    assert seen == [("Reading units", 3)]
