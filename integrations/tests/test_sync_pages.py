from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.gateways import open_gateway
from integrations.models import (
    PropertyLink,
    PropertyReading,
    ReviewItem,
    ReviewKind,
    SyncPhase,
    SyncRun,
    SyncState,
)
from integrations.sandbox.tests.client import Client as SandboxClient
from integrations.sandbox.tests.client import written
from integrations.sync.queueing import OVERLAP
from integrations.views.syncs import freshness
from portfolios.models import Property
from portfolios.operations.api_keys import create_api_key
from portfolios.tests.pages import check_page, check_part, text_of


def url_of(place: Property) -> str:
    return reverse("integrations:property-sync", args=[place.pk])


def run_url(run: SyncRun) -> str:
    return reverse("integrations:sync-detail", args=[run.pk])


def add_run(place: Property, state: SyncState, **values: object) -> SyncRun:
    moment = timezone.now()
    over = state in (SyncState.COMPLETED, SyncState.FAILED)
    return SyncRun.objects.create(
        property=place,
        state=state,
        **{"queued_at": moment, "finished_at": moment if over else None, **values},
    )


@pytest.mark.parametrize("who", ["manager", "accountant", "viewer"])
def test_the_history_is_shown_to_every_member(cast, place, signed_in, who):
    page = check_page(signed_in(getattr(cast, who)).get(url_of(place)))
    (row,) = [text_of(row) for row in page.select("tbody tr")]
    assert row.startswith("2 Apr 2026, 09:00 UTC Completed MeterBase 48 57 105 0 0 0")
    tabs = [text_of(tab) for tab in page.select('.nav-tabs [aria-current="page"]')]
    assert tabs == ["PMS sync"]
    buttons = [text_of(form) for form in page.select("main form")]
    assert buttons == (["Sync now Read everything again"] if who == "manager" else [])


def test_the_page_says_how_old_the_data_is(cast, place, signed_in):
    PropertyLink.objects.update(last_synced_at=timezone.now() - timedelta(minutes=3, seconds=5))
    words = text_of(check_page(signed_in(cast.viewer).get(url_of(place))))
    assert "PMS data is 3 minutes old." in words


def test_freshness_is_said_in_words(now):
    assert freshness(None, now=now) == "The PMS was never read for this property."
    assert freshness(now, now=now) == "PMS data is less than a minute old."
    old = freshness(now - timedelta(days=2), now=now)
    assert old.replace("\xa0", " ") == "PMS data is 2 days old."


def test_a_manager_starts_a_sync_and_sees_it(cast, place, signed_in):
    client = signed_in(cast.manager)
    response = client.post(url_of(place))
    run = place.sync_runs.get(state=SyncState.QUEUED)
    assert response.headers["Location"] == run_url(run)
    assert run.requested_by == cast.manager
    page = check_page(client.get(run_url(run)))
    assert "Waiting for a worker" in text_of(page)
    assert "by Manager" in text_of(page)


def test_asking_again_leads_to_the_sync_that_is_under_way(cast, place, signed_in):
    client = signed_in(cast.manager)
    first = client.post(url_of(place)).headers["Location"]
    assert client.post(url_of(place)).headers["Location"] == first
    assert place.sync_runs.count() == 2


@pytest.mark.parametrize(
    ("who", "status"), [("accountant", 403), ("viewer", 403), ("stranger", 404)]
)
def test_nobody_else_starts_a_sync(cast, place, signed_in, who, status):
    assert signed_in(getattr(cast, who)).post(url_of(place)).status_code == status
    assert place.sync_runs.count() == 1


def test_neither_page_exists_for_a_stranger(cast, place, signed_in):
    client = signed_in(cast.stranger)
    assert client.get(url_of(place)).status_code == 404
    assert client.get(run_url(place.sync_runs.get())).status_code == 404


def test_a_property_that_is_not_connected_says_so(cast, now, signed_in):
    place = Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="x", name="Loose", created_at=now
    )
    client = signed_in(cast.manager)
    page = check_page(client.get(url_of(place)))
    assert "This property is not connected to a PMS" in text_of(page)
    assert page.select("main form") == []
    answer = check_page(client.post(url_of(place), follow=True))
    assert "Loose is not connected to a PMS." in text_of(answer)
    assert not SyncRun.objects.exists()


def test_a_connection_of_a_portfolio_that_i_am_not_in_is_not_linked(cast, place, signed_in):
    from portfolios.models import Portfolio

    Property.objects.filter(pk=place.pk).update(portfolio=Portfolio.objects.get(name="Elsewhere"))
    page = check_page(signed_in(cast.stranger).get(url_of(place)))
    connection = place.link.connection
    url = reverse("integrations:connection-detail", args=[connection.pk])
    assert page.select(f'a[href="{url}"]') == []
    assert connection.name not in text_of(page)


def test_open_review_items_are_pointed_to(cast, place, signed_in, now):
    ReviewItem.objects.create(
        portfolio=cast.portfolio,
        connection=place.link.connection,
        property=place,
        kind=ReviewKind.ODD_VALUE,
        record_kind="unit",
        remote_id="unit_1",
        label="Unit 1",
        message="Odd.",
        found_at=now,
        last_found_at=now,
    )
    page = check_page(signed_in(cast.viewer).get(url_of(place)))
    assert page.select(f'main a[href="{reverse("integrations:review-item-list")}"]')


