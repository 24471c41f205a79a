"""The look at webhooks that wait."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.models import OutgoingKind, WebhookEndpoint
from integrations.outgoing.queueing import queue_test
from meterbase.health.findings import Level
from meterbase.health.work import look_at_webhooks


@pytest.mark.parametrize(
    ("minutes", "disabled", "level"),
    [(1, False, Level.OK), (3, False, Level.WARNING), (3, True, Level.OK)],
)
def test_webhooks_that_nobody_sends_are_noticed(cast, now, minutes, disabled, level):
    endpoint = WebhookEndpoint.objects.create(
        portfolio=cast.portfolio,
        url="https://books.example.com/hooks",
        events=[OutgoingKind.CHARGE_POSTED],
        created_by=cast.manager,
        created_at=now,
        disabled_at=now if disabled else None,
        disabled_because="Disabled by hand." if disabled else "",
    )
    queue_test(endpoint=endpoint, now=now)
    assert look_at_webhooks(now=now + timedelta(minutes=minutes)).level == level
