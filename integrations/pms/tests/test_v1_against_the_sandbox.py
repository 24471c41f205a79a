"""What only contract v1 has, and how each PMS takes charges over it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from integrations.pms.discovery import open_contract
from integrations.pms.errors import NotFound, NotSupported, OutcomeUnknown, UnreadableAnswer
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import (
    ChargeOrder,
    LeaseStatus,
    PmsChargeCode,
    PmsLease,
    PmsProperty,
    PmsUnit,
    PmsWriteJob,
)
from integrations.pms.reference import reference_for
from integrations.pms.transport import Transport
from integrations.pms.v1_charge_forms import takes_charges
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.pms_behaviour import BEHAVIOURS
from integrations.sandbox.server import RunningSandbox, running_sandbox

DAY = date(2026, 4, 1)
SLUGS = [behaviour.slug for behaviour in BEHAVIOURS]
POSTING = [slug for slug in SLUGS if takes_charges(slug)]


@contextmanager
def gateway_to(sandbox: RunningSandbox, pms: str) -> Iterator[PmsGateway]:
    with Transport(sandbox.base_url, sandbox.api_key) as transport:
        yield open_contract(
            "v1",
            transport=transport,
            connection_id=f"conn_{pms}",
            provider=pms,
            transaction_batch_id="batch_7",
        )


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with running_sandbox(
        data_dir=tmp_path_factory.mktemp("v1"), properties=1, units=2, pms=SLUGS, contract="v1"
    ) as running:
        yield running


def an_order(gateway: PmsGateway, pms: str, *, reference: str) -> ChargeOrder:
    property_id = f"prop_{pms}"
    leases = [
        lease
        for lease in gateway.list_leases(property_id=property_id)
        if isinstance(lease, PmsLease)
        and lease.status is LeaseStatus.ACTIVE
        and lease.unit_id
        and lease.resident_id
        and lease.start is not None
        and lease.start <= DAY
        and (lease.end is None or lease.end > DAY)
    ]
    chart = {
        row.kind: row.remote_id
        for row in gateway.list_charge_codes(property_id=property_id)
        if isinstance(row, PmsChargeCode) and (row.code == "UTIL" or row.name.startswith("Util"))
    }
    return ChargeOrder(
        property_id=property_id,
        unit_id=leases[0].unit_id,
        lease_id=leases[0].lease_id,
        resident_id=leases[0].resident_id,
        amount=Decimal("12.34"),
        effective_date=DAY,
        charge_code="UTIL",
        description="March 2026 water",
        reference=reference_for(reference),
        charge_code_id=chart.get("charge_code"),
        financial_account_id=chart.get("financial_account"),
        batch_id="job_abc",
    )


def outcome(gateway: PmsGateway, order: ChargeOrder) -> PmsWriteJob:
    receipt = gateway.post_charge(body=gateway.charge_body(order=order), reference=order.reference)
    assert receipt.charge_id is None
    assert receipt.job_id is not None
    job = gateway.read_write_job(job_id=receipt.job_id)
    while job.state == "pending":
        job = gateway.read_write_job(job_id=receipt.job_id)
    return job


def test_the_table_of_bodies_knows_every_interface() -> None:
    assert {slug: takes_charges(slug) for slug in SLUGS} == {
        behaviour.slug: behaviour.posts_charges for behaviour in BEHAVIOURS
    }


@pytest.mark.parametrize("pms", POSTING)
def test_each_pms_takes_the_charge_as_it_is_written_for_it(
    sandbox: RunningSandbox, pms: str
) -> None:
    with gateway_to(sandbox, pms) as gateway:
        order = an_order(gateway, pms, reference=pms)
        job = outcome(gateway, order)
    assert (job.state, job.errors, job.code) == ("succeeded", (), "")
    (entry,) = [row for row in sandbox.ledger() if order.reference in repr(row)]
    assert entry.unit_id == order.unit_id


@pytest.mark.parametrize("pms", ["entrata", "rentmanager", "propertyware_rest"])
def test_a_charge_that_is_taken_back_is_in_the_ledger_below_zero(
    sandbox: RunningSandbox, pms: str
) -> None:
    with gateway_to(sandbox, pms) as gateway:
        order = an_order(gateway, pms, reference=f"{pms} to be reversed")
        outcome(gateway, order)
        back = replace(order, amount=-order.amount, reference=reference_for(f"{pms} reversed"))
        credit = gateway.credit_body(order=back)
        post = gateway.post_credit if credit.call == "credit" else gateway.post_charge
        receipt = post(body=credit.content, reference=back.reference)
        while gateway.read_write_job(job_id=receipt.job_id or "").state == "pending":
            pass
    (entry,) = [row for row in sandbox.ledger() if back.reference in repr(row)]
    assert (entry.amount, entry.unit_id) == (-order.amount, order.unit_id)


@pytest.mark.parametrize("pms", POSTING)
def test_a_connection_says_that_it_takes_charges(sandbox: RunningSandbox, pms: str) -> None:
    with gateway_to(sandbox, pms) as gateway:
        found = gateway.read_connection(connection_id=f"conn_{pms}")
    assert (found.provider, found.posts_charges) == (pms, True)


@pytest.mark.parametrize("pms", [slug for slug in SLUGS if slug not in POSTING])
def test_a_pms_that_takes_no_charges_is_never_asked(sandbox: RunningSandbox, pms: str) -> None:
    with gateway_to(sandbox, pms) as gateway:
        found = gateway.read_connection(connection_id=f"conn_{pms}")
        with pytest.raises(NotSupported):
            gateway.charge_body(order=an_order(gateway, pms, reference=pms))
    assert (found.provider, found.posts_charges) == (pms, False)


@pytest.mark.parametrize("pms", POSTING)
def test_a_lease_that_is_over_is_refused_in_words_that_are_understood(
    sandbox: RunningSandbox, pms: str
) -> None:
    with gateway_to(sandbox, pms) as gateway:
        order = an_order(gateway, pms, reference=f"past {pms}")
        past = next(
            lease
            for lease in gateway.list_leases(property_id=order.property_id)
            if isinstance(lease, PmsLease) and lease.status is LeaseStatus.PAST
        )
        order = replace(
            order, unit_id=past.unit_id, lease_id=past.lease_id, resident_id=past.resident_id
        )
        job = outcome(gateway, order)
    assert (job.state, job.charge_id, job.code) == ("failed", None, "LEASE_NOT_FOUND")
    assert job.errors


@pytest.mark.parametrize("pms", ["realpage_rpx", "resman"])
def test_a_pms_that_refuses_duplicates_says_so(sandbox: RunningSandbox, pms: str) -> None:
    with gateway_to(sandbox, pms) as gateway:
        order = an_order(gateway, pms, reference=f"twice {pms}")
        assert outcome(gateway, order).state == "succeeded"
        assert outcome(gateway, order).code == "DUPLICATE_CHARGE"


def test_a_property_that_is_not_loaded_says_so(sandbox: RunningSandbox) -> None:
    with gateway_to(sandbox, "yardi") as gateway:
        found = {
            row.property_id: row.enabled
            for row in gateway.list_properties(connection_id="conn_yardi")
            if isinstance(row, PmsProperty)
        }
    assert found == {"prop_yardi": True, "prop_yardi_off": False}


def test_an_unknown_job_is_not_found(sandbox: RunningSandbox) -> None:
    with gateway_to(sandbox, "yardi") as gateway, pytest.raises((NotFound, OutcomeUnknown)):
        gateway.read_write_job(job_id="job_nowhere")


def test_where_changes_cannot_be_asked_for_everything_is_read(tmp_path: Path) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with (
        running_sandbox(
            data_dir=tmp_path, properties=1, units=4, contract="v1", refuse_freshness=True
        ) as sandbox,
        gateway_to(sandbox, "yardi") as gateway,
    ):
        assert len(list(gateway.list_units(property_id="prop_001", updated_since=tomorrow))) == 4


def test_rows_that_got_lost_on_the_way_are_noticed(tmp_path: Path) -> None:
    with (
        running_sandbox(data_dir=tmp_path, properties=1, units=4, contract="v1") as sandbox,
        gateway_to(sandbox, "yardi") as gateway,
    ):
        sandbox.sandbox.faults.add(
            Fault(method="GET", path="/v1/units/", kind=FaultKind.MISSING_ROWS)
        )
        with pytest.raises(UnreadableAnswer, match="2 of 4"):
            list(gateway.list_units(property_id="prop_001"))


def test_rows_that_come_in_meanwhile_shift_nothing(tmp_path: Path) -> None:
    with (
        running_sandbox(data_dir=tmp_path, properties=1, units=300, contract="v1") as sandbox,
        gateway_to(sandbox, "yardi") as gateway,
    ):
        sandbox.sandbox.faults.add(
            Fault(method="GET", path="/v1/units/", kind=FaultKind.ROWS_INSERTED, rows=3)
        )
        rows = list(gateway.list_units(property_id="prop_001"))
    ids = [row.unit_id for row in rows if isinstance(row, PmsUnit)]
    assert len(ids) == len(set(ids)) == 303
