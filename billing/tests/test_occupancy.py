"""Units of which the PMS does not say whether they are occupied: what their leases prove."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from billing.inputs import gather_inputs
from billing.models import UtilityBill
from billing.tests.small_place import small_bill
from integrations.models import PropertyReading, ReviewItem, ReviewKind, SyncRun, SyncState
from portfolios.models import Lease, LeaseStatus, Property, Unit, UnitField
from portfolios.operations.units import set_unit_values

pytestmark = pytest.mark.django_db

READ_AT = datetime(2026, 4, 2, 8, 0, tzinfo=UTC)
MARCH = (date(2026, 3, 1), date(2026, 4, 1))


@pytest.fixture
def bill(cast, now) -> UtilityBill:
    """Enter the bill for March."""
    bill = small_bill(cast, now)
    bill.property.units.update(last_seen_at=READ_AT)
    return bill


@pytest.fixture
def place(bill: UtilityBill) -> Property:
    return bill.property


@pytest.fixture
def silent(place: Property) -> Unit:
    """Take a unit without a lease, of which the PMS does not say whether it is occupied."""
    unit = place.units.get(unit_number="101")
    unit.leases.all().delete()
    Unit.objects.filter(pk=unit.pk).update(occupied=None, raw_status="")
    return unit


@pytest.fixture
def read(place: Property) -> SyncRun:
    """Say that everything was read after March was over, with two leases."""
    PropertyReading.objects.create(property=place, read_at=READ_AT, fully_read_at=READ_AT)
    return SyncRun.objects.create(
        property=place,
        state=SyncState.COMPLETED,
        queued_at=READ_AT,
        started_at=READ_AT,
        finished_at=READ_AT,
        leases_read=2,
    )


def add_lease(unit: Unit, **values: object) -> Lease:
    usual = {
        "propexo_lease_id": "lease_x",
        "status": LeaseStatus.ACTIVE,
        "start_date": date(2026, 1, 1),
        "first_seen_at": READ_AT,
    }
    return Lease.objects.create(unit=unit, **(usual | values))


def asked(bill: UtilityBill, unit: Unit) -> list[str]:
    """List what a person is asked about a unit's occupancy."""
    found = gather_inputs(bill=bill, rule=bill.property.share_rules.get(is_active=True))
    return [
        problem.message
        for problem in found.problems
        if problem.unit_key == unit.propexo_unit_id and problem.field == "occupied"
    ]


def days_of(bill: UtilityBill, unit: Unit) -> list[tuple[date | None, date | None]]:
    found = gather_inputs(bill=bill, rule=bill.property.share_rules.get(is_active=True))
    units = {unit.key: unit for unit in found.bill_input.units}
    return [(stay.start, stay.end) for stay in units[unit.propexo_unit_id].stays]


@pytest.mark.parametrize("status", [LeaseStatus.ACTIVE, LeaseStatus.MONTH_TO_MONTH])
def test_a_current_lease_proves_that_somebody_lives_there(bill, silent, status):
    add_lease(silent, status=status, end_date=date(2026, 2, 1))
    assert asked(bill, silent) == []
    assert days_of(bill, silent) == [MARCH]


def test_a_unit_without_a_lease_is_vacant_when_all_leases_were_read(bill, silent, read):
    assert asked(bill, silent) == []
    assert days_of(bill, silent) == []


@pytest.mark.parametrize(
    "values",
    [
        {"status": LeaseStatus.PAST, "end_date": date(2026, 3, 1)},
        {"status": LeaseStatus.ACTIVE, "start_date": date(2026, 4, 1)},
        {"status": LeaseStatus.FUTURE, "start_date": date(2026, 4, 1)},
        {
            "status": LeaseStatus.PAST,
            "start_date": None,
            "contract_start_date": date(2024, 1, 1),
            "contract_end_date": date(2025, 1, 1),
        },
    ],
)
def test_a_lease_that_does_not_reach_into_the_period_leaves_it_vacant(bill, silent, read, values):
    add_lease(silent, **values)
    assert asked(bill, silent) == []
    assert days_of(bill, silent) == []


def test_after_a_move_out_the_rest_of_the_period_is_vacant(bill, silent, read):
    add_lease(silent, status=LeaseStatus.PAST, end_date=date(2026, 3, 11))
    assert asked(bill, silent) == []
    assert days_of(bill, silent) == [(date(2026, 3, 1), date(2026, 3, 11))]


