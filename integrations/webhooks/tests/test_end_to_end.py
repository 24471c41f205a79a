"""From a signed request to what is stored, with the sandbox as the PMS that is read again."""

from __future__ import annotations

import json
from datetime import date

import pytest
import requests
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from integrations.models import EventState, ReviewItem, ReviewKind, SyncRun, WebhookEvent
from integrations.operations.imports import import_properties
from integrations.webhooks.tests.deliveries import deliver, flat, sync_complete, unified, wrapped
from portfolios.models import Lease

BODIES = [
    unified("data.update", object="lease", id="LEASE", property_id="prop_001"),
    unified("lease.updated", id="LEASE"),
    unified("data.new", object="unit", id="unit_new", property_id="prop_001"),
    unified("sync.complete"),
    wrapped("DATA_UPDATE", object="leases", record_id="LEASE", job_id="j1", root_job_id="j0"),
    flat("DATA_UPDATE", object="leases", record_id="LEASE"),
    sync_complete(),
]


def carry_out_what_is_queued() -> None:
    """Do what the background workers do with their queue."""
    while (row := OrmQ.objects.order_by("pk").first()) is not None:
        task = row.task
        row.delete()
        import_string(task["func"])(*task["args"])


@pytest.fixture
def lease(place, sandbox) -> Lease:
    """Give a lease that the PMS has ended since it was read here."""
    found = Lease.objects.filter(unit__property=place, status="active").order_by("pk")[0]
    address = f"{sandbox.base_url}/_sandbox/leases/{found.propexo_lease_id}/end"
    answer = requests.post(address, json={"end_date": "2026-03-20"}, timeout=5)
    assert answer.status_code == 200
    OrmQ.objects.all().delete()
    return found


@pytest.mark.parametrize("template", BODIES)
def test_a_signed_event_brings_here_what_changed_in_the_pms(lease, template):
    body = _about(lease, template)
    assert deliver(body).status_code == 200
    assert deliver(body).status_code == 200  # Propexo did not hear the first answer
    lease.refresh_from_db()
    assert lease.status == "active"
    carry_out_what_is_queued()
    lease.refresh_from_db()
    assert (lease.status, lease.end_date) == ("past", date(2026, 3, 20))
    assert WebhookEvent.objects.get().state == EventState.HANDLED


def test_a_forged_event_changes_nothing(lease):
    runs = SyncRun.objects.count()
    assert deliver(unified("sync.complete"), secret="whsec_guessed").status_code == 401
    carry_out_what_is_queued()
    assert (SyncRun.objects.count(), WebhookEvent.objects.count()) == (runs, 0)


def test_disorder_and_repetition_end_in_the_same_state(lease):
    for template in [*reversed(BODIES), *BODIES]:
        assert deliver(_about(lease, template)).status_code == 200
    carry_out_what_is_queued()
    lease.refresh_from_db()
    assert (lease.status, lease.end_date) == ("past", date(2026, 3, 20))
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {EventState.HANDLED}


@pytest.mark.parametrize(
    "body",
    [
        unified("data.new", object="property", id="prop_new", property_id="prop_new"),
        wrapped("DATA_NEW", object="properties", record_id="prop_new", job_id="j1"),
    ],
)
def test_a_new_property_is_flagged_and_not_imported(place, body):
    deliver(body)
    carry_out_what_is_queued()
    item = ReviewItem.objects.get(kind=ReviewKind.NEW_PROPERTY)
    assert (item.remote_id, item.portfolio) == ("prop_new", place.portfolio)


def test_a_new_property_is_answered_by_its_import(connection, cast, gateway, now):
    deliver(unified("property.created", id="prop_002"))
    carry_out_what_is_queued()
    report = import_properties(
        connection=connection,
        portfolio=cast.portfolio,
        propexo_property_ids=["prop_002"],
        gateway=gateway,
        by=cast.manager,
        now=now,
    )
    item = ReviewItem.objects.get(kind=ReviewKind.NEW_PROPERTY)
    assert (item.resolved_by, item.property) == (cast.manager, report.created[0])


def _about(lease: Lease, template: dict[str, object]) -> dict[str, object]:
    """Put the lease's id into a body, and a number of its own where events are numbered."""
    text = json.dumps(template).replace('"LEASE"', json.dumps(lease.propexo_lease_id))
    body: dict[str, object] = json.loads(text)
    if "id" in body:
        body["id"] = f"evt_{BODIES.index(template)}"
    return body
