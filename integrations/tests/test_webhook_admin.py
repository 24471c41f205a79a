from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import EventState, RejectionReason, WebhookEvent, WebhookRejection
from integrations.webhooks.store import Signature, store_event
from integrations.webhooks.work import claim, fail
from portfolios.models import User

CHANGELIST = reverse("admin:integrations_webhookevent_changelist")


@pytest.fixture
def staff(db, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(User.objects.create_superuser("support", password="correct horse"))


@pytest.fixture
def event(db, now) -> WebhookEvent:
    body = b'{"id":"evt_1","event":"test.ping","connection_id":"conn_999","data":{"x":1.50}}'
    store_event(body=body, signature=Signature("X-Propexo-Signature", 1), now=now)
    found = WebhookEvent.objects.get()
    claimed = claim(found.pk, now=now)
    assert claimed is not None
    fail(claimed, cause="UNAVAILABLE", error="No answer.", now=now)
    return found


def test_support_sees_events_of_no_connection_with_their_body(staff, event):
    listed = staff.get(CHANGELIST, {"connection__isempty": "1"})
    assert listed.status_code == 200
    assert "conn_999" in listed.content.decode()
    shown = staff.get(reverse("admin:integrations_webhookevent_change", args=[event.pk]))
    assert "1.50" in shown.content.decode()


def test_support_changes_and_deletes_nothing(staff, event):
    change = reverse("admin:integrations_webhookevent_change", args=[event.pk])
    assert staff.post(change, {"state": "handled"}).status_code == 403
    assert staff.get(reverse("admin:integrations_webhookevent_add")).status_code == 403
    delete = {"action": "delete_selected", "_selected_action": [event.pk], "post": "yes"}
    staff.post(CHANGELIST, delete)
    event.refresh_from_db()
    assert event.state == EventState.FAILED


def test_support_replays_chosen_events(staff, event):
    response = staff.post(
        CHANGELIST, {"action": "replay", "_selected_action": [event.pk]}, follow=True
    )
    assert "1 of 1 events wait for a worker again." in response.content.decode()
    event.refresh_from_db()
    assert event.state == EventState.RECEIVED


def test_support_sees_how_much_was_turned_away(staff, now):
    reason = RejectionReason.WRONG_SIGNATURE
    WebhookRejection.objects.create(hour=now, reason=reason, count=3, last_at=now)
    listed = staff.get(reverse("admin:integrations_webhookrejection_changelist"))
    assert "Wrong signature" in listed.content.decode()
