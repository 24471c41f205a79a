"""The pages on which webhooks are set up and looked after."""

from __future__ import annotations

import base64

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.models import (
    Delivery,
    DeliveryState,
    OutgoingKind,
    WebhookEndpoint,
    WebhookSecret,
)
from integrations.operations.webhook_endpoints import create_endpoint
from integrations.outgoing.queueing import Report, queue_events, queue_test
from portfolios.models import AuditEvent
from portfolios.tests.pages import check_page, the

URL = "https://93.184.216.34/hooks"
KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()


def page(name: str, *args: object) -> str:
    return reverse(f"integrations:{name}", args=args)


@pytest.fixture
def endpoint(cast, now) -> WebhookEndpoint:
    return create_endpoint(
        portfolio=cast.portfolio,
        url=URL,
        events=[OutgoingKind.CHARGE_POSTED],
        by=cast.manager,
        now=now,
    ).endpoint


@pytest.fixture
def delivery(endpoint, now) -> Delivery:
    return queue_test(endpoint=endpoint, now=now)


def entry(cast, **changes: object) -> dict[str, object]:
    typed = {
        "portfolio": cast.portfolio.pk,
        "url": URL,
        "events": ["charge.posted", "job.completed"],
        "secret": "",
    }
    return typed | changes


def test_a_manager_adds_a_webhook_and_sees_its_secret_once(cast, signed_in):
    client = signed_in(cast.manager)
    answer = client.post(page("endpoint-create"), entry(cast))

    check_page(answer)
    secret = WebhookSecret.objects.get().text
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.url, endpoint.events) == (URL, ["charge.posted", "job.completed"])
    for name in ("endpoint-list", "endpoint-detail", "endpoint-edit", "endpoint-rotate"):
        shown = client.get(page(name, *([] if name == "endpoint-list" else [endpoint.pk])))
        check_page(shown)
        assert secret not in shown.content.decode()
    said = AuditEvent.objects.get(verb="webhook_endpoint.created")
    assert said.actor == cast.manager
    assert secret not in str(said.after)


def test_an_own_secret_is_taken(cast, signed_in):
    signed_in(cast.manager).post(page("endpoint-create"), entry(cast, secret=KEY))
    assert WebhookSecret.objects.get().text == KEY


