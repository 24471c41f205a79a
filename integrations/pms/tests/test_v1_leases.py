from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from integrations.pms.parsing import read_row
from integrations.pms.records import LeaseStatus, MalformedRecord, PmsLease
from integrations.pms.v1_leases import lease_from

TODAY = date(2026, 4, 1)


def person(resident_id: str, role: object = "PRIMARY", **days: object) -> dict[str, object]:
    return {
        "resident_id": resident_id,
        "x_resident_type": "Responsible",
        "resident_type_normalized": role,
        "move_in_date": "2025-06-01T00:00:00.000Z",
        "move_out_date": None,
        "notice_date": None,
        "custom_data": None,
        **days,
    }


def row(*people: object, **changes: object) -> dict[str, object]:
    return {
        "id": "cl_lease",
        "property_id": "cl_prop",
        "unit_id": "cl_unit",
        "unit_number": "304",
        "start_date": "2025-06-01T00:00:00.000Z",
        "end_date": "2026-06-01T00:00:00.000Z",
        "realized_move_in_date": "2025-06-03T00:00:00.000Z",
        "realized_move_out_date": None,
        "status_normalized": "ACTIVE",
        "status_raw": "Current",
        "rent_amount_in_cents": 215000,
        "residents_meta_data": list(people),
        "updated_at": "2026-03-31T08:00:00.123Z",
        "last_seen": "2026-03-31T09:30:00.000Z",
        **changes,
    }


def read(found: dict[str, object]) -> PmsLease:
    record = read_row(
        found, kind="lease", build=lambda f: lease_from(f, property_id="cl_prop", today=TODAY)
    )
    assert isinstance(record, PmsLease), record
    return record


def test_a_lease_is_read_with_its_days_rent_and_people() -> None:
    lease = read(row(person("cl_a"), person("cl_b", "SECONDARY")))
    assert (lease.lease_id, lease.unit_id, lease.unit_number) == ("cl_lease", "cl_unit", "304")
    assert (lease.start, lease.end) == (date(2025, 6, 1), date(2026, 6, 1))
    assert (lease.move_in, lease.move_out) == (date(2025, 6, 3), None)
    assert (lease.status, lease.raw_status) == (LeaseStatus.ACTIVE, "Current")
    assert lease.monthly_rent == Decimal("2150.00")
    assert (lease.resident_id, lease.occupant_count) == ("cl_a", 2)
    assert (lease.days_known, lease.warnings) == (True, ())
    assert lease.last_seen == datetime(2026, 3, 31, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("people", "count"),
    [
        ([person("a"), person("b", "OTHER"), person("c", "Roommate"), person("d", None)], 4),
        ([person("a"), person("b", "GUARANTOR"), person("c", "guarantor")], 1),
        ([person("a"), person("b", move_out_date="2026-03-15T00:00:00.000Z")], 1),
        ([person("a"), person("b", move_out_date="2026-04-01")], 1),
        ([person("a"), person("b", move_out_date="2026-04-02")], 2),
        ([person("a"), person("b", move_in_date="2026-04-02T00:00:00.000Z")], 1),
        ([person("a"), person("b", move_in_date="2026-04-01T00:00:00.000Z")], 2),
        ([person("a", move_in_date=None)], 1),
    ],
)
def test_occupants_are_those_who_live_there_today(people: list[object], count: int) -> None:
    assert read(row(*people)).occupant_count == count


@pytest.mark.parametrize(
    "found",
    [
        row(),
        row(residents_meta_data=None),
        {key: value for key, value in row().items() if key != "residents_meta_data"},
        row(person("g", "GUARANTOR")),
        row(person("a", move_out_date="2026-01-01")),
    ],
)
def test_nobody_to_count_means_unknown_and_never_zero(found: dict[str, object]) -> None:
    assert read(found).occupant_count is None


def test_a_past_lease_keeps_the_count_of_its_last_day() -> None:
    out = "2026-03-16T00:00:00.000Z"
    early = person("c", "SECONDARY", move_out_date="2026-01-01T00:00:00.000Z")
    people = [person("a", move_out_date=out), person("b", "OTHER", move_out_date=out), early]
    lease = read(row(*people, status_normalized="INACTIVE", realized_move_out_date=out))
    assert (lease.status, lease.occupant_count) == (LeaseStatus.PAST, 2)
    assert (lease.resident_id, lease.move_out) == ("a", date(2026, 3, 16))