def test_a_word_that_nobody_knows_is_asked_about_whatever_leases_say(bill, silent, read):
    Unit.objects.filter(pk=silent.pk).update(raw_status="renovation")
    add_lease(silent)
    (question,) = asked(bill, silent)
    assert "“renovation”" in question


def test_without_any_reading_of_leases_it_is_not_known(bill, silent):
    (question,) = asked(bill, silent)
    assert "has no status in the PMS that says whether it is occupied" in question
    assert "no leases of the property have been read" in question


@pytest.mark.parametrize(
    "changes",
    [
        {"leases_read": 0},
        {"state": SyncState.FAILED},
        {"updated_since": READ_AT},
    ],
)
def test_only_a_whole_list_of_leases_that_is_not_empty_proves_a_vacancy(
    bill, silent, read, changes
):
    SyncRun.objects.filter(pk=read.pk).update(**changes)
    (question,) = asked(bill, silent)
    assert "no leases of the property have been read" in question


def test_the_last_whole_list_is_the_one_that_counts(bill, place, silent, read):
    SyncRun.objects.create(
        property=place,
        state=SyncState.COMPLETED,
        queued_at=READ_AT,
        started_at=READ_AT.replace(hour=9),
        finished_at=READ_AT.replace(hour=9),
    )
    assert len(asked(bill, silent)) == 1


@pytest.mark.parametrize("column", ["read_at", "pms_synced_at"])
def test_what_was_seen_before_the_period_was_over_proves_no_vacancy(bill, silent, read, column):
    early = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
    PropertyReading.objects.update(**{column: early})
    (question,) = asked(bill, silent)
    assert "known as of 2026-03-20 only" in question


@pytest.mark.parametrize(
    ("kind", "remote_id", "questions"),
    [
        (ReviewKind.UNREADABLE, "lease_9", 1),
        (ReviewKind.UNREADABLE, "lease_001_0002", 1),
        (ReviewKind.ODD_VALUE, "lease_9", 1),
        (ReviewKind.ODD_VALUE, "lease_001_0002", 0),
        (ReviewKind.OVERLAPPING_LEASES, "lease_9", 0),
    ],
)
def test_a_lease_that_was_left_out_may_be_the_one(
    bill, place, cast, silent, read, kind, remote_id, questions
):
    item = ReviewItem.objects.create(
        portfolio=place.portfolio,
        connection=place.link.connection,
        property=place,
        kind=kind,
        record_kind="lease",
        remote_id=remote_id,
        label="Lease",
        message="It is odd.",
        found_at=READ_AT,
        last_found_at=READ_AT,
    )
    assert len(asked(bill, silent)) == questions
    ReviewItem.objects.filter(pk=item.pk).update(resolved_at=READ_AT, resolved_by=cast.manager)
    assert asked(bill, silent) == []


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"start_date": None}, "does not say since when"),
        ({"missing_since": READ_AT}, "is no longer in the PMS"),
        (
            {"status": LeaseStatus.FUTURE, "start_date": date(2026, 3, 15)},
            "was to begin in the bill's period",
        ),
        ({"status": LeaseStatus.PAST, "start_date": None}, "when people moved out"),
        ({"status": LeaseStatus.PAST}, "when people moved out"),
        (
            {
                "status": LeaseStatus.PAST,
                "start_date": None,
                "contract_start_date": date(2025, 4, 1),
                "contract_end_date": date(2026, 3, 31),
            },
            "when people moved out",
        ),
    ],
)
def test_a_lease_that_contradicts_a_vacancy_is_asked_about(bill, silent, read, values, why):
    add_lease(silent, **values)
    (question,) = asked(bill, silent)
    assert why in question
    assert days_of(bill, silent) == []


def test_nobody_is_asked_twice_about_a_lease_of_unknown_status(bill, silent, read):
    add_lease(silent, status=LeaseStatus.UNKNOWN)
    assert asked(bill, silent) == []
    found = gather_inputs(bill=bill, rule=bill.property.share_rules.get(is_active=True))
    assert [problem.field for problem in found.problems] == ["lease"]


