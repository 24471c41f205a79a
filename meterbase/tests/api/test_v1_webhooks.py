"""Setting up webhooks by the API, and seeing what was sent."""

from __future__ import annotations

import pytest

from integrations.models import DeliveryState, OutgoingKind, WebhookEndpoint, WebhookSecret
from integrations.outgoing import queue_event
from integrations.outgoing.tests.receiver import Reply, running_receiver
from integrations.outgoing.work import send_due_deliveries
from portfolios.models import AuditEvent

WEBHOOKS = "/api/v1/webhooks"


@pytest.fixture
def program(programs, settings):
    settings.WEBHOOKS_TO_THIS_MACHINE = True
    return programs["manager"]


@pytest.fixture
def receiver():
    with running_receiver() as running:
        yield running


@pytest.fixture
def made(program, receiver):
    body = {"url": receiver.url, "events": ["job.completed", "charge.posted"]}
    answer = program.post(WEBHOOKS, body)
    assert answer.status_code == 201
    return answer.json()


def test_a_secret_is_shown_when_it_is_made_and_never_again(program, made):
    assert WebhookSecret.objects.get().text == made["secret"]
    shown = program.get(f"{WEBHOOKS}/{made['id']}").json()
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert shown["events"] == ["charge.posted", "job.completed"]
    assert program.get(WEBHOOKS).json()["data"] == [shown]


def test_a_secret_of_ones_own_is_taken(program, receiver):
    secret = "whsec_" + "A" * 44
    body = {"url": receiver.url, "events": ["charge.posted"], "secret": secret}
    assert program.post(WEBHOOKS, body).json()["secret"] == secret


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("url", "http://192.168.0.1/hooks"),
        ("url", "ftp://example.com"),
        ("url", "https://example.com/" + "x" * 500),
        ("events", ["payment.lost"]),
        ("events", ["webhook.test"]),
        ("events", []),
        ("secret", "password"),
    ],
)
def test_what_cannot_be_is_refused_by_field(program, receiver, field, wrong):
    body = {"url": receiver.url, "events": ["charge.posted"], field: wrong}
    refused = program.post(WEBHOOKS, body)
    assert refused.status_code == 422
    assert next(iter(refused.json()["error"]["details"])).partition(".")[0] == field
    assert not WebhookEndpoint.objects.exists()


def test_a_call_that_is_repeated_adds_nothing(program, made, receiver):
    again = program.post(WEBHOOKS, {"url": receiver.url, "events": ["charge.posted"]})
    assert (again.status_code, list(again.json()["error"]["details"])) == (422, ["url"])
    assert WebhookEndpoint.objects.count() == 1


def test_what_is_told_and_whether_is_changed(program, made, receiver):
    one = f"{WEBHOOKS}/{made['id']}"
    changed = program.call("PATCH", one, {"events": ["sync.completed"]}).json()
    assert (changed["events"], changed["url"]) == (["sync.completed"], receiver.url)
    off = program.call("PATCH", one, {"isActive": False}).json()
    assert (off["isActive"], off["disabledBecause"]) == (False, "Disabled by hand.")
    refused = program.post(f"{one}/test")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "disabled")
    assert program.call("PATCH", one, {"isActive": True}).json()["isActive"] is True
    verbs = AuditEvent.objects.filter(verb__startswith="webhook_endpoint.").order_by("pk")
    told = [event.verb.partition(".")[2] for event in verbs]
    assert told == ["created", "changed", "disabled", "enabled"]


def test_a_new_secret_signs_beside_the_old_one(program, made):
    new = program.post(f"{WEBHOOKS}/{made['id']}/rotate-secret", {}).json()["secret"]
    texts = WebhookSecret.objects.filter(endpoint=made["id"]).order_by("pk")
    assert [each.text for each in texts] == [made["secret"], new]


def test_what_was_sent_is_shown_and_sent_again(program, made, receiver, clock, cast):
    deliveries = f"{WEBHOOKS}/{made['id']}/deliveries"
    program.post(f"{WEBHOOKS}/{made['id']}/test")
    queue_event(
        kind=OutgoingKind.CHARGE_POSTED,
        portfolio_id=cast.portfolio.pk,
        data={"charge_id": 1},
        now=clock(),
    )
    receiver.reply = lambda _got: Reply(410)
    clock.advance(days=400)
    send_due_deliveries(clock=clock)

    (given_up,) = program.get(f"{deliveries}?status=given_up").json()["data"]
    shown = program.get(f"{deliveries}/{given_up['id']}").json()
    assert [attempt["status"] for attempt in shown["attempts"]] == [410]
    assert (shown["payload"]["id"], shown["payload"]["event"]) == (shown["eventId"], shown["event"])
    assert program.get(f"{WEBHOOKS}/{made['id']}").json()["isActive"] is False

    again = program.post(f"{deliveries}/{given_up['id']}/replay").json()
    assert (again["id"], again["status"]) == (given_up["id"], DeliveryState.QUEUED)
    assert program.post(f"{WEBHOOKS}/{made['id']}/replay").json() == {"count": 0}


def test_a_delivery_is_found_below_its_own_webhook_alone(program, made):
    program.post(f"{WEBHOOKS}/{made['id']}/test")
    (sent,) = program.get(f"{WEBHOOKS}/{made['id']}/deliveries").json()["data"]
    other = int(made["id"]) + 1
    assert program.get(f"{WEBHOOKS}/{other}/deliveries/{sent['id']}").status_code == 404
    assert program.get(f"{WEBHOOKS}/{made['id']}/deliveries?status=lost").status_code == 422
