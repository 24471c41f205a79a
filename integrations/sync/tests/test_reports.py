"""What syncs report by webhook, found in the outbox."""

from __future__ import annotations

import json

import pytest

from integrations.models import OutgoingEvent, OutgoingKind, WebhookEndpoint
from integrations.pms import errors
from integrations.pms.records import LeaseStatus
from integrations.sync.plan import PagePlan
from integrations.sync.reports import report_leases
from integrations.sync.tests.running import sync
from integrations.sync.tests.test_plan import LEASE
from integrations.tests.fake_gateway import FakeGateway, make_lease, make_unit
from portfolios.models import Lease


@pytest.fixture
def endpoint(cast, now) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        portfolio=cast.portfolio,
        url="https://books.example.com/hooks",
        events=list(OutgoingKind),
        created_by=cast.manager,
        created_at=now,
    )


def told() -> list[tuple[str, dict[str, object]]]:
    """Read, and forget, what was reported."""
    bodies = [json.loads(row.body) for row in OutgoingEvent.objects.order_by("pk")]
    OutgoingEvent.objects.all().delete()
    return [(body["event"], body["data"]) for body in bodies]


def test_leases_are_told_as_they_come_change_and_end(house, endpoint, clock):
    seen = []
    for lease in (
        make_lease(),
        make_lease(),
        make_lease(occupant_count=4),
        make_lease(status=LeaseStatus.PAST),
        make_lease(status=LeaseStatus.PAST),
    ):
        clock.advance(hours=1)
        sync(house, FakeGateway(units=[make_unit()], leases=[lease]), clock())
        seen.append([(kind, data) for kind, data in told() if kind.startswith("lease.")])

    assert [[kind for kind, _data in each] for each in seen] == [
        ["lease.created"],
        [],
        ["lease.updated"],
        ["lease.terminated"],
        [],
    ]
    stored = Lease.objects.get()
    data = seen[3][0][1]
    assert data["lease_id"] == stored.pk
    assert data["propexo_lease_id"] == stored.propexo_lease_id
    assert data["unit_id"] == stored.unit_id
    assert data["status"] == "past"


def test_a_finished_sync_is_told(house, endpoint, now):
    run = sync(house, FakeGateway(units=[make_unit()]), now)
    [(kind, data)] = told()
    assert (kind, data["sync_id"], data["property_id"]) == ("sync.completed", run.pk, house.pk)
    assert data["created"] == run.created == 1


def test_a_sync_that_fails_tells_of_an_expired_login_once(house, endpoint, now):
    for _ in range(2):
        trouble = errors.PmsLoginExpired("The password has changed.")
        run = sync(house, FakeGateway(errors_after={"units": trouble}), now)
        assert run.error_code
    [(kind, data)] = told()
    assert kind == "connection.needs_login"
    assert data["propexo_connection_id"] == "conn_001"
    assert data["message"] == "The password has changed."


def test_where_nobody_listens_a_page_of_leases_costs_one_question(
    house, now, django_assert_max_num_queries
):
    plan = PagePlan({"lease_1": LEASE}, {}, (), (), (), 0)
    with django_assert_max_num_queries(1):
        report_leases(place=house, plan=plan, known={}, now=now)


def test_a_large_property_takes_few_statements(house, endpoint, now, django_assert_max_num_queries):
    units = [make_unit(unit_id=f"u{n}", unit_number=str(n)) for n in range(300)]
    leases = [make_lease(lease_id=f"l{n}", unit_id=f"u{n}") for n in range(300)]
    with django_assert_max_num_queries(120):
        sync(house, FakeGateway(units=units, leases=leases), now)
    assert sum(kind == "lease.created" for kind, _data in told()) == 300
