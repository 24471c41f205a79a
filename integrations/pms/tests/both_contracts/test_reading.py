"""What is read alike in either wire contract, told once and tried in both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TypeVar

import pytest

from integrations.pms.gateway import PmsGateway
from integrations.pms.records import (
    Contract,
    LeaseStatus,
    MalformedRecord,
    PmsChargeCode,
    PmsLease,
    PmsProperty,
    PmsUnit,
)
from integrations.pms.tests.both_contracts.opening import PMS_PROPERTY, gateway_to, good
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.seed import CONNECTION_ID
from integrations.sandbox.server import RunningSandbox, running_sandbox

AnswerT = TypeVar("AnswerT")


def in_both(
    world: RunningSandbox, read: Callable[[PmsGateway], AnswerT]
) -> tuple[AnswerT, AnswerT]:
    with gateway_to(world, "unified") as one, gateway_to(world, "v1") as other:
        return read(one), read(other)


def test_every_record_of_every_property_is_read(reader: PmsGateway) -> None:
    properties = good(reader.list_properties(connection_id=CONNECTION_ID), PmsProperty)
    assert len(properties) == 3
    for found in properties:
        lists: list[list[object]] = [
            list(reader.list_units(property_id=found.property_id)),
            list(reader.list_leases(property_id=found.property_id)),
            list(reader.list_residents(property_id=found.property_id)),
            list(reader.list_charge_codes(property_id=found.property_id)),
        ]
        assert all(lists)
        assert not [row for rows in lists for row in rows if isinstance(row, MalformedRecord)]
        assert len(lists[0]) == found.unit_count


def test_the_same_properties_are_told(world: RunningSandbox) -> None:
    one, other = in_both(
        world,
        lambda gateway: good(gateway.list_properties(connection_id=CONNECTION_ID), PmsProperty),
    )
    assert [replace(found, enabled=None, updated_at=None) for found in other] == [
        replace(found, enabled=None, updated_at=None) for found in one
    ]


def test_the_same_units_are_told(world: RunningSandbox) -> None:
    def units(gateway: PmsGateway) -> list[tuple[object, ...]]:
        return [
            (
                unit.unit_id,
                unit.unit_number,
                unit.square_feet,
                unit.bedrooms,
                unit.bathrooms,
                unit.occupancy,
            )
            for unit in good(gateway.list_units(property_id="prop_001"), PmsUnit)
        ]

    one, other = in_both(world, units)
    assert other == one


def test_the_same_leases_are_told(world: RunningSandbox) -> None:
    current = (LeaseStatus.ACTIVE, LeaseStatus.MONTH_TO_MONTH)

    def leases(gateway: PmsGateway) -> list[tuple[object, ...]]:
        return sorted(
            (
                lease.lease_id,
                lease.unit_id,
                lease.resident_id,
                lease.start,
                lease.end,
                lease.monthly_rent,
                lease.occupant_count,
            )
            for lease in good(gateway.list_leases(property_id="prop_001"), PmsLease)
            if lease.status in current
        )

    one, other = in_both(world, leases)
    assert one
    assert other == one


def test_the_same_people_are_told(world: RunningSandbox) -> None:
    def names(gateway: PmsGateway) -> dict[str, str]:
        rows = gateway.list_residents(property_id="prop_001")
        return {
            row.resident_id: row.full_name for row in rows if not isinstance(row, MalformedRecord)
        }

    one, other = in_both(world, names)
    assert one
    # Guarantors are residents in one of the contracts only.
    assert {key: name for key, name in other.items() if key in one} == one


def test_the_same_charge_codes_are_told(world: RunningSandbox) -> None:
    def codes(gateway: PmsGateway) -> set[tuple[str, str, str]]:
        rows = good(gateway.list_charge_codes(property_id="prop_001"), PmsChargeCode)
        return {(row.code, row.name, row.gl_account) for row in rows if row.kind == "charge_code"}

    one, other = in_both(world, codes)
    assert "UTIL" in {code for code, _, _ in one}
    assert other == one


def test_a_list_longer_than_a_page_is_read_to_its_end(tmp_path: Path, contract: Contract) -> None:
    with (
        running_sandbox(data_dir=tmp_path, properties=1, units=450) as sandbox,
        gateway_to(sandbox, contract) as gateway,
    ):
        units = good(gateway.list_units(property_id="prop_001"), PmsUnit)
    assert len({unit.unit_id for unit in units}) == len(units) == 450


def test_a_list_that_broke_off_goes_on_where_it_stopped(tmp_path: Path, contract: Contract) -> None:
    with (
        running_sandbox(data_dir=tmp_path, properties=1, units=450) as sandbox,
        gateway_to(sandbox, contract) as gateway,
    ):
        marks: list[str | None] = []
        rows = gateway.list_units(property_id="prop_001", on_page=marks.append)
        before = good(islice(rows, 251), PmsUnit)
        after = good(gateway.list_units(property_id="prop_001", resume_at=marks[-1]), PmsUnit)
    assert len(marks) == 1
    assert len({unit.unit_id for unit in (*before, *after)}) == 450
    assert len(after) in (200, 250)


@pytest.mark.parametrize("mark", ["nonsense", "ⅷ", "whole:x", "accounts:"])
def test_a_mark_that_leads_nowhere_is_no_mark(reader: PmsGateway, mark: str) -> None:
    assert len(list(reader.list_units(property_id="prop_001", resume_at=mark))) == 24
    chart = list(reader.list_charge_codes(property_id="prop_001"))
    found = list(reader.list_charge_codes(property_id="prop_001", resume_at=mark))
    assert found == chart or mark == "accounts:"


def test_nothing_has_changed_since_tomorrow(reader: PmsGateway) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert list(reader.list_units(property_id="prop_001", updated_since=tomorrow)) == []
    assert list(reader.list_leases(property_id="prop_001", updated_since=tomorrow)) == []
    assert list(reader.list_residents(property_id="prop_001", updated_since=tomorrow)) == []


def test_a_dropped_read_is_read_again(sandbox: RunningSandbox, gateway: PmsGateway) -> None:
    sandbox.sandbox.faults.add(Fault(method="GET", path="/v1/units*", kind=FaultKind.DROP_BEFORE))
    assert good(gateway.list_units(property_id=PMS_PROPERTY), PmsUnit)
