from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError

from integrations.models import EventState, WebhookEvent
from integrations.webhooks import store
from integrations.webhooks.duplicates import RETRY_WINDOW
from integrations.webhooks.store import Signature, store_event
from integrations.webhooks.tests.deliveries import encode, flat, sync_complete, unified, wrapped

SIGNATURE = Signature("propexo-signature", 1)


def take(body: object, now) -> bool:
    return store_event(body=encode(body), signature=SIGNATURE, now=now)


def end_all(now) -> None:
    WebhookEvent.objects.update(state=EventState.HANDLED, finished_at=now, attempts=1)


def test_a_unified_event_is_known_by_its_id_for_ever(wire, now):
    body = unified("data.update", object="unit", id="unit_1")
    assert take(body, now)
    end_all(now)
    assert not take(body, now + timedelta(minutes=15))
    assert not take(body, now + timedelta(days=30))
    event = WebhookEvent.objects.get()
    assert (event.duplicates, event.state) == (2, EventState.HANDLED)
    assert event.last_duplicate_at == now + timedelta(days=30)


def test_two_unified_events_may_say_the_same(wire, now):
    assert take(unified("sync.complete", event_id="evt_1"), now)
    assert take(unified("sync.complete", event_id="evt_2"), now)
    assert WebhookEvent.objects.count() == 2


def test_a_v1_event_with_job_ids_is_known_by_them_and_its_record(wire, now):
    ids = {"job_id": "j1", "root_job_id": "j0", "object": "leases"}
    body = wrapped("DATA_UPDATE", record_id="l1", **ids)
    assert take(body, now)
    end_all(now)
    assert not take(body, now + timedelta(days=1))
    assert take(wrapped("DATA_UPDATE", record_id="l2", **ids), now)
    assert take(wrapped("DATA_NEW", record_id="l1", **ids), now)
    assert take(wrapped("DATA_UPDATE", record_id="l1", **{**ids, "job_id": "j2"}), now)
    assert WebhookEvent.objects.count() == 4


def test_the_same_ids_with_another_body_are_worked_on_again(wire, now):
    ids = {"job_id": "j1", "root_job_id": "j0", "object": "leases", "record_id": "l1"}
    take(wrapped("DATA_UPDATE", diff={"new": {"status": "A"}}, **ids), now)
    end_all(now)
    assert take(wrapped("DATA_UPDATE", diff={"new": {"status": "B"}}, **ids), now)
    event = WebhookEvent.objects.get()
    assert (event.state, event.attempts, event.finished_at) == (EventState.RECEIVED, 0, None)


def test_a_v1_body_without_ids_is_one_event_inside_the_retry_window(wire, now):
    assert take(sync_complete(), now)
    for number in range(1, 11):  # as often as Propexo repeats a delivery
        assert not take(sync_complete(), now + timedelta(minutes=15 * number))
    assert WebhookEvent.objects.get().duplicates == 10


def test_an_identical_later_sync_is_an_event_of_its_own(wire, now):
    assert take(sync_complete(), now)
    assert take(sync_complete(), now + timedelta(hours=12))
    assert take(sync_complete(), now + timedelta(hours=24))
    assert WebhookEvent.objects.count() == 3


def test_an_identical_sync_soon_after_one_that_was_handled_is_not_lost(wire, now):
    take(sync_complete(), now)
    end_all(now)
    assert take(sync_complete(), now + timedelta(hours=1))
    event = WebhookEvent.objects.get()
    assert (event.state, event.duplicates) == (EventState.RECEIVED, 1)
    assert event.due_at == now + timedelta(hours=1)


@pytest.mark.parametrize("minutes", range(0, 360, 45))
def test_the_window_begins_with_the_first_delivery_whatever_the_hour(wire, now, minutes):
    start = now + timedelta(minutes=minutes)
    take(sync_complete(), start)
    take(sync_complete(), start + RETRY_WINDOW - timedelta(seconds=1))
    assert WebhookEvent.objects.count() == 1
    take(sync_complete(), start + RETRY_WINDOW + timedelta(seconds=1))
    assert WebhookEvent.objects.count() == 2


def test_two_deliveries_at_the_same_moment_make_one_event(wire, now, monkeypatch):
    take(sync_complete(), now)
    monkeypatch.setattr(store, "_received_before", lambda _digest, **_rest: None)
    assert not take(sync_complete(), now)
    assert WebhookEvent.objects.get().duplicates == 1


def test_a_row_that_breaks_another_rule_is_not_taken_for_a_duplicate(wire, now, monkeypatch):
    monkeypatch.setattr(store, "EventShape", lambda _shape: "round")
    with pytest.raises(IntegrityError):
        take(sync_complete(), now)


def test_the_connection_is_found_by_the_id_that_propexo_confirmed(wire, now):
    wire.integration_id = "cl_int"
    wire.save()
    take(flat("SYNC_COMPLETE", connection="cl_int"), now)
    take(flat("SYNC_COMPLETE", connection="conn_001"), now)
    take(flat("SYNC_COMPLETE", connection="conn_999"), now)
    found = WebhookEvent.objects.order_by("pk").values_list("connection", flat=True)
    assert list(found) == [None, wire.pk, None], "what was typed beside it proves nothing"
