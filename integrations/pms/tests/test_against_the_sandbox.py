from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from integrations.pms.errors import (
    ApiKeyRefused,
    DuplicateCharge,
    InvalidChargeCode,
    InvalidRequest,
    LeaseNotFound,
    NotFound,
    OutcomeUnknown,
    PmsLoginExpired,
    Throttled,
)
from integrations.pms.gateway import PmsGateway
from integrations.pms.propexo_unified import UnifiedGateway
from integrations.pms.records import (
    ChargeOrder,
    ConnectionHealth,
    MalformedRecord,
    Occupancy,
    PmsCharge,
    PmsProperty,
    PmsUnit,
)
from integrations.pms.reference import find_reference, reference_for
from integrations.pms.transport import Transport
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.seed import CONNECTION_ID, LOCKED_CONNECTION_ID
from integrations.sandbox.server import RunningSandbox, running_sandbox

DAY = date(2026, 4, 1)


@contextmanager
def gateway_to(sandbox: RunningSandbox, *, api_key: str = "") -> Iterator[PmsGateway]:
    with Transport(sandbox.base_url, api_key or sandbox.api_key) as transport:
        yield UnifiedGateway(transport)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    with running_sandbox(data_dir=tmp_path, units=24) as running:
        yield running


@pytest.fixture
def gateway(sandbox: RunningSandbox) -> Iterator[PmsGateway]:
    with gateway_to(sandbox) as opened:
        yield opened


def first_property(gateway: PmsGateway) -> PmsProperty:
    found = next(iter(gateway.list_properties(connection_id=CONNECTION_ID)))
    assert isinstance(found, PmsProperty)
    return found


def units_of(gateway: PmsGateway, property_id: str) -> list[PmsUnit]:
    return [row for row in gateway.list_units(property_id=property_id) if isinstance(row, PmsUnit)]


def order_for(unit: PmsUnit, *, code: str = "UTIL", reference: str = "") -> ChargeOrder:
    return ChargeOrder(
        property_id=unit.property_id,
        unit_id=unit.unit_id,
        lease_id=unit.current_lease_id,
        resident_id=None,
        amount=Decimal("142.50"),
        effective_date=DAY,
        charge_code=code,
        description="March 2026 water",
        reference=reference or reference_for(unit.unit_id),
    )


def occupied_unit(gateway: PmsGateway) -> PmsUnit:
    units = units_of(gateway, first_property(gateway).property_id)
    return next(unit for unit in units if unit.occupancy is Occupancy.OCCUPIED)


def post(gateway: PmsGateway, order: ChargeOrder) -> str | None:
    body = gateway.charge_body(order=order)
    return gateway.post_charge(body=body, reference=order.reference).charge_id


def test_every_record_of_every_property_is_read(gateway: PmsGateway) -> None:
    assert gateway.read_connection(connection_id=CONNECTION_ID).health is ConnectionHealth.ACTIVE
    properties = list(gateway.list_properties(connection_id=CONNECTION_ID))
    assert len(properties) == 3
    for found in properties:
        assert isinstance(found, PmsProperty)
        lists: dict[str, list[object]] = {
            "units": list(gateway.list_units(property_id=found.property_id)),
            "leases": list(gateway.list_leases(property_id=found.property_id)),
            "residents": list(gateway.list_residents(property_id=found.property_id)),
            "charge codes": list(gateway.list_charge_codes(property_id=found.property_id)),
            "payments": list(gateway.list_payments(property_id=found.property_id)),
        }
        assert all(lists.values())
        assert not [row for rows in lists.values() for row in rows if type(row) is MalformedRecord]
        assert len(lists["units"]) == found.unit_count
    pace = gateway.rate_limit
    assert pace is not None
    assert pace.remaining < pace.limit


def test_a_list_longer_than_a_page_is_read_to_its_end(tmp_path: Path) -> None:
    with (
        running_sandbox(data_dir=tmp_path, properties=1, units=450) as sandbox,
        gateway_to(sandbox) as gateway,
    ):
        units = units_of(gateway, first_property(gateway).property_id)
    assert len({unit.unit_id for unit in units}) == 450


def test_nothing_has_changed_since_tomorrow(gateway: PmsGateway) -> None:
    found = first_property(gateway)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    listing = gateway.list_units(property_id=found.property_id, updated_since=tomorrow)
    assert list(listing) == []