@pytest.mark.parametrize(
    ("field", "typed", "why"),
    [
        ("url", "", "Enter the URL"),
        ("url", "http://93.184.216.34/hooks", "must start with https://"),
        ("url", "https://169.254.169.254/latest/meta-data", "on the public Internet"),
        ("url", "https://10.0.0.8/", "on the public Internet"),
        ("url", "https://localhost/", "on the public Internet"),
        ("events", [], "Tick at least one event"),
        ("events", ["payment.lost"], "payment.lost is no event"),
        ("events", ["webhook.test"], "webhook.test is no event"),
        ("secret", "short", "A secret is whsec_"),
        ("secret", "whsec_dG9vIHNob3J0", "A secret is whsec_"),
        ("portfolio", "", "Choose a portfolio"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(cast, signed_in, field, typed, why):
    answer = signed_in(cast.manager).post(page("endpoint-create"), entry(cast, **{field: typed}))
    soup = check_page(answer)
    assert why in soup.get_text()
    assert not WebhookEndpoint.objects.exists()
    assert not WebhookSecret.objects.exists()


def test_the_same_url_is_not_added_twice(cast, signed_in, endpoint):
    answer = signed_in(cast.manager).post(page("endpoint-create"), entry(cast))
    assert "registered for the portfolio already" in check_page(answer).get_text()
    assert WebhookEndpoint.objects.count() == 1


def test_nobody_adds_a_webhook_to_a_portfolio_that_they_do_not_manage(cast, signed_in):
    for person in (cast.accountant, cast.viewer, cast.stranger):
        answer = signed_in(person).post(page("endpoint-create"), entry(cast))
        assert "You manage no portfolio" in check_page(answer).get_text()
    assert not WebhookEndpoint.objects.exists()


PAGES = ["endpoint-detail", "endpoint-edit", "endpoint-rotate", "endpoint-disable"]
ACTS = ["endpoint-rotate", "endpoint-disable", "endpoint-enable", "endpoint-test"]


def test_strangers_find_nothing_and_others_may_not(cast, signed_in, endpoint, delivery):
    for person, status in ((cast.stranger, 404), (cast.viewer, 403), (cast.accountant, 403)):
        client = signed_in(person)
        asked = [client.get(page(name, endpoint.pk)) for name in PAGES]
        asked += [client.post(page(name, endpoint.pk)) for name in [*ACTS, "endpoint-replay"]]
        asked.append(client.get(page("delivery-detail", delivery.pk)))
        asked.append(client.post(page("delivery-replay", delivery.pk)))
        assert {answer.status_code for answer in asked} == {status}
        assert URL not in client.get(page("endpoint-list")).content.decode()


def test_url_and_events_are_changed(cast, signed_in, endpoint):
    changed = {"url": "https://93.184.216.34/new", "events": ["lease.created"]}
    answer = signed_in(cast.manager).post(page("endpoint-edit", endpoint.pk), changed, follow=True)
    check_page(answer)
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.events) == (changed["url"], changed["events"])
    said = AuditEvent.objects.get(verb="webhook_endpoint.changed")
    assert said.before == {"url": URL, "events": ["charge.posted"]}


def test_a_private_url_is_no_change(cast, signed_in, endpoint):
    changed = {"url": "https://[::1]/", "events": ["lease.created"]}
    answer = signed_in(cast.manager).post(page("endpoint-edit", endpoint.pk), changed)
    assert "on the public Internet" in check_page(answer).get_text()
    endpoint.refresh_from_db()
    assert endpoint.url == URL


def test_a_new_secret_is_shown_once_and_the_old_one_ends(cast, signed_in, endpoint):
    old = WebhookSecret.objects.get()
    answer = signed_in(cast.manager).post(page("endpoint-rotate", endpoint.pk), {"secret": ""})
    new = WebhookSecret.objects.get(ends_at=None)
    assert the(check_page(answer), "#secret")["value"] == new.text
    old.refresh_from_db()
    assert old.ends_at is not None
    assert AuditEvent.objects.filter(verb="webhook_endpoint.secret_rotated").exists()


def test_a_webhook_is_disabled_and_enabled_again(cast, signed_in, endpoint):
    client = signed_in(cast.manager)
    page_of_it = client.post(page("endpoint-disable", endpoint.pk), follow=True)
    assert "Nothing is sent to this webhook" in check_page(page_of_it).get_text()
    endpoint.refresh_from_db()
    assert endpoint.disabled_by == cast.manager
    client.post(page("endpoint-enable", endpoint.pk))
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None
    verbs = AuditEvent.objects.filter(subject_id=str(endpoint.pk)).values_list("verb", flat=True)
    assert {"webhook_endpoint.disabled", "webhook_endpoint.enabled"} <= set(verbs)


def test_a_test_is_queued_and_shown(cast, signed_in, endpoint):
    answer = signed_in(cast.manager).post(page("endpoint-test", endpoint.pk), follow=True)
    assert "webhook.test" in check_page(answer).get_text()
    assert Delivery.objects.get().event.kind == OutgoingKind.TEST


def test_a_disabled_webhook_is_not_tested(cast, signed_in, endpoint):
    client = signed_in(cast.manager)
    client.post(page("endpoint-disable", endpoint.pk))
    answer = client.post(page("endpoint-test", endpoint.pk), follow=True)
    assert "Enable it to test it" in check_page(answer).get_text()
    assert not Delivery.objects.exists()


def test_a_delivery_is_sent_again(cast, signed_in, delivery, now):
    Delivery.objects.update(state=DeliveryState.GIVEN_UP, finished_at=now, tries=16)
    answer = signed_in(cast.manager).post(page("delivery-replay", delivery.pk), follow=True)
    check_page(answer)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries_before) == (DeliveryState.QUEUED, 16)
    assert AuditEvent.objects.filter(verb="webhook_delivery.replayed").exists()


def test_all_that_was_given_up_is_sent_again(cast, signed_in, endpoint, now):
    for _ in range(3):
        queue_test(endpoint=endpoint, now=now)
    Delivery.objects.update(state=DeliveryState.GIVEN_UP, finished_at=now)
    client = signed_in(cast.manager)
    shown = check_page(client.get(page("endpoint-detail", endpoint.pk)))
    assert "Send the 3 given up again" in shown.get_text()
    client.post(page("endpoint-replay", endpoint.pk))
    assert Delivery.objects.filter(state=DeliveryState.QUEUED).count() == 3


def test_deliveries_are_saved_as_they_are_narrowed_down(cast, signed_in, endpoint, delivery):
    client = signed_in(cast.manager)
    address = page("endpoint-detail", endpoint.pk)
    for query, count in (("?format=csv", 1), ("?format=csv&state=delivered", 0)):
        file = b"".join(client.get(address + query).streaming_content).decode()
        assert file.count(delivery.event.public_id) == count


def test_deliveries_are_narrowed_down(cast, signed_in, endpoint, delivery, now):
    client = signed_in(cast.manager)
    address = page("endpoint-detail", endpoint.pk)
    for query, rows in (
        ("", 1),
        ("?state=queued", 1),
        ("?state=delivered", 0),
        ("?event=webhook.test", 1),
        ("?event=charge.posted", 0),
        ("?state=nonsense", 1),
    ):
        soup = check_page(client.get(address + query))
        assert len(soup.select("tbody tr")) == rows, query


def test_pages_ask_as_often_for_many_deliveries_as_for_few(cast, signed_in, endpoint, now):
    client = signed_in(cast.manager)
    addresses = [page("endpoint-list"), page("endpoint-detail", endpoint.pk)]
    reports = [Report(OutgoingKind.CHARGE_POSTED, {"charge_id": n}) for n in range(300)]
    counts: list[list[int]] = []
    for some in (reports[:10], reports):
        queue_events(reports=some, portfolio_id=cast.portfolio.pk, now=now)
        counts.append([_queries(client, address) for address in addresses])
    assert counts[0] == counts[1]


def _queries(client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        check_page(client.get(address))
    return len(queries)
