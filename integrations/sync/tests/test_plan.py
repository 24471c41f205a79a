from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from integrations.pms.records import LeaseStatus, MalformedRecord, Occupancy, PmsLease, PmsUnit
from integrations.sync.plan import (
    Flag,
    Home,
    HomeBook,
    Known,
    LeaseValues,
    NamePlan,
    PagePlan,
    StoredName,
    UnitValues,
    plan_leases,
    plan_names,
    plan_units,
)
from integrations.sync.plan.leases import number_key
from integrations.tests.fake_gateway import make_lease, make_resident, make_unit

NOW = datetime(2026, 4, 2, tzinfo=UTC)
UNIT = UnitValues(
    unit_number="1",
    raw_unit_number="",
    building="",
    sqft=850,
    bedrooms=Decimal(2),
    bathrooms=Decimal("1.5"),
    occupied=True,
    occupant_count=2,
    billable=True,
    raw_status="occupied",
    current_lease_id="",
)
LEASE = LeaseValues(
    unit_key=1,
    resident_id="res_1",
    start=date(2026, 1, 1),
    end=date(2027, 1, 1),
    contract_start=date(2026, 1, 1),
    contract_end=date(2027, 1, 1),
    move_in=None,
    move_out=None,
    occupant_count=2,
    status=LeaseStatus.ACTIVE,
    raw_status="active",
)
HOME = Home(key=1, label="Unit 1")
HOMES = HomeBook({"unit_1": HOME}, {"1": [HOME]})


def units(
    *rows: PmsUnit | MalformedRecord, known: Mapping[str, Known[UnitValues]] | None = None
) -> PagePlan[UnitValues]:
    return plan_units(rows, known or {})


def leases(
    *rows: PmsLease | MalformedRecord,
    known: Mapping[str, Known[LeaseValues]] | None = None,
    homes: HomeBook = HOMES,
) -> PagePlan[LeaseValues]:
    return plan_leases(rows, known or {}, homes)


def the_lease(**changes: object) -> LeaseValues:
    return leases(make_lease("lease_1", **changes)).created["lease_1"]


def the_flag(found: PagePlan[UnitValues] | PagePlan[LeaseValues]) -> Flag:
    (flag,) = found.flags
    return flag


def test_what_is_not_stored_is_created():
    assert units(make_unit()).created == {"unit_1": UNIT}
    assert leases(make_lease()).created == {"lease_1": LEASE}
    assert units(make_unit()).flags == leases(make_lease()).flags == ()


def test_what_is_stored_alike_is_unchanged():
    found = units(make_unit(), known={"unit_1": Known(7, UNIT)})
    assert (found.created, found.changed, found.unchanged) == ({}, {}, (7,))
    other = leases(make_lease(), known={"lease_1": Known(8, LEASE)})
    assert (other.created, other.changed, other.unchanged) == ({}, {}, (8,))


def test_a_number_written_in_another_way_is_no_change():
    stored = UNIT._replace(bathrooms=Decimal("1.50"), bedrooms=Decimal("2.00"))
    assert units(make_unit(), known={"unit_1": Known(7, stored)}).unchanged_count == 1


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"square_feet": 900}, "sqft", 900),
        ({"square_feet": None}, "sqft", None),
        ({"unit_number": "1A"}, "unit_number", "1A"),
        ({"occupancy": Occupancy.VACANT}, "occupied", False),
        ({"billable": False}, "billable", False),
        ({"occupant_count": 3}, "occupant_count", 3),
        ({"current_lease_id": "lease_9"}, "current_lease_id", "lease_9"),
    ],
)
def test_what_is_stored_otherwise_is_changed(changes, field, value):
    found = units(make_unit(**changes), known={"unit_1": Known(7, UNIT)})
    assert getattr(found.changed[7], field) == value
    assert (found.created, found.unchanged) == ({}, ())


def test_what_comes_back_is_a_change_even_when_its_values_are_the_same():
    found = units(make_unit(), known={"unit_1": Known(7, UNIT, missing_since=NOW)})
    assert found.changed == {7: UNIT}


def test_a_record_that_cannot_be_read_is_flagged_and_stays_in_sight():
    row = MalformedRecord("unit", "unit_1", ("sqft is wrong.",), '{"id": "unit_1"}')
    found = units(row, known={"unit_1": Known(7, UNIT)})
    assert (found.created, found.changed, found.unchanged) == ({}, {}, (7,))
    assert found.unchanged_count == 0
    assert the_flag(found).kind == "unreadable"
    assert found.looked_at == ("unit_1",)


def test_a_record_that_comes_twice_on_a_page_is_one():
    assert list(units(make_unit(), make_unit(square_feet=5)).created) == ["unit_1"]


@pytest.mark.parametrize(("sent", "kept"), [("101.0", "101"), ("0101.00", "0101")])
def test_a_number_that_a_spreadsheet_made_a_decimal_is_a_number_again(sent, kept):
    stored = units(make_unit(unit_number=sent)).created["unit_1"]
    assert (stored.unit_number, stored.raw_unit_number) == (kept, sent)


