"""From what happened to the receiver, over real HTTP."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django_q.models import OrmQ
from standardwebhooks import Webhook

from integrations.models import (
    Delivery,
    DeliveryState,
    OutgoingEvent,
    OutgoingKind,
    WebhookEndpoint,
)
from integrations.operations.webhook_endpoints import (
    OVERLAP,
    create_endpoint,
    disable_endpoint,
    enable_endpoint,
    rotate_secret,
)
from integrations.outgoing import queue_event, queue_events
from integrations.outgoing.nudge import TASK
from integrations.outgoing.queueing import Report
from integrations.outgoing.results import store_receipt
from integrations.outgoing.sending import Parcel, Receipt, send
from integrations.outgoing.sweep import sweep_deliveries
from integrations.outgoing.tests.receiver import Reply, running_receiver
from integrations.outgoing.timetable import LONGEST_REST
from integrations.outgoing.work import LEASE, claim, send_due_deliveries
from portfolios.models import AuditEvent

SYNCED = OutgoingKind.SYNC_COMPLETED


def tell(cast, now, **data: object) -> None:
    queue_event(kind=SYNCED, portfolio_id=cast.portfolio.pk, data=data, now=now)


def sent_by(receiver, secret: str) -> object:
    """Verify the last request as receivers do, and read it."""
    last = receiver.got[-1]
    return Webhook(secret).verify(last.body, dict(last.headers))


def test_what_happened_arrives_signed(cast, registered, receiver, clock):
    tell(cast, clock(), property_id=7)

    with time_machine.travel(clock(), tick=False):
        assert send_due_deliveries(clock=clock) == 1
        event = sent_by(receiver, registered.secret)

    stored = OutgoingEvent.objects.get()
    assert event == {
        "id": stored.public_id,
        "event": "sync.completed",
        "created_at": "2026-04-02T09:00:00Z",
        "data": {"property_id": 7},
    }
    assert receiver.ids == [stored.public_id]
    assert receiver.got[0].path == "/hooks?tenant=7"
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.tries) == (DeliveryState.DELIVERED, 1)
    attempt = delivery.attempts.get()
    assert (attempt.status, attempt.answer) == (200, "thanks")


def test_a_rollback_sends_nothing(cast, endpoint, receiver, clock):
    with transaction.atomic():
        tell(cast, clock(), property_id=7)
        transaction.set_rollback(True)

    assert send_due_deliveries(clock=clock) == 0
    assert receiver.got == []


def test_a_commit_wakes_a_worker(cast, endpoint, now, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        tell(cast, now)
    assert [row.func() for row in OrmQ.objects.all()] == [TASK]


def test_only_who_listens_is_told(cast, endpoint, now):
    elsewhere = cast.stranger.portfolios.get()
    queue_event(kind=SYNCED, portfolio_id=elsewhere.pk, data={}, now=now)
    endpoint.events = [OutgoingKind.CHARGE_POSTED]
    endpoint.save()
    tell(cast, now)
    assert not OutgoingEvent.objects.exists()


def test_many_at_once_take_few_queries(cast, endpoint, now, django_assert_max_num_queries):
    reports = [Report(SYNCED, {"number": number}) for number in range(400)]
    with django_assert_max_num_queries(20):
        queue_events(reports=reports, portfolio_id=cast.portfolio.pk, now=now)
    assert Delivery.objects.count() == 400


def test_what_is_found_twice_is_told_once(cast, endpoint, now):
    report = Report(SYNCED, {}, once_key="sync.completed:7")
    for _ in range(2):
        queue_events(reports=[report], portfolio_id=cast.portfolio.pk, now=now)
    assert OutgoingEvent.objects.count() == 1


def test_a_failure_is_tried_again_with_the_same_id(cast, endpoint, receiver, clock):
    answers = iter([Reply(500, b"oops"), Reply(503), Reply(204, b"")])
    receiver.reply = lambda _got: next(answers)
    tell(cast, clock())

    states = []
    for _ in range(3):
        send_due_deliveries(clock=clock)
        states.append(Delivery.objects.get().state)
        assert send_due_deliveries(clock=clock) == 0, "nothing is due before its time"
        clock.advance(minutes=2)

    assert states == [DeliveryState.FAILED, DeliveryState.FAILED, DeliveryState.DELIVERED]
    assert len(set(receiver.ids)) == 1
    assert len(receiver.ids) == 3
    attempts = Delivery.objects.get().attempts.order_by("pk")
    assert [attempt.status for attempt in attempts] == [500, 503, 204]
    endpoint.refresh_from_db()
    assert (endpoint.failures_in_row, endpoint.resting_until) == (0, None)


def test_after_three_days_it_is_given_up(cast, endpoint, receiver, clock):
    receiver.reply = lambda _got: Reply(500)
    tell(cast, clock())
    start = clock()
    while Delivery.objects.get().state != DeliveryState.GIVEN_UP:
        assert clock() - start < timedelta(days=4)
        send_due_deliveries(clock=clock)
        clock.advance(minutes=20)
    assert timedelta(days=2, hours=12) < clock() - start < timedelta(days=3, hours=1)
    assert 12 <= len(receiver.got) <= 20


def test_gone_disables_the_endpoint(cast, endpoint, receiver, clock):
    receiver.reply = lambda _got: Reply(410)
    tell(cast, clock())
    send_due_deliveries(clock=clock)

    endpoint.refresh_from_db()
    assert endpoint.disabled_at == clock()
    assert "410" in endpoint.disabled_because
    assert Delivery.objects.get().state == DeliveryState.GIVEN_UP
    assert AuditEvent.objects.filter(verb="webhook_endpoint.disabled", actor=None).exists()
    tell(cast, clock())
    assert Delivery.objects.count() == 1, "nothing is queued for it any more"


def test_a_redirect_is_not_followed(cast, endpoint, receiver, clock):
    with running_receiver() as elsewhere:
        receiver.reply = lambda _got: Reply(302, headers={"Location": elsewhere.url})
        tell(cast, clock())
        send_due_deliveries(clock=clock)
        assert elsewhere.got == []
    assert Delivery.objects.get().last_said == "HTTP 302: redirects are not followed."


def test_a_worker_that_dies_after_sending_sends_the_same_once_more(cast, endpoint, receiver, clock):
    tell(cast, clock())

    def die_after_sending(parcel: Parcel) -> Receipt:
        send(parcel)
        raise SystemExit

    with pytest.raises(SystemExit):
        send_due_deliveries(clock=clock, by=die_after_sending)
    assert send_due_deliveries(clock=clock) == 0, "the lost worker still holds it"
    clock.time += LEASE
    assert send_due_deliveries(clock=clock) == 1
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1
    assert Delivery.objects.get().state == DeliveryState.DELIVERED


def test_a_worker_that_wakes_up_late_changes_nothing(cast, endpoint, clock):
    tell(cast, clock())
    late = Delivery.objects.get()
    assert claim(late, now=clock())
    clock.time += LEASE
    later = Delivery.objects.get()
    assert claim(later, now=clock())

    store_receipt(late, Receipt(1, trouble="The connection broke off."), now=clock())
    assert Delivery.objects.get().state == DeliveryState.QUEUED
    store_receipt(later, Receipt(1, status=200), now=clock())
    assert Delivery.objects.get().state == DeliveryState.DELIVERED
    endpoint.refresh_from_db()
    assert endpoint.failures_in_row == 0


def test_a_slow_receiver_delays_nobody_else(cast, endpoint, receiver, clock):
    others_are_served = threading.Event()
    receiver.reply = lambda _got: (others_are_served.wait(8), Reply())[1]
    for _ in range(3):
        tell(cast, clock())
    with running_receiver() as quick:
        create_endpoint(
            portfolio=cast.portfolio, url=quick.url, events=[SYNCED], by=cast.manager, now=clock()
        )
        clock.advance(seconds=1)
        for _ in range(5):
            tell(cast, clock())
        arrived_after: list[float] = []
        began = time.monotonic()

        def count(_got: object) -> Reply:
            arrived_after.append(time.monotonic() - began)
            if len(arrived_after) == 5:
                others_are_served.set()
            return Reply()

        quick.reply = count
        send_due_deliveries(clock=clock)

    assert len(arrived_after) == 5
    assert max(arrived_after) < 4
    assert len(receiver.got) == 8


def test_an_endpoint_in_trouble_rests_with_all_that_waits_for_it(cast, endpoint, receiver, clock):
    receiver.reply = lambda _got: Reply(500)
    for _ in range(20):
        tell(cast, clock())
    assert send_due_deliveries(clock=clock) == 1
    clock.advance(seconds=6)
    assert send_due_deliveries(clock=clock) == 1
    receiver.reply = lambda _got: Reply()
    clock.advance(minutes=1)
    assert send_due_deliveries(clock=clock) == 20


def test_while_a_secret_is_replaced_both_sign(cast, registered, receiver, clock):
    new = rotate_secret(endpoint=registered.endpoint, by=cast.manager, now=clock())
    for expected in ([registered.secret, new.secret], [new.secret]):
        tell(cast, clock())
        send_due_deliveries(clock=clock)
        with time_machine.travel(clock(), tick=False):
            for secret in expected:
                sent_by(receiver, secret)
        signatures = receiver.got[-1].headers["webhook-signature"].split()
        own = receiver.got[-1].headers["x-meterbase-signature"]
        assert len(signatures) == own.count("v1=") == len(expected)
        clock.time += OVERLAP


def test_a_secret_that_cannot_be_read_fails_its_endpoint_alone(
    cast, endpoint, receiver, clock, settings
):
    with running_receiver() as other:
        settings.SECRET_KEY = "another one"
        create_endpoint(
            portfolio=cast.portfolio, url=other.url, events=[SYNCED], by=cast.manager, now=clock()
        )
        tell(cast, clock())

        assert send_due_deliveries(clock=clock) == 2

        assert (len(receiver.got), len(other.got)) == (0, 1)
    attempt = Delivery.objects.get(endpoint=endpoint).attempts.get()
    assert attempt.status is None
    assert "SECRET_KEY_FALLBACKS" in attempt.trouble


def test_a_disabled_endpoint_gets_what_waited_once_it_is_enabled(cast, endpoint, receiver, clock):
    tell(cast, clock())
    disable_endpoint(endpoint=endpoint, by=cast.manager, now=clock())
    assert send_due_deliveries(clock=clock) == 0
    enable_endpoint(endpoint=endpoint, by=cast.manager, now=clock())
    assert send_due_deliveries(clock=clock) == 1


def test_the_sweeper_wakes_a_worker_for_what_lost_its_nudge(cast, endpoint, clock):
    assert not sweep_deliveries(now=clock())
    tell(cast, clock())
    assert sweep_deliveries(now=clock())
    assert [row.func() for row in OrmQ.objects.all()] == [TASK]


def test_what_waited_too_long_is_given_up_and_what_is_old_forgotten(cast, endpoint, clock):
    tell(cast, clock())
    disable_endpoint(endpoint=endpoint, by=cast.manager, now=clock())
    clock.advance(days=4)
    sweep_deliveries(now=clock())
    assert Delivery.objects.get().state == DeliveryState.GIVEN_UP
    clock.advance(days=30)
    sweep_deliveries(now=clock())
    assert not OutgoingEvent.objects.exists()


@pytest.mark.parametrize(
    "stated",
    [
        "99999999999",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
    ],
)
def test_a_receiver_cannot_ask_to_be_left_alone_for_ever(cast, endpoint, receiver, clock, stated):
    receiver.reply = lambda _got: Reply(503, headers={"Retry-After": stated})
    tell(cast, clock())

    assert send_due_deliveries(clock=clock) == 1

    endpoint.refresh_from_db()
    assert clock() < endpoint.resting_until <= clock() + LONGEST_REST
    assert Delivery.objects.get().attempts.get().status == 503


def test_an_error_of_ours_costs_its_own_try_alone(cast, endpoint, receiver, clock, caplog):
    with running_receiver() as other:
        create_endpoint(
            portfolio=cast.portfolio, url=other.url, events=[SYNCED], by=cast.manager, now=clock()
        )
        tell(cast, clock())

        def break_for_one(parcel: Parcel) -> Receipt:
            return {other.url: send}[parcel.url](parcel)

        assert send_due_deliveries(clock=clock, by=break_for_one) == 2

    delivered = Delivery.objects.get(state=DeliveryState.DELIVERED)
    assert delivered.endpoint.url == other.url
    failed = Delivery.objects.get(state=DeliveryState.FAILED)
    assert "went wrong in MeterBase" in failed.attempts.get().trouble
    assert failed.endpoint.leased_until is None
    assert "KeyError" in caplog.text


def test_what_is_said_of_an_endless_host_fits_its_column(cast, endpoint, clock):
    WebhookEndpoint.objects.update(url=f"https://{'a' * 300}.example.com/")
    tell(cast, clock())

    send_due_deliveries(clock=clock)

    attempt = Delivery.objects.get().attempts.get()
    assert attempt.trouble.startswith("The host aaaa")
    # What is too long for its column is refused by PostgreSQL alone, so it is checked by hand.
    attempt.full_clean()
    attempt.delivery.full_clean()


def test_slow_endpoints_of_one_portfolio_leave_room_for_the_others(cast, now, clock):
    elsewhere = cast.stranger.portfolios.get()
    quick = "https://quick.example.com/"
    slow = [f"https://slow.example.com/{number}" for number in range(8)]
    for portfolio, url in [*((cast.portfolio, url) for url in slow), (elsewhere, quick)]:
        WebhookEndpoint.objects.create(
            portfolio=portfolio, url=url, events=[SYNCED], created_by=cast.manager, created_at=now
        )
    tell(cast, clock())
    clock.advance(seconds=1)
    queue_event(kind=SYNCED, portfolio_id=elsewhere.pk, data={}, now=clock())
    quick_is_sent = threading.Event()
    waited: list[bool] = []

    def by(parcel: Parcel) -> Receipt:
        if parcel.url == quick:
            quick_is_sent.set()
        else:
            waited.append(quick_is_sent.wait(2))
        return Receipt(1, status=200)

    assert send_due_deliveries(clock=clock, by=by) == 9
    assert waited == [True] * 8
