from __future__ import annotations

import pytest

from integrations.models import EventState, WebhookEvent
from integrations.webhooks.replay import BeingWorkedOn, replay_all, replay_event
from integrations.webhooks.store import Signature, store_event
from integrations.webhooks.tests.deliveries import encode, unified
from integrations.webhooks.work import claim, fail
from portfolios.models import AuditEvent


@pytest.fixture
def failed(wire, now) -> list[WebhookEvent]:
    for number in range(3):
        body = encode(unified("test.ping", event_id=f"evt_{number}"))
        store_event(body=body, signature=Signature("propexo-signature", 1), now=now)
    found = list(WebhookEvent.objects.order_by("pk"))
    for event, cause in zip(found, ("UNAVAILABLE", "UNAVAILABLE", "OTHER"), strict=True):
        claimed = claim(event.pk, now=now)
        assert claimed is not None
        fail(claimed, cause=cause, error="It did not work.", now=now)
    return found


def test_a_failed_event_is_worked_on_again_and_that_is_written_down(cast, failed, now, nudges):
    event = failed[0]
    event.refresh_from_db()
    replay_event(event=event, by=cast.manager, now=now)
    event.refresh_from_db()
    assert (event.state, event.due_at, event.attempts) == (EventState.RECEIVED, now, 0)
    assert (event.replayed_by, event.replayed_at) == (cast.manager, now)
    assert len(nudges) == 1
    trail = AuditEvent.objects.get(verb="webhook_event.replayed")
    assert (trail.actor, trail.portfolio) == (cast.manager, cast.portfolio)
    assert trail.before["cause"] == "UNAVAILABLE"


def test_all_of_a_cause_are_worked_on_again(cast, failed, now, nudges):
    events = WebhookEvent.objects.filter(cause="UNAVAILABLE")
    assert replay_all(events=events, by=cast.manager, now=now) == 2
    states = WebhookEvent.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["received", "received", "failed"]
    assert len(nudges) == 1


def test_an_event_that_a_worker_has_is_left_to_it(cast, failed, now, nudges):
    replay_event(event=failed[0], by=cast.manager, now=now)
    claim(failed[0].pk, now=now)
    with pytest.raises(BeingWorkedOn):
        replay_event(event=failed[0], by=cast.manager, now=now)


def test_an_event_of_no_connection_is_replayed_without_a_portfolio(cast, failed, now):
    WebhookEvent.objects.update(connection=None)
    event = WebhookEvent.objects.latest("pk")
    replay_event(event=event, by=cast.manager, now=now)
    event.refresh_from_db()
    assert event.replayed_by == cast.manager
    assert AuditEvent.objects.count() == 0