@pytest.mark.parametrize("number", ["0101", "#A-202", "15/8W", "3B", "P10"])
def test_other_numbers_are_kept_as_they_are(number):
    stored = units(make_unit(unit_number=number)).created["unit_1"]
    assert (stored.unit_number, stored.raw_unit_number) == (number, "")


def test_a_number_that_a_spreadsheet_may_have_spoiled_is_flagged():
    assert "1E2" in the_flag(units(make_unit(unit_number="1E2"))).message


@pytest.mark.parametrize("number", ["STG2", "Storage 4", "PARKING 12", "COM 1", "Garage"])
def test_what_is_no_home_is_flagged_and_not_billed(number):
    found = units(make_unit(unit_number=number))
    assert found.created["unit_1"].billable is False
    assert "not like a home" in the_flag(found).message


def test_an_unknown_unit_status_is_flagged_and_not_guessed():
    found = units(make_unit(occupancy=Occupancy.UNKNOWN, raw_status="renovation"))
    assert found.created["unit_1"].occupied is None
    assert the_flag(found).kind == "unknown_status"
    assert "“renovation”" in the_flag(found).message


def test_a_unit_without_any_status_is_stored_as_unknown_and_left_to_its_leases():
    found = units(make_unit(occupancy=Occupancy.UNKNOWN, raw_status=""))
    assert found.created["unit_1"].occupied is None
    assert found.flags == ()


def test_the_status_of_a_unit_that_is_not_billed_is_nobodys_problem():
    assert units(make_unit(occupancy=Occupancy.UNKNOWN, billable=False)).flags == ()


@pytest.mark.parametrize("area", [1, 99, 10_001])
def test_an_area_that_makes_no_sense_is_flagged(area):
    flag = the_flag(units(make_unit(square_feet=area)))
    assert (flag.kind, flag.remote_id) == ("odd_value", "unit_1")
    assert f"{area:,} square feet" in flag.message


@pytest.mark.parametrize("area", [None, 100, 10_000])
def test_an_area_that_makes_sense_or_is_missing_is_not_flagged(area):
    assert units(make_unit(square_feet=area)).flags == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bathrooms": Decimal(0)}, "no bathroom"),
        ({"occupant_count": 13}, "13 occupants"),
        ({"warnings": ("bedrooms is “two”.",)}, "bedrooms is “two”."),
    ],
)
def test_other_odd_values_of_a_unit_are_flagged(changes, words):
    assert words in the_flag(units(make_unit(**changes))).message


def test_all_that_is_odd_about_a_unit_is_one_flag():
    flag = the_flag(units(make_unit(square_feet=5, bathrooms=Decimal(0))))
    assert "5 square feet" in flag.message
    assert "no bathroom" in flag.message


def test_a_flag_has_the_digest_of_what_was_seen():
    first, again, other = (the_flag(units(make_unit(square_feet=n))) for n in (5, 5, 6))
    assert first.digest == again.digest != other.digest
    assert replace(first, message="Said otherwise.").digest == first.digest
    assert replace(first, remote_id="unit_2").digest != first.digest


def test_an_unknown_lease_status_is_flagged():
    flag = the_flag(leases(make_lease(status=LeaseStatus.UNKNOWN, raw_status="applicant")))
    assert (flag.kind, flag.record_kind, flag.remote_id) == ("unknown_status", "lease", "lease_1")
    assert "“applicant”" in flag.message


@pytest.mark.parametrize("end", [date(2026, 1, 1), date(2025, 1, 1)])
def test_a_lease_that_ends_before_it_starts_is_stored_without_its_days(end):
    found = leases(make_lease(end=end))
    stored = found.created["lease_1"]
    assert (stored.start, stored.end, stored.contract_end) == (None, None, end)
    assert the_flag(found).kind == "odd_value"
    assert f"ends on {end}" in the_flag(found).message


def test_the_days_on_which_people_came_and_went_count():
    stored = the_lease(
        move_in=date(2026, 1, 5), move_out=date(2026, 11, 30), status=LeaseStatus.PAST
    )
    assert (stored.start, stored.end) == (date(2026, 1, 5), date(2026, 11, 30))
    assert (stored.contract_start, stored.contract_end) == (date(2026, 1, 1), date(2027, 1, 1))


def test_a_current_lease_that_everybody_moved_out_of_is_flagged():
    flag = the_flag(leases(make_lease(move_out=date(2026, 11, 30))))
    assert "moved out on 2026-11-30" in flag.message


def test_a_day_that_cannot_be_is_not_stored():
    found = leases(make_lease(start=date(1900, 1, 1)))
    assert found.created["lease_1"].start is None
    assert found.created["lease_1"].contract_start == date(1900, 1, 1)
    assert "1900-01-01" in the_flag(found).message


def test_a_day_without_end_is_no_end():
    found = leases(make_lease(end=date(2099, 12, 31)))
    assert (found.created["lease_1"].end, found.flags) == (None, ())


