from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from integrations.pms.records import LeaseStatus, Occupancy, PmsLease, PmsResident, PmsUnit
from integrations.sync.plan import Flag, Known, LeaseValues, SyncPlan, UnitValues, plan_sync
from integrations.tests.fake_gateway import make_lease, make_resident, make_unit

UNIT = UnitValues(
    unit_number="1",
    building="",
    sqft=850,
    bedrooms=Decimal(2),
    bathrooms=Decimal("1.5"),
    occupied=True,
    occupant_count=2,
    billable=True,
    raw_status="occupied",
)
LEASE = LeaseValues(
    unit_id="unit_1",
    resident_id="res_1",
    resident_name="Zoë Kim",
    start=date(2026, 1, 1),
    end=date(2027, 1, 1),
    occupant_count=2,
    status=LeaseStatus.ACTIVE,
    raw_status="active",
)


def plan(
    units: Sequence[PmsUnit] = (),
    leases: Sequence[PmsLease] = (),
    residents: Sequence[PmsResident] = (make_resident(),),
    known_units: dict[str, Known[UnitValues]] | None = None,
    known_leases: dict[str, Known[LeaseValues]] | None = None,
) -> SyncPlan:
    return plan_sync(
        units=units,
        leases=leases,
        residents=residents,
        known_units=known_units or {},
        known_leases=known_leases or {},
    )


def the_flag(found: SyncPlan) -> Flag:
    (flag,) = found.flags
    return flag


def test_what_is_not_stored_is_created():
    found = plan([make_unit()], [make_lease()])
    assert found.units.created == {"unit_1": UNIT}
    assert found.leases.created == {"lease_1": LEASE}
    assert (found.created, found.changed, found.unchanged, found.flags) == (2, 0, 0, ())


def test_what_is_stored_alike_is_unchanged():
    found = plan(
        [make_unit()],
        [make_lease()],
        known_units={"unit_1": Known(UNIT, missing=False)},
        known_leases={"lease_1": Known(LEASE, missing=False)},
    )
    assert (found.created, found.changed, found.unchanged, found.flags) == (0, 0, 2, ())


def test_a_number_written_in_another_way_is_no_change():
    stored = replace(UNIT, bathrooms=Decimal("1.50"), bedrooms=Decimal("2.00"))
    found = plan([make_unit()], known_units={"unit_1": Known(stored, missing=False)})
    assert found.unchanged == 1


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"square_feet": 900}, "sqft", 900),
        ({"square_feet": None}, "sqft", None),
        ({"unit_number": "1A"}, "unit_number", "1A"),
        ({"occupancy": Occupancy.VACANT}, "occupied", False),
        ({"billable": False}, "billable", False),
        ({"occupant_count": 3}, "occupant_count", 3),
    ],
)
def test_what_is_stored_otherwise_is_changed(changes, field, value):
    known = {"unit_1": Known(UNIT, missing=False)}
    found = plan([make_unit(**changes)], known_units=known)
    assert getattr(found.units.changed["unit_1"], field) == value
    assert (found.created, found.unchanged) == (0, 0)


def test_a_new_name_of_the_resident_changes_the_lease():
    found = plan(
        [make_unit()],
        [make_lease()],
        [make_resident(last_name="Lee")],
        known_leases={"lease_1": Known(LEASE, missing=False)},
    )
    assert found.leases.changed["lease_1"].resident_name == "Zoë Lee"


def test_what_the_pms_no_longer_shows_is_kept_and_flagged():
    found = plan(
        known_units={"unit_1": Known(UNIT, missing=False)},
        known_leases={"lease_1": Known(LEASE, missing=False)},
    )
    assert (found.units.vanished, found.leases.vanished) == (("unit_1",), ("lease_1",))
    assert [(flag.kind, flag.record_kind, flag.remote_id) for flag in found.flags] == [
        ("vanished", "unit", "unit_1"),
        ("vanished", "lease", "lease_1"),
    ]
    assert found.flags[0].message.startswith("Unit 1 is no longer shown by the PMS.")


def test_a_past_lease_may_vanish_without_a_flag():
    past = replace(LEASE, status=LeaseStatus.PAST)
    found = plan([make_unit()], known_leases={"lease_1": Known(past, missing=False)})
    assert found.leases.vanished == ("lease_1",)
    assert found.flags == ()


def test_what_was_missing_before_is_not_flagged_again():
    found = plan(known_units={"unit_1": Known(UNIT, missing=True)})
    assert (found.units.vanished, found.flags) == ((), ())


