"""What holds in either wire contract, told once and tried in both, against the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TypeVar

import pytest

from integrations.pms.discovery import find_connection, open_contract
from integrations.pms.errors import (
    ApiKeyRefused,
    InvalidChargeCode,
    LeaseNotFound,
    NotFound,
    OutcomeUnknown,
    Throttled,
)
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import (
    ChargeOrder,
    ConnectionHealth,
    Contract,
    LeaseStatus,
    MalformedRecord,
    Occupancy,
    PmsCharge,
    PmsChargeCode,
    PmsConnection,
    PmsLease,
    PmsProperty,
    PmsUnit,
)
from integrations.pms.reference import reference_for
from integrations.pms.transport import Transport
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.seed import CONNECTION_ID, LOCKED_CONNECTION_ID
from integrations.sandbox.server import RunningSandbox, running_sandbox

# A PMS that tells the id of a charge in both contracts.
PMS = "appfolio"
PMS_CONNECTION = f"conn_{PMS}"
PMS_PROPERTY = f"prop_{PMS}"
DAY = date(2026, 4, 1)
BOTH: tuple[Contract, ...] = ("unified", "v1")

RowT = TypeVar("RowT")
Opening = AbstractContextManager[PmsGateway]


@contextmanager
def gateway_to(
    sandbox: RunningSandbox, contract: Contract, *, api_key: str = ""
) -> Iterator[PmsGateway]:
    with Transport(sandbox.base_url, api_key or sandbox.api_key) as transport:
        yield open_contract(
            contract, transport=transport, connection_id=PMS_CONNECTION, provider=PMS
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """Run a sandbox that nobody changes."""
    with running_sandbox(data_dir=tmp_path_factory.mktemp("world"), units=24, pms=[PMS]) as running:
        yield running


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    with running_sandbox(data_dir=tmp_path, properties=1, units=2, pms=[PMS]) as running:
        yield running


@pytest.fixture(params=BOTH)
def contract(request: pytest.FixtureRequest) -> Contract:
    found: Contract = request.param
    return found


@pytest.fixture
def reader(world: RunningSandbox, contract: Contract) -> Iterator[PmsGateway]:
    with gateway_to(world, contract) as opened:
        yield opened


@pytest.fixture
def gateway(sandbox: RunningSandbox, contract: Contract) -> Iterator[PmsGateway]:
    with gateway_to(sandbox, contract) as opened:
        yield opened


def good(rows: Iterator[RowT | MalformedRecord], kind: type[RowT]) -> list[RowT]:
    found = list(rows)
    assert not [row for row in found if isinstance(row, MalformedRecord)]
    return [row for row in found if isinstance(row, kind)]


def in_both(world: RunningSandbox, read: Callable[[PmsGateway], RowT]) -> tuple[RowT, RowT]:
    with gateway_to(world, "unified") as one, gateway_to(world, "v1") as other:
        return read(one), read(other)


# --- Reading -------------------------------------------------------------------------------------


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


# --- Connections ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("connection_id", "provider", "health"),
    [
        (CONNECTION_ID, "yardi", ConnectionHealth.ACTIVE),
        (PMS_CONNECTION, PMS, ConnectionHealth.ACTIVE),
        (LOCKED_CONNECTION_ID, "realpage", ConnectionHealth.AUTH_FAILED),
        ("conn_syncing", "entrata", ConnectionHealth.SYNCING),
        ("conn_inactive", "appfolio", ConnectionHealth.INACTIVE),
    ],
)
def test_it_knows_how_a_connection_is(
    reader: PmsGateway,
    contract: Contract,
    connection_id: str,
    provider: str,
    health: ConnectionHealth,
) -> None:
    found = reader.read_connection(connection_id=connection_id)
    assert found.provider.startswith(provider)
    assert (found.health, found.contract) == (health, contract)
    assert found.is_running_sync == (health is ConnectionHealth.SYNCING)
    assert (found.last_synced_at is None) == (health is ConnectionHealth.SYNCING)


def test_unknown_ids_and_keys_are_told_apart(
    world: RunningSandbox, reader: PmsGateway, contract: Contract
) -> None:
    with pytest.raises(NotFound):
        reader.read_connection(connection_id="conn_nowhere")
    with (
        gateway_to(world, contract, api_key="px_live_wrong") as stranger,
        pytest.raises(ApiKeyRefused),
    ):
        stranger.read_connection(connection_id=CONNECTION_ID)


@pytest.mark.parametrize(
    ("served", "contract"), [("both", "v1"), ("v1", "v1"), ("unified", "unified")]
)
def test_the_contract_that_is_spoken_is_found(
    tmp_path: Path, served: str, contract: Contract
) -> None:
    def find(connection_id: str) -> PmsConnection:
        return find_connection(
            transport=transport, connection_id=connection_id, contracts=("v1", "unified")
        )

    with (
        running_sandbox(data_dir=tmp_path, properties=1, units=1, contract=served) as sandbox,
        Transport(sandbox.base_url, sandbox.api_key) as transport,
    ):
        assert find(CONNECTION_ID).contract == contract
        with pytest.raises(NotFound):
            find("conn_nowhere")
    with (
        running_sandbox(data_dir=tmp_path, properties=1, units=1, contract=served) as sandbox,
        Transport(sandbox.base_url, "px_live_wrong") as transport,
        pytest.raises(ApiKeyRefused),
    ):
        find(CONNECTION_ID)


# --- Posting -------------------------------------------------------------------------------------


def order_on(gateway: PmsGateway, lease: PmsLease, *, reference: str = "") -> ChargeOrder:
    chart = good(gateway.list_charge_codes(property_id=PMS_PROPERTY), PmsChargeCode)
    code = next(row for row in chart if row.kind == "charge_code" and row.code == "UTIL")
    accounts = [
        row.remote_id
        for row in chart
        if row.kind == "financial_account" and row.gl_account == code.gl_account
    ]
    return ChargeOrder(
        property_id=PMS_PROPERTY,
        unit_id=lease.unit_id,
        lease_id=lease.lease_id,
        resident_id=lease.resident_id,
        amount=Decimal("142.50"),
        effective_date=DAY,
        charge_code="UTIL",
        description="March 2026 water",
        reference=reference or reference_for(lease.lease_id),
        charge_code_id=code.remote_id,
        financial_account_id=next(iter(accounts), None),
    )


def an_active_lease(gateway: PmsGateway) -> PmsLease:
    leases = good(gateway.list_leases(property_id=PMS_PROPERTY), PmsLease)
    return next(
        lease
        for lease in leases
        if lease.status is LeaseStatus.ACTIVE
        and lease.unit_id
        and lease.start is not None
        and lease.start <= DAY
        and (lease.end is None or lease.end > DAY)
    )


def post(gateway: PmsGateway, order: ChargeOrder) -> str | None:
    """Post a charge and wait for its job, where there is one."""
    body = gateway.charge_body(order=order)
    receipt = gateway.post_charge(body=body, reference=order.reference)
    if receipt.job_id is None:
        return receipt.charge_id
    job = gateway.read_write_job(job_id=receipt.job_id)
    while job.state == "pending":
        job = gateway.read_write_job(job_id=receipt.job_id)
    assert job.state == "succeeded", job.errors
    return job.charge_id


def test_a_charge_and_its_reversal_are_found_again(gateway: PmsGateway) -> None:
    lease = an_active_lease(gateway)
    order = order_on(gateway, lease)
    reversal = replace(order, amount=-order.amount, reference=reference_for("reversal"))
    ids = [post(gateway, order), post(gateway, reversal)]
    assert None not in ids
    found = good(
        gateway.list_charges(
            property_id=PMS_PROPERTY,
            unit_id=lease.unit_id,
            lease_id=lease.lease_id,
            effective_date=DAY,
        ),
        PmsCharge,
    )
    assert [charge.charge_id for charge in found] == ids
    assert [charge.amount for charge in found] == [Decimal("142.50"), Decimal("-142.50")]
    assert [charge.reference for charge in found] == [order.reference, reversal.reference]
    assert {charge.lease_id for charge in found} == {lease.lease_id}


def test_charges_of_another_unit_or_day_are_not_shown(gateway: PmsGateway) -> None:
    lease = an_active_lease(gateway)
    post(gateway, order_on(gateway, lease))
    units = good(gateway.list_units(property_id=PMS_PROPERTY), PmsUnit)
    neighbour = next(unit.unit_id for unit in units if unit.unit_id != lease.unit_id)
    other_day = gateway.list_charges(property_id=PMS_PROPERTY, effective_date=date(2026, 3, 31))
    other_unit = gateway.list_charges(property_id=PMS_PROPERTY, unit_id=neighbour)
    other_lease = gateway.list_charges(property_id=PMS_PROPERTY, lease_id="lease_elsewhere")
    assert [list(other_day), list(other_unit), list(other_lease)] == [[], [], []]


def test_the_same_order_is_always_the_same_bytes(gateway: PmsGateway) -> None:
    order = order_on(gateway, an_active_lease(gateway))
    body = gateway.charge_body(order=order)
    assert gateway.charge_body(order=order) == body
    assert order.reference.encode() in body


def test_nobody_is_charged_where_nobody_lives(gateway: PmsGateway) -> None:
    units = good(gateway.list_units(property_id=PMS_PROPERTY), PmsUnit)
    vacant = next(unit for unit in units if unit.occupancy is Occupancy.VACANT)
    order = order_on(gateway, an_active_lease(gateway))
    with pytest.raises(LeaseNotFound):
        post(gateway, replace(order, unit_id=vacant.unit_id, lease_id=None, resident_id=None))


def test_a_charge_code_that_the_property_lacks_is_refused(gateway: PmsGateway) -> None:
    order = order_on(gateway, an_active_lease(gateway))
    with pytest.raises(InvalidChargeCode):
        post(
            gateway,
            replace(order, charge_code="NOPE", charge_code_id=None, financial_account_id=None),
        )


@pytest.mark.parametrize(
    ("kind", "charges"),
    [
        (FaultKind.DROP_BEFORE, 0),
        (FaultKind.DROP_AFTER, 1),
        (FaultKind.STATUS_500_BEFORE, 0),
        (FaultKind.STATUS_500_AFTER, 1),
        (FaultKind.HTML_AFTER, 1),
        (FaultKind.MALFORMED_JSON, 1),
        (FaultKind.CUT_BODY, 1),
    ],
)
def test_a_broken_post_is_unknown_whether_or_not_it_took(
    sandbox: RunningSandbox, gateway: PmsGateway, kind: FaultKind, charges: int
) -> None:
    order = order_on(gateway, an_active_lease(gateway))
    sandbox.sandbox.faults.add(Fault(method="POST", path="/v1/*charges*", kind=kind))
    with pytest.raises(OutcomeUnknown):
        post(gateway, order)
    assert len(sandbox.ledger()) == charges


def test_a_post_that_comes_too_soon_is_throttled_and_charges_nobody(
    sandbox: RunningSandbox, gateway: PmsGateway
) -> None:
    order = order_on(gateway, an_active_lease(gateway))
    sandbox.sandbox.faults.add(
        Fault(method="POST", path="/v1/*charges*", kind=FaultKind.TOO_MANY_REQUESTS, retry_after=30)
    )
    with pytest.raises(Throttled) as caught:
        post(gateway, order)
    assert caught.value.retry_after == timedelta(seconds=30)
    assert sandbox.ledger() == ()