def test_a_running_sync_polls_its_own_part(cast, place, signed_in):
    run = add_run(
        place,
        SyncState.RUNNING,
        phase=SyncPhase.LEASES,
        units_read=48,
        leases_read=50,
        beat_at=timezone.now(),
    )
    client = signed_in(cast.viewer)
    page = check_page(client.get(run_url(run)))
    assert page.select('noscript meta[http-equiv="refresh"]')
    part = page.select(f'#progress[hx-get="{run_url(run)}"][hx-trigger="every 2s"]')
    assert len(part) == 1
    assert "Reading leases" in text_of(part[0])
    assert "Units read 48" in text_of(part[0])
    swapped = check_part(client.get(run_url(run), headers={"HX-Request": "true"}))
    assert swapped.select('#progress[hx-swap="outerHTML"]')


@pytest.mark.parametrize("state", [SyncState.COMPLETED, SyncState.FAILED])
def test_a_sync_that_is_over_stops_polling(cast, place, signed_in, state):
    run = add_run(place, state)
    client = signed_in(cast.viewer)
    page = check_page(client.get(run_url(run)))
    assert page.select('meta[http-equiv="refresh"]') == []
    assert page.select("[hx-get]") == []
    part = check_part(client.get(run_url(run), headers={"HX-Request": "true"}))
    assert part.select("#progress")
    assert part.select("[hx-get]") == []


def test_a_sync_that_nobody_picks_up_says_so_after_a_minute(cast, place, signed_in):
    client = signed_in(cast.viewer)
    run = add_run(place, SyncState.QUEUED, queued_at=timezone.now() - timedelta(seconds=50))
    sentence = "No worker has picked this up"
    assert sentence not in text_of(check_page(client.get(run_url(run))))
    SyncRun.objects.update(queued_at=timezone.now() - timedelta(seconds=61))
    assert sentence in text_of(check_page(client.get(run_url(run))))


def test_a_sync_that_went_quiet_says_so(cast, place, signed_in):
    quiet = timezone.now() - timedelta(minutes=6)
    run = add_run(place, SyncState.RUNNING, beat_at=quiet)
    words = text_of(check_page(signed_in(cast.viewer).get(run_url(run))))
    assert "No sign of life for some minutes" in words
    assert "Another one takes it up by itself" in words


def test_a_complete_sync_shows_what_it_found(cast, place, signed_in):
    run = add_run(place, SyncState.COMPLETED, created=1, changed=2, unchanged=3, flagged=4)
    page = check_page(signed_in(cast.viewer).get(run_url(run)))
    words = text_of(page)
    for expected in ("New 1", "Changed 2", "Unchanged 3", "To review 4"):
        assert expected in words
    assert "Sync again" not in words


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("AUTHORIZATION_FAILED", "Renew the PMS login in the Propexo dashboard"),
        ("RATE_LIMITED", "Wait a few minutes"),
        ("WORKER_LOST", "Start the sync again."),
        ("NOT_CONFIGURED", "enters the key"),
        ("SOMETHING_NEW", "Look at the connection in the Propexo dashboard"),
    ],
)
def test_a_failed_sync_says_why_and_what_to_do(cast, place, signed_in, code, remedy):
    run = add_run(place, SyncState.FAILED, error="It went wrong.", error_code=code)
    words = text_of(check_page(signed_in(cast.manager).get(run_url(run))))
    assert "It went wrong." in words
    assert remedy in words
    assert code in words
    assert "Sync again" in words


def test_a_sync_shows_its_rate_and_how_long_it_will_take(cast, place, signed_in):
    run = add_run(
        place,
        SyncState.RUNNING,
        units_read=100,
        leases_read=100,
        rows_expected=1_000,
        started_at=timezone.now() - timedelta(seconds=10),
        beat_at=timezone.now(),
    )
    words = text_of(check_page(signed_in(cast.viewer).get(run_url(run))))
    assert "200 of 1000" in words
    assert "records per second" in words
    assert "Time left: about 1 minute." in words


def test_a_sync_says_that_it_waits_for_the_rate_limit(cast, place, signed_in):
    run = add_run(
        place, SyncState.RUNNING, beat_at=timezone.now(), waits_for="Until 09:01, as told."
    )
    words = text_of(check_page(signed_in(cast.viewer).get(run_url(run))))
    assert "Waits for the rate limit" in words
    assert "Until 09:01, as told." in words


def test_a_sync_that_rests_says_until_when(cast, place, signed_in):
    run = add_run(
        place,
        SyncState.QUEUED,
        not_before=timezone.now() + timedelta(minutes=2),
        waits_for="Too fast.",
    )
    words = text_of(check_page(signed_in(cast.viewer).get(run_url(run))))
    assert "Waits until" in words
    assert "Too fast." in words
    assert "Go on now" not in words