def test_what_comes_back_is_a_change_even_when_its_values_are_the_same():
    found = plan([make_unit()], known_units={"unit_1": Known(UNIT, missing=True)})
    assert found.units.changed == {"unit_1": UNIT}


def test_an_unknown_unit_status_is_flagged_and_not_guessed():
    unit = make_unit(occupancy=Occupancy.UNKNOWN, raw_status="renovation")
    found = plan([unit])
    assert found.units.created["unit_1"].occupied is None
    assert the_flag(found).kind == "unknown_status"
    assert "“renovation”" in the_flag(found).message


def test_the_status_of_a_unit_that_is_not_billed_is_nobodys_problem():
    unit = make_unit(occupancy=Occupancy.UNKNOWN, billable=False)
    assert plan([unit]).flags == ()


@pytest.mark.parametrize("area", [1, 99, 10_001])
def test_an_area_that_makes_no_sense_is_flagged(area):
    flag = the_flag(plan([make_unit(square_feet=area)]))
    assert (flag.kind, flag.remote_id) == ("odd_value", "unit_1")
    assert f"{area:,} square feet" in flag.message


@pytest.mark.parametrize("area", [None, 100, 10_000])
def test_an_area_that_makes_sense_or_is_missing_is_not_flagged(area):
    assert plan([make_unit(square_feet=area)]).flags == ()


def test_an_unknown_lease_status_is_flagged():
    lease = make_lease(status=LeaseStatus.UNKNOWN, raw_status="applicant")
    flag = the_flag(plan([make_unit()], [lease]))
    assert (flag.kind, flag.record_kind, flag.remote_id) == ("unknown_status", "lease", "lease_1")
    assert "“applicant”" in flag.message


@pytest.mark.parametrize("second", [LeaseStatus.ACTIVE, LeaseStatus.MONTH_TO_MONTH])
def test_two_current_leases_of_a_unit_are_flagged(second):
    leases = [make_lease("lease_2"), make_lease("lease_1", status=second)]
    flag = the_flag(plan([make_unit()], leases))
    assert (flag.kind, flag.record_kind, flag.remote_id) == (
        "overlapping_leases",
        "unit",
        "unit_1",
    )
    assert "lease_1 and lease_2" in flag.message


@pytest.mark.parametrize("second", [LeaseStatus.PAST, LeaseStatus.FUTURE])
def test_a_current_lease_beside_a_past_or_future_one_is_fine(second):
    leases = [make_lease("lease_1"), make_lease("lease_2", status=second)]
    assert plan([make_unit()], leases).flags == ()


@pytest.mark.parametrize("end", [date(2026, 1, 1), date(2025, 1, 1)])
def test_a_lease_that_ends_before_it_starts_is_stored_without_its_days(end):
    found = plan([make_unit()], [make_lease(end=end)])
    stored = found.leases.created["lease_1"]
    assert (stored.start, stored.end) == (None, None)
    assert the_flag(found).kind == "odd_value"
    assert f"ends on {end}" in the_flag(found).message


def test_a_lease_of_a_unit_that_is_not_listed_is_left_out_and_flagged():
    found = plan([make_unit()], [make_lease(unit_id="unit_9")])
    assert found.leases.created == {}
    assert "unit_9" in the_flag(found).message
    assert "left out" in the_flag(found).message


def test_a_current_lease_without_a_start_is_flagged_and_a_past_one_is_not():
    assert "no start date" in the_flag(plan([make_unit()], [make_lease(start=None)])).message
    past = make_lease(start=None, status=LeaseStatus.PAST)
    assert plan([make_unit()], [past]).flags == ()


def test_occupants_come_from_the_unit_where_the_lease_has_none():
    unit = make_unit(current_lease_id="lease_1", occupant_count=4)
    leases = [make_lease(occupant_count=None), make_lease("lease_2", occupant_count=None)]
    created = plan([unit], leases).leases.created
    assert created["lease_1"].occupant_count == 4
    assert created["lease_2"].occupant_count is None


def test_zero_occupants_of_a_lease_are_not_replaced():
    unit = make_unit(current_lease_id="lease_1", occupant_count=4)
    created = plan([unit], [make_lease(occupant_count=0)]).leases.created
    assert created["lease_1"].occupant_count == 0


def test_a_lease_whose_resident_is_not_listed_has_no_name():
    created = plan([make_unit()], [make_lease(resident_id="res_9")]).leases.created
    assert (created["lease_1"].resident_id, created["lease_1"].resident_name) == ("res_9", "")
