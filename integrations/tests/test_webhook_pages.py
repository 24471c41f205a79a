from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from integrations.models import (
    Connection,
    ConnectionStatus,
    EventState,
    RejectionReason,
    WebhookEvent,
    WebhookRejection,
)
from integrations.webhooks.store import Signature, store_event
from integrations.webhooks.tests.deliveries import encode, unified
from integrations.webhooks.work import claim, fail
from portfolios.tests.pages import check_page, text_of, the

LIST = reverse("integrations:webhook-list")
REPLAY_CAUSE = reverse("integrations:webhook-replay-cause")
SECRET = "whsec_never_on_a_page"


@pytest.fixture(autouse=True)
def _at_nine(now, settings):
    settings.PROPEXO_WEBHOOK_SECRET = SECRET
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def wire(cast, now) -> Connection:
    return Connection.objects.create(
        portfolio=cast.portfolio,
        propexo_connection_id="conn_001",
        pms="yardi_voyager",
        name="Northbank",
        status=ConnectionStatus.ACTIVE,
        validated_at=now,
        created_by=cast.manager,
        created_at=now,
    )


def add_event(now, number: int = 1, connection: str = "conn_001") -> WebhookEvent:
    body = unified(
        "data.update",
        event_id=f"evt_{number}",
        connection=connection,
        object="unit",
        id=f"unit_{number}",
    )
    store_event(body=encode(body), signature=Signature("X-Propexo-Signature", 2), now=now)
    return WebhookEvent.objects.latest("pk")


def break_event(event: WebhookEvent, now, cause: str = "UNAVAILABLE") -> None:
    claimed = claim(event.pk, now=now)
    assert claimed is not None
    fail(claimed, cause=cause, error="Propexo did not answer.", now=now)


@pytest.fixture
def event(wire, now) -> WebhookEvent:
    return add_event(now)


@pytest.fixture
def failed(event: WebhookEvent, now) -> WebhookEvent:
    break_event(event, now)
    event.refresh_from_db()
    return event


def detail_url(event: WebhookEvent) -> str:
    return reverse("integrations:webhook-detail", args=[event.pk])


def replay_url(event: WebhookEvent) -> str:
    return reverse("integrations:webhook-replay", args=[event.pk])


@pytest.mark.parametrize("who", ["manager", "accountant", "viewer"])
def test_members_see_what_arrived_and_how_it_is_set_up(cast, event, signed_in, who):
    page = check_page(signed_in(getattr(cast, who)).get(LIST))
    words = text_of(page)
    for expected in (
        "http://testserver/api/webhooks/propexo",
        "1 secret accepted",
        "Not HTTPS",
        "2 Apr 2026, 09:00 UTC",
        "DATA_UPDATE",
        "unit unit_1",
        "Waiting for a worker 1",
        "PROPEXO_WEBHOOK_SECRET",
    ):
        assert expected in words
    assert SECRET not in words


def test_nothing_is_accepted_without_a_secret_and_the_page_says_so(cast, signed_in, settings):
    settings.PROPEXO_WEBHOOK_SECRET = ""
    words = text_of(check_page(signed_in(cast.viewer).get(LIST)))
    assert "No webhook is accepted" in words
    assert "never" in words


def test_a_stranger_sees_no_event(cast, failed, signed_in):
    client = signed_in(cast.stranger)
    assert "unit_1" not in text_of(check_page(client.get(LIST)))
    assert client.get(detail_url(failed)).status_code == 404
    assert client.post(replay_url(failed)).status_code == 404


def test_the_list_is_narrowed_by_state_and_event(cast, failed, now, signed_in):
    add_event(now, 2)
    client = signed_in(cast.viewer)
    tabs = [text_of(tab) for tab in check_page(client.get(LIST)).select(".quick-filters a")]
    assert tabs == [
        "All 2",
        "Waiting for a worker 1",
        "Handled 0",
        "Nothing to do 0",
        "Failed 1",
        "All 2",
        "DATA_UPDATE 2",
    ]
    page = check_page(client.get(LIST, {"state": "failed", "name": "DATA_UPDATE"}))
    rows = text_of(page.select('[aria-label="Events"]')[0])
    assert "unit_1" in rows
    assert "unit_2" not in rows
    assert check_page(client.get(LIST, {"state": "rubbish"})).select("[aria-label=Events]") == []


@pytest.mark.parametrize("name", ["state", "name", "cause"])
def test_a_character_that_no_database_takes_narrows_nothing(cast, failed, signed_in, name):
    page = check_page(signed_in(cast.viewer).get(LIST, {name: "\x00"}))
    assert "unit_1" in text_of(the(page, '[aria-label="Events"]'))


