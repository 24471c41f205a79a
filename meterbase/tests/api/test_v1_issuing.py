"""Issuing the invoices of a month."""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import Calculation, Statement
from meterbase.tests.api.programs import program_of
from portfolios.models import Lease, Property, Scope

INVOICES = "/api/v1/invoices"


@pytest.fixture
def program(programs):
    return programs["manager"]


@pytest.fixture
def march(approved_small: Calculation) -> dict[str, Any]:
    return {"propertyId": str(approved_small.bill.property_id), "month": "2026-03"}


def test_a_month_is_issued_once_and_then_only_what_changed(program, march):
    first = program.post(INVOICES, march)
    assert (first.status_code, first.json()) == (201, {**march, "issued": 3})
    assert program.post(INVOICES, march).json()["issued"] == 0
    listed = program.get(f"{INVOICES}?month=2026-03").json()["data"]
    assert [invoice["version"] for invoice in listed] == [1, 1, 1]


def test_one_tenants_invoice_is_issued_alone(program, march):
    lease = Lease.objects.latest("pk")
    alone = {**march, "tenantId": str(lease.pk)}
    assert program.post(INVOICES, alone).json()["issued"] == 1
    assert Statement.objects.get().lease == lease
    again = program.post(INVOICES, alone)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "nothing_to_issue")


def test_nothing_is_issued_where_nothing_is_approved(program, march):
    refused = program.post(INVOICES, {**march, "month": "2026-02"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "nothing_to_issue")
    for wrong in ("2026-13", "0001-01", "9999-12", 202603):
        assert program.post(INVOICES, {**march, "month": wrong}).status_code == 422


def test_what_a_place_asks_for_is_named(program, march):
    Property.objects.update(state="TX", city="Austin")
    refused = program.post(INVOICES, march)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_complete")
    assert refused.json()["error"]["details"]["due_date"] == ["the due date"]
    assert not Statement.objects.exists()


def test_a_tenant_of_another_property_is_not_found(program, march, now):
    lease = Lease.objects.latest("pk")
    elsewhere = Property.objects.create(
        portfolio=lease.unit.property.portfolio, name="Elsewhere", created_at=now
    )
    body = {**march, "propertyId": str(elsewhere.pk), "tenantId": str(lease.pk)}
    assert program.post(INVOICES, body).status_code == 404


def test_reading_charges_is_not_enough(cast, now, march):
    reader = program_of(cast.manager, now=now, scopes=[Scope.CHARGES_READ])
    assert reader.post(INVOICES, march).status_code == 403
