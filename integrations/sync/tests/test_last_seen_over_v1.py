"""Contract v1 from the wire to the review items: what Propexo keeps and the PMS has lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from integrations.gateways import find_gateway, open_gateway
from integrations.models import ReviewItem
from integrations.operations.connections import add_connection
from integrations.operations.imports import import_properties
from integrations.sandbox.changes import UNITS, let_vanish, touch_connection
from integrations.sandbox.moments import stamp
from integrations.sandbox.server import RunningSandbox, running_sandbox
from integrations.sync.tests.running import sync
from portfolios.models import Lease, Property, Unit

pytestmark = pytest.mark.django_db

CONNECTION = "conn_001"
GONE = "unit_001_0003"


@pytest.fixture
def v1(settings, tmp_path: Path):
    with running_sandbox(data_dir=tmp_path, properties=1, units=8, contract="v1") as running:
        settings.PROPEXO_BASE_URL, settings.PROPEXO_API_KEY = running.base_url, running.api_key
        settings.PROPEXO_CONTRACT = "v1"
        yield running


@pytest.fixture
def place(v1: RunningSandbox, cast, now) -> Property:
    gateway = find_gateway(propexo_connection_id=CONNECTION)
    connection = add_connection(
        portfolio=cast.portfolio,
        propexo_connection_id=CONNECTION,
        pms="yardi_voyager",
        integration_id="",
        gateway=gateway,
        by=cast.manager,
        now=now,
    )
    report = import_properties(
        connection=connection,
        portfolio=cast.portfolio,
        propexo_property_ids=["prop_001"],
        gateway=gateway,
        by=cast.manager,
        now=now,
    )
    return report.created[0]


def lose(v1: RunningSandbox, *, at: datetime, synced_at: datetime) -> None:
    """Let the PMS forget a unit, and Propexo read the PMS again later."""
    store = v1.sandbox.store
    let_vanish(store, UNITS, GONE, now=stamp(at))
    with store.changing() as connection:
        touch_connection(connection, CONNECTION, now=stamp(synced_at))


@pytest.mark.parametrize(("days", "is_gone"), [(31, True), (29, False)])
def test_a_unit_that_the_pms_lost_is_flagged_with_its_lease_after_thirty_days(
    v1, place, days, is_gone
):
    today = timezone.now()
    lose(v1, at=today - timedelta(days=days), synced_at=today)
    run = sync(place, open_gateway(place.link.connection), today)
    assert (run.state, place.units.count()) == ("completed", 8)
    items = ReviewItem.objects.filter(kind="vanished", resolved_at=None)
    leases = set(Lease.objects.filter(unit__propexo_unit_id=GONE).values_list("propexo_lease_id"))
    assert leases
    expected = {("unit", GONE), *(("lease", key) for (key,) in leases)} if is_gone else set()
    assert set(items.values_list("record_kind", "remote_id")) == expected
    missing = Unit.objects.exclude(missing_since=None).values_list("propexo_unit_id", flat=True)
    assert list(missing) == ([GONE] if is_gone else [])