def test_a_character_that_no_database_takes_names_no_cause(cast, failed, signed_in):
    client = signed_in(cast.manager)
    client.post(REPLAY_CAUSE, {"cause": "\x00UNAVAILABLE"})
    assert not WebhookEvent.objects.filter(state=EventState.FAILED).exists()


def test_the_page_says_when_nobody_works(cast, event, now, signed_in):
    client = signed_in(cast.viewer)
    title = "Events wait and nobody works on them"
    assert title not in text_of(check_page(client.get(LIST)))
    with time_machine.travel(now + timedelta(seconds=61), tick=False):
        assert title in text_of(check_page(client.get(LIST)))


def test_what_was_turned_away_is_counted(cast, now, signed_in):
    wrong = RejectionReason.WRONG_SIGNATURE
    WebhookRejection.objects.create(hour=now, reason=wrong, count=7, last_at=now)
    long_ago = now - timedelta(hours=26)
    WebhookRejection.objects.create(hour=long_ago, reason=wrong, count=90, last_at=long_ago)
    assert "Wrong signature: 7" in text_of(check_page(signed_in(cast.viewer).get(LIST)))


def test_staff_learn_of_events_of_no_connection(cast, event, now, signed_in):
    add_event(now, 2, connection="conn_999")
    client = signed_in(cast.manager)
    assert "Of no connection here" not in text_of(check_page(client.get(LIST)))
    cast.manager.is_staff = True
    cast.manager.save()
    assert "Of no connection here 1 event" in text_of(check_page(client.get(LIST)))


def test_an_event_shows_what_it_said_and_what_came_of_it(cast, failed, signed_in):
    words = text_of(check_page(signed_in(cast.manager).get(detail_url(failed))))
    for expected in (
        "Failed",
        "UNAVAILABLE",
        "Propexo did not answer.",
        "Valid, in X-Propexo-Signature, made with secret 2",
        '"event": "data.update"',
        "Northbank",
    ):
        assert expected in words


@pytest.mark.parametrize("who", ["accountant", "viewer"])
def test_others_see_no_body_and_cannot_replay(cast, failed, signed_in, who):
    client = signed_in(getattr(cast, who))
    page = check_page(client.get(detail_url(failed)))
    assert '"event"' not in text_of(page)
    assert page.select(f'form[action="{replay_url(failed)}"]') == []
    assert "Only a property manager of Lakeside can replay this." in text_of(page)
    assert client.post(replay_url(failed)).status_code == 403
    client.post(REPLAY_CAUSE, {"cause": "UNAVAILABLE"})
    failed.refresh_from_db()
    assert failed.state == EventState.FAILED


def test_a_manager_replays_one_event(cast, failed, signed_in):
    response = signed_in(cast.manager).post(replay_url(failed), follow=True)
    assert "The event waits for a worker again." in text_of(check_page(response))
    failed.refresh_from_db()
    assert (failed.state, failed.replayed_by) == (EventState.RECEIVED, cast.manager)


def test_an_event_that_a_worker_has_is_not_replayed(cast, event, now, signed_in):
    claim(event.pk, now=now)
    response = signed_in(cast.manager).post(replay_url(event), follow=True)
    assert "A worker has this event right now." in text_of(check_page(response))


def test_a_manager_replays_all_of_a_cause(cast, failed, now, signed_in):
    for number, cause in ((2, "UNAVAILABLE"), (3, "NOT_CONFIGURED")):
        break_event(add_event(now, number), now, cause)
    client = signed_in(cast.manager)
    causes = check_page(client.get(LIST)).select('[aria-label="Failed, by cause"] tbody tr')
    assert [text_of(row)[:20] for row in causes] == ["NOT_CONFIGURED 1 Pro", "UNAVAILABLE 2 Propex"]
    response = client.post(REPLAY_CAUSE, {"cause": "UNAVAILABLE"}, follow=True)
    assert "2 events wait for a worker again." in text_of(check_page(response))
    assert WebhookEvent.objects.filter(state=EventState.FAILED).count() == 1
    response = client.post(REPLAY_CAUSE, {"cause": "UNAVAILABLE"}, follow=True)
    assert "There is no failed event of that cause" in text_of(check_page(response))


def test_many_events_are_shown_in_pages_with_few_queries(
    cast, wire, now, signed_in, django_assert_max_num_queries
):
    for number in range(51):
        add_event(now, number)
    client = signed_in(cast.manager)
    with django_assert_max_num_queries(14):
        response = client.get(LIST)
    assert "1–50 of 51 events" in text_of(check_page(response))
