from __future__ import annotations

from datetime import date

import pytest

from integrations.pms.records import LeaseStatus
from integrations.sync.plan import Flag, StoredLease, StoredUnit, Whole, check_whole

TODAY = date(2026, 4, 2)


def unit(key: int = 1, number: str = "", **changes: object) -> StoredUnit:
    values: dict[str, object] = {
        "key": key,
        "remote_id": f"unit_{key}",
        "building": "",
        "unit_number": number or str(key),
        "occupied": True,
        "billable": True,
    }
    return StoredUnit(**(values | changes))  # type: ignore[arg-type] # by name, as tests like it


def lease(
    key: int = 1,
    status: LeaseStatus = LeaseStatus.ACTIVE,
    start: date | None = date(2026, 1, 1),
    unit_key: int = 1,
) -> StoredLease:
    return StoredLease(key, unit_key, f"lease_{key}", status, start)


def check(
    units: list[StoredUnit], leases: list[StoredLease] | None = None, **more: object
) -> tuple[Flag, ...]:
    whole = Whole("prop_x", "Maplewood", units, leases or [], **more)  # type: ignore[arg-type]
    return check_whole(whole, today=TODAY)


@pytest.mark.parametrize("second", [LeaseStatus.ACTIVE, LeaseStatus.MONTH_TO_MONTH])
def test_two_current_leases_of_a_unit_are_flagged(second):
    (flag,) = check([unit()], [lease(2), lease(1, status=second)])
    assert (flag.kind, flag.record_kind, flag.remote_id) == (
        "overlapping_leases",
        "unit",
        "unit_1",
    )
    assert "lease_1 and lease_2" in flag.message


@pytest.mark.parametrize(
    "second",
    [
        lease(2, status=LeaseStatus.PAST),
        lease(2, status=LeaseStatus.FUTURE),
        lease(2, start=date(2026, 4, 3)),
        lease(2, unit_key=2),
    ],
)
def test_a_current_lease_beside_one_that_is_not_is_fine(second):
    assert check([unit()], [lease(), second]) == ()


def test_a_vacant_unit_with_a_current_lease_is_flagged():
    (flag,) = check([unit(occupied=False)], [lease()])
    assert flag.kind == "contradiction"
    assert "vacant in the PMS, but has a current lease there: lease_1" in flag.message


@pytest.mark.parametrize("changes", [{"billable": False}, {"occupied": None}, {"occupied": True}])
def test_other_units_with_a_current_lease_are_not(changes):
    assert check([unit(**changes)], [lease()]) == ()


def test_two_units_of_one_number_in_a_building_are_both_flagged():
    flags = check([unit(1, "Apt 4"), unit(2, "4"), unit(3, "4", building="B"), unit(4, "40")])
    assert [flag.remote_id for flag in flags] == ["unit_1", "unit_2"]
    assert {flag.kind for flag in flags} == {"contradiction"}


def test_a_count_that_does_not_fit_is_flagged_after_a_complete_reading():
    (flag,) = check([unit()], unit_count=2, counted=True)
    assert (flag.record_kind, flag.remote_id) == ("property", "prop_x")
    assert "has 2 units, but shows 1" in flag.message
    assert check([unit()], unit_count=2) == ()
    assert check([unit()], unit_count=1, counted=True) == ()


def test_an_empty_list_is_flagged_with_the_count():
    (flag,) = check([], unit_count=2, counted=True, empty_lists={"unit": 3})
    assert "no unit of Maplewood, though there were 3 before" in flag.message
    assert "has 2 units, but shows 0" in flag.message


def test_units_of_which_nothing_tells_who_lives_there_are_flagged_as_one():
    silent = [unit(1, occupied=None), unit(2, occupied=None), unit(3)]
    (flag,) = check(silent, counted=True)
    assert (flag.record_kind, flag.remote_id) == ("property", "prop_x")
    assert "does not say of 2 units of Maplewood" in flag.message


@pytest.mark.parametrize("changes", [{"occupied": False}, {"occupied": None, "billable": False}])
def test_units_that_say_it_or_are_not_billed_are_not_silent(changes):
    assert check([unit(**changes)], counted=True) == ()


def test_leases_break_the_silence_and_so_does_nothing_before_everything_is_read():
    silent = [unit(1, occupied=None), unit(2, occupied=None)]
    assert check(silent, [lease()], counted=True) == ()
    assert check(silent) == ()