def test_a_charge_and_its_reversal_are_found_again(gateway: PmsGateway) -> None:
    unit = occupied_unit(gateway)
    order = order_for(unit)
    reversal = replace(
        order, amount=-order.amount, reference=reference_for(f"reversal of {order.reference}")
    )
    ids = [post(gateway, order), post(gateway, reversal)]
    ledger = gateway.list_charges(
        property_id=unit.property_id, unit_id=unit.unit_id, effective_date=DAY
    )
    found = [row for row in ledger if isinstance(row, PmsCharge)]
    assert [row.charge_id for row in found] == ids
    assert [row.amount for row in found] == [Decimal("142.50"), Decimal("-142.50")]
    assert [find_reference(row.description) for row in found] == [
        order.reference,
        reversal.reference,
    ]


def test_a_vacant_unit_has_no_lease_to_charge(gateway: PmsGateway) -> None:
    units = units_of(gateway, first_property(gateway).property_id)
    vacant = next(unit for unit in units if unit.occupancy is Occupancy.VACANT)
    with pytest.raises(LeaseNotFound):
        post(gateway, order_for(vacant))


def test_a_wrong_charge_is_refused_with_the_reason(gateway: PmsGateway) -> None:
    unit = occupied_unit(gateway)
    with pytest.raises(InvalidChargeCode):
        post(gateway, order_for(unit, code="NOPE"))
    with pytest.raises(InvalidRequest) as caught:
        post(gateway, replace(order_for(unit), charge_code=""))
    assert "charge_code" in caught.value.details


def test_a_duplicate_names_the_charge_that_is_there(tmp_path: Path) -> None:
    with (
        running_sandbox(data_dir=tmp_path, refuse_duplicates=True) as sandbox,
        gateway_to(sandbox) as gateway,
    ):
        unit = occupied_unit(gateway)
        made = post(gateway, order_for(unit))
        with pytest.raises(DuplicateCharge) as caught:
            post(gateway, order_for(unit, reference=reference_for("another")))
    assert caught.value.charge_id == made


@pytest.mark.parametrize(
    ("kind", "charges"),
    [
        (FaultKind.DROP_BEFORE, 0),
        (FaultKind.DROP_AFTER, 1),
        (FaultKind.STATUS_500_BEFORE, 0),
        (FaultKind.STATUS_500_AFTER, 1),
    ],
)
def test_a_broken_post_is_unknown_whether_or_not_it_took(
    sandbox: RunningSandbox, gateway: PmsGateway, kind: FaultKind, charges: int
) -> None:
    order = order_for(occupied_unit(gateway))
    sandbox.sandbox.faults.add(Fault(method="POST", path="/v1/charges", kind=kind))
    with pytest.raises(OutcomeUnknown):
        post(gateway, order)
    assert len(sandbox.ledger()) == charges


def test_a_dropped_read_is_read_again(sandbox: RunningSandbox, gateway: PmsGateway) -> None:
    sandbox.sandbox.faults.add(
        Fault(method="GET", path="/v1/properties", kind=FaultKind.DROP_BEFORE)
    )
    assert first_property(gateway).name


def test_a_locked_connection_is_an_expired_login(gateway: PmsGateway) -> None:
    found = gateway.read_connection(connection_id=LOCKED_CONNECTION_ID)
    assert found.health is ConnectionHealth.AUTH_FAILED
    with pytest.raises(PmsLoginExpired):
        list(gateway.list_properties(connection_id=LOCKED_CONNECTION_ID))


def test_unknown_ids_and_keys_are_told_apart(sandbox: RunningSandbox, gateway: PmsGateway) -> None:
    with pytest.raises(NotFound):
        gateway.read_connection(connection_id="conn_nowhere")
    with gateway_to(sandbox, api_key="px_live_wrong") as stranger, pytest.raises(ApiKeyRefused):
        stranger.read_connection(connection_id=CONNECTION_ID)


def test_too_many_calls_are_throttled(tmp_path: Path) -> None:
    with (
        running_sandbox(data_dir=tmp_path, rate_limit=2) as sandbox,
        gateway_to(sandbox) as gateway,
    ):
        for _ in range(2):
            gateway.read_connection(connection_id=CONNECTION_ID)
        order = ChargeOrder(
            "prop_1", "unit_1", None, None, Decimal(1), DAY, "UTIL", "x", reference_for("throttled")
        )
        with pytest.raises(Throttled) as caught:
            post(gateway, order)
    assert timedelta(seconds=1) <= caught.value.retry_after <= timedelta(seconds=60)