def test_a_unit_that_was_never_read_from_the_pms_stays_unknown(bill, silent, read):
    Unit.objects.filter(pk=silent.pk).update(last_seen_at=None)
    (question,) = asked(bill, silent)
    assert "never read from the PMS" in question


def test_a_typed_value_settles_it_without_any_evidence(bill, cast, silent, now):
    set_unit_values(unit=silent, values={UnitField.OCCUPIED: "false"}, by=cast.manager, now=now)
    assert asked(bill, silent) == []


def test_a_property_that_says_it_all_is_asked_for_no_evidence(bill, silent, monkeypatch):
    Unit.objects.filter(pk=silent.pk).update(occupied=False)
    monkeypatch.setattr("billing.inputs.gap_in_evidence", None)
    assert asked(bill, silent) == []


def odd(unit: Unit, lease: Lease) -> ReviewItem:
    """Have the sync wonder about a lease."""
    link = unit.property.link
    return ReviewItem.objects.create(
        portfolio=unit.property.portfolio,
        connection=link.connection,
        property=unit.property,
        kind=ReviewKind.ODD_VALUE,
        record_kind="lease",
        remote_id=lease.propexo_lease_id,
        label="Lease",
        message="It is odd.",
        found_at=READ_AT,
        last_found_at=READ_AT,
    )


def settle(item: ReviewItem, cast) -> None:
    ReviewItem.objects.filter(pk=item.pk).update(
        resolved_at=READ_AT, resolved_by=cast.manager, note="It is right."
    )


def asked_of_leases(bill: UtilityBill, unit: Unit) -> list[str]:
    found = gather_inputs(bill=bill, rule=bill.property.share_rules.get(is_active=True))
    return [
        problem.message for problem in found.problems if problem.unit_key == unit.propexo_unit_id
    ]


ENDED = {
    "propexo_lease_id": "lease_old",
    "status": LeaseStatus.PAST,
    "contract_start_date": date(2025, 6, 1),
    "contract_end_date": date(2026, 12, 31),
    "start_date": None,
}


def test_who_comes_in_the_middle_proves_nothing_of_the_days_before(bill, silent, read):
    add_lease(silent, start_date=date(2026, 3, 25))
    assert asked(bill, silent) == []

    add_lease(silent, **ENDED)

    (problem,) = asked(bill, silent)
    assert "is over, and the PMS does not say when people moved out" in problem


def test_a_lease_that_is_over_nobody_knows_since_when_is_asked_about(bill, cast, silent, read):
    Unit.objects.filter(pk=silent.pk).update(occupied=False)
    item = odd(silent, add_lease(silent, **ENDED))

    (problem,) = asked_of_leases(bill, silent)
    assert "is over, and the PMS does not say since when" in problem

    settle(item, cast)
    assert asked_of_leases(bill, silent) == []


def test_nobody_asks_about_it_where_somebody_else_lives_there_all_the_time(bill, silent, read):
    Unit.objects.filter(pk=silent.pk).update(occupied=True)
    add_lease(silent)
    odd(silent, add_lease(silent, **ENDED))

    assert asked_of_leases(bill, silent) == []


def test_a_current_lease_that_everybody_has_left_is_asked_about(bill, cast, silent, read):
    Unit.objects.filter(pk=silent.pk).update(occupied=True)
    item = odd(silent, add_lease(silent, move_out_date=date(2026, 3, 5)))

    (problem,) = asked_of_leases(bill, silent)
    assert "everybody moved out on 2026-03-05" in problem

    settle(item, cast)
    assert asked_of_leases(bill, silent) == []
    assert days_of(bill, silent) == [MARCH]


def test_a_move_out_after_the_period_changes_nothing(bill, silent, read):
    Unit.objects.filter(pk=silent.pk).update(occupied=True)
    odd(silent, add_lease(silent, move_out_date=date(2026, 4, 1)))

    assert asked_of_leases(bill, silent) == []


def test_a_reading_is_as_old_as_what_propexo_had_read_by_then(bill, place, silent, read):
    assert asked(bill, silent) == []

    place.link.connection.last_completed_sync = datetime(2026, 3, 20, tzinfo=UTC)
    place.link.connection.save(update_fields=["last_completed_sync"])

    (problem,) = asked(bill, silent)
    assert "known as of 2026-03-20 only" in problem