def test_a_future_lease_is_counted_on_the_day_when_it_begins() -> None:
    coming = {"move_in_date": "2026-05-01T00:00:00.000Z"}
    lease = read(
        row(
            person("a", **coming),
            person("b", "SECONDARY", **coming),
            status_normalized="PENDING",
            start_date="2026-05-01T00:00:00.000Z",
            realized_move_in_date=None,
        )
    )
    assert (lease.status, lease.occupant_count) == (LeaseStatus.FUTURE, 2)


def test_an_end_in_the_past_does_not_end_an_active_lease() -> None:
    lease = read(row(person("a"), end_date="2025-12-01T00:00:00.000Z"))
    assert (lease.status, lease.occupant_count) == (LeaseStatus.ACTIVE, 1)


@pytest.mark.parametrize(
    ("changes", "status", "raw"),
    [
        ({"status_normalized": "INACTIVE"}, LeaseStatus.PAST, "Current"),
        ({"status_normalized": "PENDING"}, LeaseStatus.FUTURE, "Current"),
        ({"status_normalized": "OTHER", "status_raw": "Odd"}, LeaseStatus.UNKNOWN, "Odd"),
        ({"status_normalized": None, "status_raw": None}, LeaseStatus.UNKNOWN, ""),
        (
            {"status_normalized": "EVICTED", "realized_move_out_date": "2026-03-01"},
            LeaseStatus.PAST,
            "Current",
        ),
    ],
)
def test_a_status_is_never_guessed(
    changes: dict[str, object], status: LeaseStatus, raw: str
) -> None:
    lease = read(row(person("a"), **changes))
    assert (lease.status, lease.raw_status) == (status, raw)


# The contract says that the word can mean an eviction under way: whoever still lives there uses
# water, and nobody's bill may wait for a court.
@pytest.mark.parametrize("move_out", [None, "2026-04-02"])
def test_who_is_being_evicted_lives_there_until_the_move_out(move_out: str | None) -> None:
    changes = {"status_normalized": "EVICTED", "status_raw": None}
    lease = read(row(person("a"), **changes, realized_move_out_date=move_out))
    assert (lease.status, lease.raw_status) == (LeaseStatus.ACTIVE, "EVICTED")
    assert lease.occupant_count == 1
    (warning,) = lease.warnings
    assert "evicted" in warning


def test_an_eviction_that_happened_needs_no_warning() -> None:
    lease = read(row(status_normalized="EVICTED", realized_move_out_date="2026-04-01"))
    assert (lease.status, lease.warnings) == (LeaseStatus.PAST, ())


@pytest.mark.parametrize(
    "changes", [{}, {"realized_move_in_date": None}, {"end_date": None}, {"start_date": None}]
)
def test_a_lease_that_is_over_without_a_move_out_has_no_days_that_are_known(
    changes: dict[str, object],
) -> None:
    lease = read(row(person("a"), status_normalized="INACTIVE", **changes))
    assert (lease.status, lease.days_known) == (LeaseStatus.PAST, False)
    (warning,) = lease.warnings
    assert "moved out" in warning


@pytest.mark.parametrize("status", ["ACTIVE", "PENDING", "OTHER"])
def test_a_lease_that_is_not_over_needs_no_move_out(status: str) -> None:
    lease = read(row(status_normalized=status))
    assert (lease.days_known, lease.warnings) == (True, ())


@pytest.mark.parametrize(
    ("people", "payer"),
    [
        ([person("b", "SECONDARY"), person("a")], "a"),
        ([person("a", move_out_date="2026-01-01"), person("b", "SECONDARY")], "b"),
        ([person("c", None, move_in_date="2025-07-01"), person("b", None)], "b"),
        ([person("g", "GUARANTOR")], None),
        ([], None),
    ],
)
def test_a_charge_names_the_primary_resident_who_lives_there_else_who_came_first(
    people: list[object], payer: str | None
) -> None:
    assert read(row(*people)).resident_id == payer


def test_a_lease_may_name_its_unit_by_number_only() -> None:
    lease = read(row(person("a"), unit_id=None))
    assert (lease.unit_id, lease.unit_number) == ("", "304")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"property_id": "cl_other"}, "property_id"),
        ({"residents_meta_data": "two"}, "residents_meta_data"),
        ({"residents_meta_data": ["a"]}, "residents_meta_data"),
        ({"residents_meta_data": [{"resident_id": None}]}, "residents_meta_data.0.resident_id"),
        ({"start_date": "soon"}, "start_date"),
    ],
)
def test_a_lease_that_makes_no_sense_says_which_field_it_is(
    changes: dict[str, object], words: str
) -> None:
    found = read_row(
        row(**changes),
        kind="lease",
        build=lambda f: lease_from(f, property_id="cl_prop", today=TODAY),
    )
    assert isinstance(found, MalformedRecord)
    assert words in " ".join(found.problems)
