"""Registering, changing and replaying, below the pages."""

from __future__ import annotations

import pytest

from integrations.models import Delivery, DeliveryState, OutgoingKind, WebhookSecret
from integrations.operations import webhook_endpoints
from integrations.operations.deliveries import replay_delivery
from integrations.operations.webhook_endpoints import (
    EVENTS,
    EndpointRefused,
    change_endpoint,
    create_endpoint,
    rotate_secret,
    send_test,
)
from integrations.outgoing.tests.receiver import Reply
from integrations.outgoing.timetable import pause_after, rest_after
from integrations.outgoing.work import send_due_deliveries


def test_nobody_subscribes_to_tests():
    assert set(OutgoingKind) - set(EVENTS) == {OutgoingKind.TEST}


def test_a_portfolio_has_only_so_many(cast, now, receiver, monkeypatch):
    monkeypatch.setattr(webhook_endpoints, "MOST_ENDPOINTS", 2)
    for number in range(2):
        create(cast, now, f"{receiver.url}&n={number}")
    with pytest.raises(EndpointRefused, match="at most 2") as refused:
        create(cast, now, f"{receiver.url}&n=3")
    assert refused.value.field == "url"


def create(cast, now, url: str):
    return create_endpoint(
        portfolio=cast.portfolio, url=url, events=EVENTS, by=cast.manager, now=now
    )


def test_two_do_not_share_a_url(cast, now, endpoint, receiver):
    other = create(cast, now, f"{receiver.url}&other=1").endpoint
    with pytest.raises(EndpointRefused, match="already"):
        change_endpoint(endpoint=other, url=endpoint.url, events=EVENTS, by=cast.manager, now=now)


def test_no_more_than_two_secrets_ever_sign(cast, now, endpoint):
    for _ in range(4):
        rotate_secret(endpoint=endpoint, by=cast.manager, now=now)
    assert WebhookSecret.objects.count() == 2
    assert WebhookSecret.objects.filter(ends_at=None).count() == 1


def test_a_wrong_secret_replaces_nothing(cast, now, endpoint):
    with pytest.raises(EndpointRefused) as refused:
        rotate_secret(endpoint=endpoint, secret="password", by=cast.manager, now=now)
    assert refused.value.field == "secret"
    assert WebhookSecret.objects.count() == 1


def test_a_replay_begins_the_timetable_anew(cast, endpoint, receiver, clock):
    receiver.reply = lambda _got: Reply(500)
    delivery = send_test(endpoint=endpoint, by=cast.manager, now=clock())
    Delivery.objects.update(
        state=DeliveryState.GIVEN_UP, finished_at=clock(), tries=16, last_said="HTTP 500"
    )
    delivery.refresh_from_db()
    clock.advance(days=5)
    replay_delivery(delivery=delivery, by=cast.manager, now=clock())

    assert send_due_deliveries(clock=clock) == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == (DeliveryState.FAILED, 17)
    assert (delivery.next_at - clock()).total_seconds() <= 10
    assert len(set(receiver.ids)) == 1


def test_a_delivered_event_can_be_sent_again_with_its_id(cast, endpoint, receiver, clock):
    delivery = send_test(endpoint=endpoint, by=cast.manager, now=clock())
    send_due_deliveries(clock=clock)
    replay_delivery(delivery=delivery, by=cast.manager, now=clock())
    assert send_due_deliveries(clock=clock) == 1
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1


def test_pauses_grow_to_eight_hours_and_leave_something_to_chance():
    seconds = [pause_after(tries, chance=lambda: 0.0).total_seconds() for tries in range(1, 12)]
    assert seconds[:4] == [10, 30, 90, 270]
    assert max(seconds) == seconds[-1] == 8 * 3600
    assert pause_after(1, chance=lambda: 1.0).total_seconds() == 8


def test_rests_grow_to_a_quarter_of_an_hour():
    assert rest_after(1, chance=lambda: 0.0).total_seconds() == 5
    assert rest_after(1_000_000, chance=lambda: 0.0).total_seconds() == 900
