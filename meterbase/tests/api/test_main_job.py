"""The main job by the API alone: two people's programs, from the connection to posted charges."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billing.models import PostingJob
from billing.posting.drain import drain
from integrations.gateways import find_gateway
from integrations.models import SyncRun
from integrations.sync.run import run_sync
from meterbase.lib.exact_json import read_json


@pytest.fixture
def manager(programs):
    return programs["manager"]


@pytest.fixture
def accountant(programs):
    return programs["accountant"]


def _json(answer, status=200) -> Any:
    assert answer.status_code == status, answer.content
    return read_json(answer.content)


def _connected_place(manager, cast):
    connected = {
        "portfolio_id": cast.portfolio.pk,
        "propexo_connection_id": "conn_001",
        "pms": "yardi_voyager",
    }
    connection = _json(manager.post("/api/propexo/connections", connected), 201)["connection_id"]
    offered = _json(manager.get(f"/api/propexo/connections/{connection}/properties"))
    chosen = {
        "connection_id": connection,
        "portfolio_id": cast.portfolio.pk,
        "propexo_property_ids": [offered["properties"][0]["propexo_property_id"]],
    }
    return _json(manager.post("/api/propexo/import-properties", chosen))["properties"][0]["id"]


def _work_of_the_workers(now):
    """Do what the background workers do with a sync."""
    gateway = find_gateway(propexo_connection_id="conn_001")
    run_sync(run_id=SyncRun.objects.latest("pk").pk, gateway=gateway, clock=lambda: now)


def test_the_main_job_is_done_by_two_programs(
    manager, accountant, sandbox, cast, now, clock, settings
):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    place = _connected_place(manager, cast)
    sync = _json(manager.post("/api/propexo/sync-units", {"property_id": place}), 202)
    _work_of_the_workers(now)
    assert _json(manager.get(sync["url"]))["status"] == "completed"
    rule = {"utilityType": "water", "splitMethod": "square_feet", "commonAreaPercent": 10}
    _json(manager.post(f"/api/v1/properties/{place}/sharerules", rule), 201)

    bill = {
        "property_id": place,
        "utility": "water",
        "period_start": "2026-03-01",
        "period_end": "2026-04-01",
        "amount": Decimal("5661.61"),
    }
    bill_id = _json(manager.post("/api/rubs/bills", bill), 201)["bill_id"]
    kept = manager.call("PUT", f"/api/rubs/bills/{bill_id}/document?name=march.pdf", b"%PDF-1.7")
    assert _json(kept)["content_type"] == "application/pdf"
    made = _json(manager.post("/api/rubs/calculate", {"bill_id": bill_id}), 201)
    assert made["tenants"] + made["owner"] == made["bill_amount"] == Decimal("5661.61")
    assert sum(charge["amount"] for charge in made["charges"]) == made["tenants"]

    at = f"/api/rubs/calculations/{made['calculation_id']}"
    assert _json(manager.post(f"{at}/submit"))["status"] == "in_review"
    # Whoever prepared it cannot approve it, whatever the role and the key.
    cast.manager.memberships.update(role="accountant")
    assert manager.post(f"{at}/approve").json()["error"]["code"] == "permission_denied"
    cast.manager.memberships.update(role="manager")
    assert _json(accountant.post(f"{at}/approve"))["status"] == "approved"

    order = {
        "property_id": place,
        "bill_id": bill_id,
        "charge_date": "2026-04-01",
        "charge_code": "UTIL",
        "description": "March 2026 Utility Charge (RUBS)",
        "post_to_pms": True,
    }
    started = _json(accountant.post("/api/rubs/post-charges", order, Idempotency_Key="a"), 202)
    clock.advance(days=365)
    job = PostingJob.objects.get()
    gateway = find_gateway(propexo_connection_id="conn_001")
    drain(connection_id=job.connection_id, gateway=gateway, clock=clock)

    ended = _json(manager.get(started["url"]))
    assert (ended["status"], ended["posted"], ended["failed"]) == ("completed", 45, 0)
    assert len(sandbox.ledger()) == 45
    listed = _json(manager.get(f"/api/rubs/jobs?bill_id={bill_id}"))["jobs"]
    assert [line["job_id"] for line in listed] == [started["job_id"]]
