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
    SyncPhase,
    SyncRun,
    SyncState,
)
from integrations.operations.review_items import resolve_review_item
from integrations.pms import errors
from integrations.pms.records import LeaseStatus, MalformedRecord, Occupancy, PmsUnit
from integrations.sync.claim import MOST_WAITS, STALE_AFTER, take
from integrations.sync.pages import Planner
from integrations.sync.run import run_sync
from integrations.sync.stored import read_leases_in_sight, read_units_in_sight
from integrations.tests.fake_gateway import FakeGateway, make_lease, make_resident, make_unit
from portfolios.models import AuditEvent, Lease, Property, Unit, UnitField
from portfolios.operations.units import set_unit_values
from portfolios.queries import read_units


def sync(place: Property, gateway, now, **values: object) -> SyncRun:
    run = SyncRun.objects.create(property=place, queued_at=now, **values)
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


def test_what_a_person_decided_does_not_come_back_while_it_looks_the_same(cast, house, now):
    tiny = make_unit(square_feet=5)
    assert sync(house, FakeGateway(units=[tiny]), now).flagged == 1
    item = ReviewItem.objects.get()
    resolve_review_item(item=item, note="It is a cupboard.", by=cast.manager, now=now)
    assert sync(house, FakeGateway(units=[tiny]), now).flagged == 0
    assert ReviewItem.objects.count() == 1
    assert sync(house, FakeGateway(units=[make_unit(square_feet=6)]), now).flagged == 1
    assert ReviewItem.objects.filter(resolved_at=None).count() == 1


def test_what_a_sync_closed_itself_comes_back(house, now):
    for units in ([make_unit(square_feet=5)], [make_unit()], [make_unit(square_feet=5)]):
        sync(house, FakeGateway(units=units), now)
    assert ReviewItem.objects.filter(resolved_at=None).count() == 1
    assert ReviewItem.objects.count() == 2


def test_an_item_says_what_is_seen_now(house, now):
    for area in (5, 6):
        sync(house, FakeGateway(units=[make_unit(square_feet=area)]), now)
    assert "6 square feet" in ReviewItem.objects.get().message


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


def test_changes_alone_are_asked_for(house, clock):
    gateway = FakeGateway(units=[make_unit()], leases=[make_lease()], residents=[make_resident()])
    sync(house, gateway, clock())
    gateway.calls.clear()
    since = clock()
    sync(house, gateway, clock(), updated_since=since)
    assert gateway.calls == [(what, "prop_x", since) for what in ("units", "leases", "residents")]


def test_a_changed_name_is_stored_though_no_lease_changed(house, clock):
    gateway = FakeGateway(units=[make_unit()], leases=[make_lease()], residents=[make_resident()])
    sync(house, gateway, clock())
    news = FakeGateway(residents=[make_resident(last_name="Lee")])
    run = sync(house, news, clock(), updated_since=clock())
    assert Lease.objects.get().resident_name == "Zoë Lee"
    assert counts(run) == (0, 1, 0, 0)


def test_a_lease_keeps_its_name_though_its_resident_did_not_change(house, clock):
    gateway = FakeGateway(units=[make_unit()], leases=[make_lease()], residents=[make_resident()])
    sync(house, gateway, clock())
    renewed = make_lease(end=date(2028, 1, 1))
    sync(house, FakeGateway(leases=[renewed]), clock(), updated_since=clock())
    lease = Lease.objects.get()
    assert (lease.end_date, lease.resident_name) == (date(2028, 1, 1), "Zoë Kim")


def test_a_new_lease_of_a_known_resident_has_a_name(house, clock):
    units = [make_unit(), make_unit("unit_2")]
    gateway = FakeGateway(units=units, leases=[make_lease()], residents=[make_resident()])
    sync(house, gateway, clock())
    transfer = FakeGateway(leases=[make_lease("lease_2", unit_id="unit_2")])
    sync(house, transfer, clock(), updated_since=clock())
    assert Lease.objects.get(propexo_lease_id="lease_2").resident_name == "Zoë Kim"
    assert transfer.calls[-1] == ("residents", "prop_x", clock())