def test_a_manager_lets_a_sync_that_rests_go_on_at_once(cast, place, signed_in):
    run = add_run(
        place,
        SyncState.QUEUED,
        started_at=timezone.now(),
        not_before=timezone.now() + timedelta(minutes=30),
        waits_for="Propexo is not available right now (502).",
    )
    client = signed_in(cast.manager)
    assert "Go on now" in text_of(check_page(client.get(run_url(run))))
    response = client.post(url_of(place), follow=True)
    run.refresh_from_db()
    assert (run.state, run.not_before) == (SyncState.QUEUED, None)
    assert "Go on now" not in text_of(check_page(response))


def test_what_changed_in_the_list_of_properties_is_said(cast, place, signed_in, sandbox):
    client = signed_in(cast.manager)
    client.post(connection_url(place))
    changes = SandboxClient(sandbox.base_url)
    renamed = written({"name": "Maplewood Lofts"})
    changes.call("PATCH", "/_sandbox/properties/prop_001", renamed)
    changes.post("/_sandbox/properties", {"connection_id": "conn_001", "units": 1})
    words = text_of(check_page(client.post(connection_url(place), follow=True)))
    assert (
        "Properties: 1 with a changed name, address or size, 1 new in the PMS (see the review "
        "items)." in words
    )


def test_a_program_is_told_what_a_sync_waits_for(cast, place, now):
    run = add_run(place, SyncState.QUEUED, not_before=now, waits_for="Too fast.")
    key = create_api_key(user=cast.viewer, name="test", by=cast.viewer, now=now)
    program = Client(headers={"Authorization": f"Bearer {key.secret}"})
    told = program.get(reverse("api:show_sync", args=[run.pk])).json()
    assert (told["status"], told["waits_for"]) == ("queued", "Too fast.")
    assert datetime.fromisoformat(told["waits_until"]) == now


def test_a_sync_behind_others_says_so(cast, place, signed_in, now):
    other = Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="x", name="Busy", created_at=now
    )
    add_run(other, SyncState.RUNNING, beat_at=timezone.now())
    run = add_run(place, SyncState.QUEUED, queued_at=timezone.now() - timedelta(minutes=2))
    words = text_of(check_page(signed_in(cast.viewer).get(run_url(run))))
    assert "Other syncs run first" in words
    assert "No worker" not in words


def test_a_manager_asks_for_everything_to_be_read_again(cast, place, signed_in):
    signed_in(cast.manager).post(url_of(place), {"full": "1"})
    assert place.sync_runs.get(state=SyncState.QUEUED).is_full


def test_without_asking_for_more_only_changes_are_read(cast, place, signed_in, now):
    PropertyReading.objects.update(fully_read_at=timezone.now())
    signed_in(cast.manager).post(url_of(place))
    assert place.sync_runs.get(state=SyncState.QUEUED).updated_since == now - OVERLAP


def connection_url(place: Property) -> str:
    return reverse("integrations:connection-sync", args=[place.link.connection_id])


def test_all_properties_of_a_connection_are_synced_from_its_page(cast, place, signed_in):
    client = signed_in(cast.manager)
    response = client.post(connection_url(place), follow=True)
    words = text_of(check_page(response))
    assert "1 property is being synced." in words
    assert "1 waiting" in words
    assert place.sync_runs.filter(state=SyncState.QUEUED).count() == 1


def test_a_connection_without_news_says_so(cast, place, signed_in, sandbox):
    client = signed_in(cast.manager)
    client.post(connection_url(place))
    SyncRun.objects.filter(state=SyncState.QUEUED).delete()
    remote = open_gateway(place.link.connection).read_connection(connection_id="conn_001")
    PropertyReading.objects.update(
        pms_synced_at=remote.last_synced_at, fully_read_at=timezone.now()
    )
    words = text_of(check_page(client.post(connection_url(place), follow=True)))
    assert "nothing newer" in words
    assert not SyncRun.objects.filter(state=SyncState.QUEUED).exists()


def test_a_connection_that_cannot_be_asked_says_why(cast, place, signed_in, settings):
    settings.PROPEXO_API_KEY = ""
    words = text_of(check_page(signed_in(cast.manager).post(connection_url(place), follow=True)))
    assert "Propexo is not configured" in words


def test_the_page_of_a_connections_syncs_polls_until_they_are_over(cast, place, signed_in):
    client = signed_in(cast.viewer)
    assert check_page(client.get(connection_url(place))).select("[hx-get]") == []
    add_run(place, SyncState.RUNNING, beat_at=timezone.now())
    page = check_page(client.get(connection_url(place)))
    assert page.select('#progress[hx-trigger="every 2s"]')
    assert page.select("main form") == []
    part = check_part(client.get(connection_url(place), headers={"HX-Request": "true"}))
    assert "1 running" in text_of(part)


@pytest.mark.parametrize(
    ("who", "status"), [("accountant", 403), ("viewer", 403), ("stranger", 404)]
)
def test_nobody_else_syncs_a_connection(cast, place, signed_in, who, status):
    assert signed_in(getattr(cast, who)).post(connection_url(place)).status_code == status
    assert place.sync_runs.count() == 1
