from __future__ import annotations

from io import BytesIO

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client, RequestFactory

from integrations.models import WebhookEvent, WebhookRejection
from integrations.nudging import Nudge
from integrations.pms.signatures import UNIFIED_HEADER, V1_HEADER, sign
from integrations.webhooks import nudge as nudges_module
from integrations.webhooks import receive
from integrations.webhooks.tests.deliveries import (
    SECRET,
    URL,
    deliver,
    encode,
    sync_complete,
    unified,
)

PING = unified("test.ping")


def code_of(answer) -> object:
    return answer.json()["error"]["code"]


def test_a_signed_event_is_stored_and_answered(wire, at_nine, now, nudges):
    answer = deliver(PING)
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    event = WebhookEvent.objects.get()
    assert (bytes(event.body), event.received_at) == (encode(PING), now)
    assert (event.state, event.attempts, event.connection) == ("received", 0, wire)
    assert (event.signature_header, event.secret_number) == (UNIFIED_HEADER, 1)
    assert len(nudges) == 1


def test_v1_signs_in_its_own_header(wire):
    assert deliver(sync_complete(), header=V1_HEADER).status_code == 200
    assert WebhookEvent.objects.get().signature_header == V1_HEADER


def test_a_trailing_slash_is_the_same_door(wire):
    raw = encode(PING)
    headers = {UNIFIED_HEADER: sign(raw, secret=SECRET)}
    answer = Client().post(f"{URL}/", raw, content_type="application/json", headers=headers)
    assert answer.status_code == 200


def test_no_cookie_and_no_csrf_token_are_asked_for(wire):
    assert deliver(PING, client=Client(enforce_csrf_checks=True)).status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_post_is_taken(db, method):
    answer = getattr(Client(), method)(URL)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


@pytest.mark.parametrize("secrets", ["", " , "])
def test_without_a_secret_every_webhook_is_refused(db, settings, secrets):
    settings.PROPEXO_WEBHOOK_SECRET = secrets
    answer = deliver(PING)
    assert (answer.status_code, code_of(answer)) == (503, "webhooks_not_configured")
    assert WebhookEvent.objects.count() == 0


def test_several_secrets_are_accepted_while_one_replaces_the_other(wire, settings):
    settings.PROPEXO_WEBHOOK_SECRET = "whsec_the_old_one, whsec_the_new_one"
    assert deliver(PING, secret="whsec_the_old_one").status_code == 200
    second = unified("test.ping", event_id="evt_2")
    assert deliver(second, secret="whsec_the_new_one").status_code == 200
    assert deliver(PING, secret="whsec_the_third_one").status_code == 401
    numbers = WebhookEvent.objects.order_by("pk").values_list("secret_number", flat=True)
    assert list(numbers) == [1, 2]


def test_a_wrong_signature_gets_401_and_stores_nothing_but_a_count(wire, nudges):
    answer = deliver(PING, secret="whsec_of_somebody_else")
    assert (answer.status_code, code_of(answer)) == (401, "signature_invalid")
    assert WebhookEvent.objects.count() == 0
    assert len(nudges) == 0
    rejection = WebhookRejection.objects.get()
    assert (rejection.reason, rejection.count) == ("wrong_signature", 1)


def test_a_missing_signature_gets_401(wire):
    answer = Client().post(URL, encode(PING), content_type="application/json")
    assert (answer.status_code, code_of(answer)) == (401, "signature_missing")
    assert WebhookRejection.objects.get().reason == "no_signature"


def test_the_bytes_are_signed_and_not_what_they_mean(wire):
    raw = encode(PING)
    headers = {UNIFIED_HEADER: sign(raw, secret=SECRET)}
    spaced = raw.replace(b": ", b":  ")
    answer = Client().post(URL, spaced, content_type="application/json", headers=headers)
    assert answer.status_code == 401


def test_a_body_over_the_limit_gets_413(wire):
    most = receive.MOST_BYTES
    assert deliver(b" " * (most + 1), header=V1_HEADER).status_code == 413
    assert deliver(encode(PING).ljust(most), header=V1_HEADER).status_code == 200
    assert WebhookEvent.objects.count() == 1


@pytest.mark.parametrize(("size", "status"), [(10, 200), (receive.MOST_BYTES, 413)])
def test_a_body_in_chunks_is_read_up_to_the_limit(wire, size, status):
    raw = encode(PING) + b" " * size
    request = RequestFactory().post(URL, headers={V1_HEADER: sign(raw, secret=SECRET)})
    request.META |= {
        "wsgi.input": BytesIO(raw),
        "wsgi.input_terminated": True,
        "CONTENT_LENGTH": "",
    }
    assert receive.receive_webhook(request).status_code == status


@pytest.mark.parametrize(
    "body",
    [unified("moon.landed"), b"not json at all", b'{"event": "data.new"}', unified("data.new")],
)
def test_what_is_signed_is_acknowledged_whatever_it_says(wire, body):
    assert deliver(body, header=V1_HEADER).status_code == 200
    assert bytes(WebhookEvent.objects.get().body) == encode(body)


@pytest.mark.parametrize("error", [OperationalError("database is locked"), InterfaceError("gone")])
def test_a_busy_database_asks_propexo_to_try_again(wire, monkeypatch, error):
    def refuse(**_values):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(WebhookEvent.objects, "create", refuse)
        answer = deliver(PING)
    assert (answer.status_code, code_of(answer), answer["Retry-After"]) == (503, "try_again", "60")
    assert WebhookEvent.objects.count() == 0
    assert deliver(PING).status_code == 200
    assert WebhookEvent.objects.count() == 1


def test_a_nudge_that_fails_costs_no_event(wire, monkeypatch):
    def refuse(*_args, **_options):
        raise OperationalError("database is locked")

    monkeypatch.setattr(nudges_module, "async_task", refuse)
    assert deliver(PING).status_code == 200
    assert WebhookEvent.objects.count() == 1


def test_a_burst_wakes_a_worker_once(wire, nudges, monkeypatch):
    seconds = [100.0]
    once = Nudge(nudges_module.queue_work, seconds=lambda: seconds[0])
    monkeypatch.setattr(receive, "nudge", once)
    for number in range(5):
        deliver(unified("test.ping", event_id=f"evt_{number}"))
    assert len(nudges) == 1
    seconds[0] += 1
    deliver(unified("test.ping", event_id="evt_later"))
    assert len(nudges) == 2


def test_a_queue_that_nobody_empties_does_not_grow(wire, nudges, settings):
    for _ in range(20):
        nudges_module.queue_work()
    assert len(nudges) == 4 * settings.Q_CLUSTER["workers"]


def test_receiving_takes_few_queries(wire, django_assert_max_num_queries, monkeypatch):
    monkeypatch.setattr(receive, "nudge", lambda: None)
    with django_assert_max_num_queries(4):  # the connection, a savepoint's two ends, the row
        deliver(PING)
