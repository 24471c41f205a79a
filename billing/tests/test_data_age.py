from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from billing.operations.calculations import calculate_bill
from integrations.models import PropertyLink, SyncRun, SyncState
from portfolios.tests.pages import check_page, text_of


@pytest.fixture
def synced_at(place, now):
    PropertyLink.objects.filter(property=place).update(last_synced_at=now)
    return now


def begin_sync(place, at) -> None:
    SyncRun.objects.create(
        property=place, queued_at=at, started_at=at, state=SyncState.RUNNING, beat_at=at
    )


def page_of(client, name: str, pk: int):
    return check_page(client.get(reverse(f"billing:{name}", args=[pk])))


def test_a_calculation_keeps_how_old_its_data_was(cast, bill, synced_at):
    made = calculate_bill(bill=bill, by=cast.manager, now=synced_at + timedelta(hours=3))
    PropertyLink.objects.update(last_synced_at=synced_at + timedelta(hours=4))
    made.refresh_from_db()
    assert made.data_as_of == synced_at
    assert not made.data_in_sync


def test_the_bills_page_warns_of_old_data_and_lets_calculate(cast, bill, synced_at, signed_in):
    client = signed_in(cast.manager)
    with time_machine.travel(synced_at + timedelta(hours=30), tick=False):
        page = page_of(client, "bill-detail", bill.pk)
        assert "The PMS data is from 30 hours ago." in text_of(page)
        answer = client.post(reverse("billing:calculation-create", args=[bill.pk]), follow=True)
    warned = text_of(check_page(answer))
    assert "The PMS data was 30 hours old when this was calculated." in warned


def test_the_warning_stays_with_the_calculation_after_a_sync(cast, bill, synced_at, signed_in):
    at = synced_at + timedelta(hours=30)
    made = calculate_bill(bill=bill, by=cast.manager, now=at)
    PropertyLink.objects.update(last_synced_at=at)
    with time_machine.travel(at + timedelta(minutes=5), tick=False):
        page = text_of(page_of(signed_in(cast.viewer), "calculation-detail", made.pk))
    assert "PMS data from 5 minutes ago" in page
    assert "The PMS data was 30 hours old when this was calculated." in page


def test_a_calculation_on_fresh_data_warns_of_nothing(cast, bill, synced_at, signed_in):
    made = calculate_bill(bill=bill, by=cast.manager, now=synced_at + timedelta(hours=2))
    with time_machine.travel(synced_at + timedelta(hours=2), tick=False):
        page = text_of(page_of(signed_in(cast.manager), "calculation-detail", made.pk))
    assert "2 hours old when this was calculated" in page
    assert "The PMS data was" not in page


def test_a_running_sync_is_warned_of_before_and_after(cast, bill, place, synced_at, signed_in):
    begin_sync(place, synced_at)
    client = signed_in(cast.manager)
    assert "A sync is running." in text_of(page_of(client, "bill-detail", bill.pk))
    made = calculate_bill(bill=bill, by=cast.manager, now=synced_at)
    assert made.data_in_sync
    SyncRun.objects.filter(property=place).update(state=SyncState.COMPLETED, finished_at=synced_at)
    page = text_of(page_of(client, "calculation-detail", made.pk))
    assert "A sync was running when this was calculated." in page


def test_whoever_approves_or_posts_is_warned_too(cast, bill, synced_at, signed_in, approved):
    type(approved).objects.filter(pk=approved.pk).update(
        data_as_of=synced_at - timedelta(days=4), prepared_at=synced_at
    )
    page = page_of(signed_in(cast.accountant), "posting-create", approved.pk)
    assert "The PMS data was 4 days old when this was calculated." in text_of(page)
