"""How charges are made and found again, in either wire contract."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from integrations.pms.errors import InvalidChargeCode, LeaseNotFound, OutcomeUnknown, Throttled
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import (
    ChargeOrder,
    LeaseStatus,
    Occupancy,
    PmsCharge,
    PmsChargeCode,
    PmsLease,
    PmsUnit,
)
from integrations.pms.reference import reference_for
from integrations.pms.tests.both_contracts.opening import PMS_PROPERTY, good
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.server import RunningSandbox

DAY = date(2026, 4, 1)


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


def test_charges_are_found_again(gateway: PmsGateway) -> None:
    lease = an_active_lease(gateway)
    order = order_on(gateway, lease)
    other = replace(order, amount=Decimal("0.01"), reference=reference_for("another"))
    ids = [post(gateway, order), post(gateway, other)]
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
    assert [charge.amount for charge in found] == [Decimal("142.50"), Decimal("0.01")]
    assert [charge.reference for charge in found] == [order.reference, other.reference]
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