def test_a_lease_that_is_over_by_its_contract_stays_as_the_pms_says():
    stored = the_lease(end=date(2026, 2, 1), status=LeaseStatus.MONTH_TO_MONTH)
    assert (stored.status, stored.end) == (LeaseStatus.MONTH_TO_MONTH, date(2026, 2, 1))


def test_a_lease_whose_days_nobody_knows_has_none_and_keeps_its_contract():
    over = make_lease(status=LeaseStatus.PAST, days_known=False, warnings=("It is over.",))
    found = leases(over._replace(move_in=date(2026, 1, 5)))
    stored = found.created["lease_1"]
    assert (stored.start, stored.end) == (None, None)
    assert (stored.contract_start, stored.contract_end) == (date(2026, 1, 1), date(2027, 1, 1))
    assert stored.move_in == date(2026, 1, 5)
    flag = the_flag(found)
    assert (flag.kind, flag.message) == ("odd_value", "Lease lease_1 of Unit 1: It is over.")


def test_a_warning_about_a_lease_is_flagged_once_however_it_is_read():
    first, again = (
        the_flag(leases(make_lease(warnings=("It is odd.",), occupant_count=n))) for n in (1, 2)
    )
    assert (first.kind, first.digest) == ("odd_value", again.digest)


def test_a_lease_of_a_unit_that_is_not_listed_is_left_out_and_flagged():
    found = leases(make_lease(unit_id="unit_9"), known={"lease_1": Known(8, LEASE)})
    assert (found.created, found.unchanged) == ({}, (8,))
    assert "unit_9" in the_flag(found).message
    assert "left out" in the_flag(found).message


def test_a_lease_without_a_unit_id_goes_by_a_number_that_is_unique():
    assert the_lease(unit_id="", unit_number="Unit 1").unit_key == 1


def test_a_lease_whose_number_several_units_have_is_flagged():
    homes = HomeBook({}, {"1": [HOME, HOME._replace(key=2)]})
    found = leases(make_lease(unit_id="", unit_number="1"), homes=homes)
    assert found.created == {}
    assert "not exactly one unit" in the_flag(found).message


def test_a_lease_that_names_no_unit_at_all_is_flagged():
    assert "no unit" in the_flag(leases(make_lease(unit_id=""))).message


@pytest.mark.parametrize(
    ("one", "other"), [("#4b", "4B"), ("Apt 3B", "3B"), ("NO. 3", "3"), ("unit  5", "UNIT 5")]
)
def test_writings_of_one_number_come_together(one, other):
    assert number_key(one) == number_key(other)


@pytest.mark.parametrize(("one", "other"), [("23B", "2/3B"), ("4-A", "4A"), ("0101", "101")])
def test_numbers_that_differ_stay_apart(one, other):
    assert number_key(one) != number_key(other)


def test_a_lease_without_a_start_is_flagged_and_a_past_one_is_not():
    assert "no start date" in the_flag(leases(make_lease(start=None))).message
    assert leases(make_lease(start=None, status=LeaseStatus.PAST)).flags == ()


def test_a_lease_that_is_over_without_an_end_is_flagged_and_one_that_is_not_over_is_not():
    over = the_flag(leases(make_lease(end=None, status=LeaseStatus.PAST)))
    assert (over.kind, over.seen) == ("odd_value", "no end")
    assert leases(make_lease(end=None)).flags == ()


def test_occupants_come_from_the_unit_where_its_current_lease_has_none():
    homes = HomeBook({"unit_1": HOME._replace(current_lease_id="lease_1", occupant_count=4)})
    rows = [make_lease(occupant_count=None), make_lease("lease_2", occupant_count=None)]
    created = leases(*rows, homes=homes).created
    assert created["lease_1"].occupant_count == 4
    assert created["lease_2"].occupant_count is None
    zero = leases(make_lease(occupant_count=0), homes=homes).created
    assert zero["lease_1"].occupant_count == 0


def names(last_name: str, stored: Sequence[StoredName]) -> NamePlan:
    return plan_names([make_resident(last_name=last_name)], {"res_1": stored})


def test_a_name_goes_to_every_lease_that_shows_it():
    found = names("Lee", [StoredName(1, "Zoë Kim"), StoredName(2, ""), StoredName(3, "Zoë Lee")])
    assert found.names == {1: "Zoë Lee", 2: "Zoë Lee"}
    # A name that was never read before is no change.
    assert found.changed == 1


def test_a_resident_without_a_name_changes_nothing():
    resident = make_resident(first_name="", last_name="")
    assert plan_names([resident], {"res_1": [StoredName(1, "Zoë Kim")]}).names == {}


def test_a_resident_that_cannot_be_read_is_flagged():
    row = MalformedRecord("resident", "res_1", ("last_name is 5.",), "{}")
    found = plan_names([row], {"res_1": [StoredName(1, "Zoë Kim")]})
    assert (found.names, found.looked_at) == ({}, ("res_1",))
    assert [flag.kind for flag in found.flags] == ["unreadable"]
