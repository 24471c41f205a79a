from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.template import Context, Template
from django.utils import timezone

from integrations.freshness import Freshness, in_words, over_time, read_freshness
from integrations.models import PropertyLink, PropertyReading, SyncRun, SyncState
from portfolios.models import Property

FRESH = Freshness(
    as_of=datetime(2026, 4, 2, tzinfo=UTC), pms_read_at=None, is_syncing=False, last_failed=False
)


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(seconds=-5), "less than a minute"),
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=59, seconds=59), "59 minutes"),
        (timedelta(hours=3, minutes=59), "3 hours"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(hours=48), "2 days"),
        (timedelta(days=1_234), "1,234 days"),
    ],
)
def test_an_age_is_said_in_its_largest_unit(duration: timedelta, words: str):
    assert in_words(duration) == words


def test_data_is_old_after_the_set_number_of_hours(settings):
    settings.PROPEXO_STALE_AFTER_HOURS = 6
    read_at = FRESH.as_of
    assert read_at is not None
    assert not FRESH.is_old(now=read_at + timedelta(hours=6))
    assert FRESH.is_old(now=read_at + timedelta(hours=6, seconds=1))
    assert replace(FRESH, as_of=None).is_old(now=read_at)


def test_a_sync_that_came_and_went_between_two_looks_counts_as_running():
    later = replace(FRESH, as_of=datetime(2026, 4, 3, tzinfo=UTC))
    assert over_time(FRESH, FRESH) == FRESH
    assert over_time(FRESH, later) == replace(FRESH, is_syncing=True)
    running = replace(FRESH, is_syncing=True)
    assert over_time(running, FRESH) == running
    assert over_time(FRESH, running) == running
    assert over_time(None, None) is None


def test_a_property_that_came_through_no_connection_has_no_age(cast, now):
    place = Property.objects.create(
        portfolio=cast.portfolio, name="Elm House", propexo_property_id="prop_elm", created_at=now
    )
    assert read_freshness(place) is None
    assert line(place) == ""


def test_a_sync_under_way_and_one_that_stopped_half_way_count(place, now):
    found = read_freshness(place)
    assert found is not None
    assert not found.is_syncing
    run = SyncRun.objects.create(property=place, queued_at=now)
    assert not syncing(place)
    SyncRun.objects.filter(pk=run.pk).update(started_at=now)
    assert syncing(place)
    SyncRun.objects.filter(pk=run.pk).update(state=SyncState.RUNNING)
    assert syncing(place)
    SyncRun.objects.filter(pk=run.pk).update(state=SyncState.FAILED, finished_at=now)
    assert not syncing(place)
    assert "The last sync failed" in line(place)


def syncing(place: Property) -> bool:
    found = read_freshness(place)
    assert found is not None
    return found.is_syncing


def line(place: Property, *, warn: bool = False) -> str:
    page = Template("{% load freshness %}{% freshness place warn=warn %}").render(
        Context({"place": place, "warn": warn})
    )
    return " ".join(BeautifulSoup(page, "html.parser").text.split())


@pytest.fixture
def synced_at(place):
    """Let the property have been read now, and leave out when Propexo read the PMS."""
    at = datetime(2026, 4, 2, 9, 0, tzinfo=UTC)
    PropertyLink.objects.filter(property=place).update(last_synced_at=at)
    PropertyReading.objects.filter(property=place).update(pms_synced_at=None)
    return at


def test_the_page_says_how_old_the_data_is(place, synced_at):
    with time_machine.travel(synced_at + timedelta(hours=3, minutes=5), tick=False):
        assert line(place, warn=True) == "PMS data from 3 hours ago"


def test_the_page_says_when_propexo_itself_read_the_pms(place, synced_at):
    PropertyReading.objects.filter(property=place).update(
        pms_synced_at=synced_at - timedelta(days=3)
    )
    with time_machine.travel(synced_at + timedelta(hours=3), tick=False):
        assert line(place) == "PMS data from 3 hours ago · Propexo had read the PMS 3 days ago"


def test_old_data_is_warned_of_where_it_matters(place, synced_at):
    with time_machine.travel(synced_at + timedelta(hours=25), tick=False):
        quiet, loud = line(place), line(place, warn=True)
    assert quiet == "PMS data from 25 hours ago · Older than 24 hours: sync the property"
    assert "The PMS data is from 25 hours ago. Who lives where may have changed" in loud
    assert "calculate all the same" in loud


def test_a_running_sync_is_warned_of_where_it_matters(place, synced_at):
    SyncRun.objects.create(
        property=place,
        queued_at=timezone.now(),
        started_at=timezone.now(),
        state=SyncState.RUNNING,
    )
    assert "· A sync is running" in line(place)
    assert "half up to date" not in line(place)
    assert "half up to date" in line(place, warn=True)


def test_a_property_that_was_never_read_says_so(place, synced_at):
    PropertyLink.objects.filter(property=place).update(last_synced_at=None)
    assert line(place, warn=True) == "No PMS data yet"
