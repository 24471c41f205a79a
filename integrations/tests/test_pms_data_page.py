from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import PropertyLink, SyncRun
from portfolios.tests.pages import check_page, text_of

HERE = reverse("integrations:pms-data-list")


def rows_of(page) -> list[str]:
    return [text_of(row) for row in page.select("tbody tr")]


@pytest.fixture
def link(place) -> PropertyLink:
    found = PropertyLink.objects.get()
    found.last_synced_at = timezone.now()
    found.save()
    return found


@pytest.mark.parametrize("who", ["manager", "accountant", "viewer"])
def test_members_see_how_old_the_data_is(cast, link, signed_in, who):
    (row,) = rows_of(check_page(signed_in(getattr(cast, who)).get(HERE)))
    assert "less than a minute ago" in row
    assert "Completed" in row
    assert "Old" not in row


def test_old_data_and_data_never_read_are_old(cast, link, signed_in):
    client = signed_in(cast.viewer)
    assert rows_of(check_page(client.get(HERE, {"show": "old"}))) == []
    for moment in (timezone.now() - timedelta(hours=25), None):
        link.last_synced_at = moment
        link.save()
        (row,) = rows_of(check_page(client.get(HERE, {"show": "old"})))
        assert "Old" in row


def test_only_the_latest_sync_tells_whether_it_failed(cast, link, signed_in, now):
    client = signed_in(cast.viewer)
    for state, shown in (("failed", 1), ("completed", 0)):
        SyncRun.objects.create(
            property=link.property, state=state, queued_at=now, finished_at=now, error="x"
        )
        assert len(rows_of(check_page(client.get(HERE, {"show": "failed"})))) == shown


def test_a_stranger_sees_no_property(cast, link, signed_in):
    page = check_page(signed_in(cast.stranger).get(HERE))
    assert "No property comes from a PMS yet" in text_of(page)