def test_all_residents_are_read_when_a_new_lease_names_one_who_is_not_known(house, clock):
    gateway = FakeGateway(units=[make_unit()], leases=[make_lease()], residents=[make_resident()])
    sync(house, gateway, clock())
    news = FakeGateway(
        leases=[make_lease("lease_2", resident_id="res_2", status=LeaseStatus.FUTURE)],
        residents=[make_resident("res_2", first_name="Ada", last_name="Obi")],
    )
    sync(house, news, clock(), updated_since=clock())
    assert news.calls[-1] == ("residents", "prop_x", None)
    assert Lease.objects.get(propexo_lease_id="lease_2").resident_name == "Ada Obi"


def test_a_unit_that_changed_is_stored(house, now):
    sync(house, FakeGateway(units=[make_unit()]), now)
    vacant = make_unit(square_feet=900, occupancy=Occupancy.VACANT, raw_status="vacant")
    sync(house, FakeGateway(units=[vacant]), now)
    unit = house.units.get()
    assert (unit.sqft, unit.occupied, unit.raw_status) == (900, False, "vacant")


@pytest.mark.parametrize(
    ("error", "code"),
    [
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


def throttled(http_status: int | None = 429) -> errors.Throttled:
    error = errors.Throttled("Too fast.", retry_after=timedelta(seconds=30))
    error.http_status = http_status
    return error


def test_a_throttled_sync_rests_and_goes_on_where_it_stopped(house, clock):
    units = [make_unit(f"unit_{number}") for number in range(4)]
    gateway = FakeGateway(units=units, rows_per_page=2, errors_after={"leases": throttled()})
    run = sync(house, gateway, clock())
    assert (run.state, run.phase) == (SyncState.QUEUED, SyncPhase.LEASES)
    assert (run.not_before, run.waits_for) == (clock() + timedelta(seconds=30), "Too fast.")
    run_sync(run_id=run.pk, gateway=gateway, clock=clock)
    run.refresh_from_db()
    assert run.waits == 1
    clock.advance(seconds=31)
    healed = FakeGateway(units=units)
    run_sync(run_id=run.pk, gateway=healed, clock=clock)
    run.refresh_from_db()
    assert (run.state, run.units_read, run.waits_for) == (SyncState.COMPLETED, 4, "")
    assert [what for what, *_ in healed.calls] == ["leases", "residents"]


def test_a_sync_that_is_throttled_again_and_again_ends(house, clock):
    run = SyncRun.objects.create(property=house, queued_at=clock())
    for _ in range(MOST_WAITS + 1):
        run_sync(run_id=run.pk, gateway=FakeGateway(error=throttled()), clock=clock)
        clock.advance(minutes=1)
    run.refresh_from_db()
    assert (run.state, run.error_code) == (SyncState.FAILED, "RATE_LIMITED")


def test_a_sync_that_gets_no_turn_waits_as_long_as_it_takes(house, clock):
    run = SyncRun.objects.create(property=house, queued_at=clock())
    for _ in range(MOST_WAITS + 5):
        run_sync(run_id=run.pk, gateway=FakeGateway(error=throttled(None)), clock=clock)
        clock.advance(minutes=1)
    run.refresh_from_db()
    assert run.state == SyncState.QUEUED


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
        def list_leases(self, **asked):
            run = SyncRun.objects.get()
            seen.append((run.phase, run.units_read))
            return super().list_leases(**asked)

    sync(house, Watching(units=[make_unit(f"unit_{n}") for n in range(3)]), now)
    assert seen == [(SyncPhase.LEASES, 3)]


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
    for _ in range(MOST_WAITS + 1):
        assert take(run.pk, now=clock()) is not None
        clock.advance(seconds=STALE_AFTER.total_seconds() + 1)
    assert take(run.pk, now=clock()) is None
    run.refresh_from_db()
    assert (run.state, run.error_code) == (SyncState.FAILED, "WORKER_LOST")


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
