from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.sync.plan.last_seen import GONE_AFTER, SeenSpan
from integrations.sync.tests.running import sync
from integrations.tests.fake_gateway import FakeGateway, make_lease, make_unit

LATEST = datetime(2026, 4, 2, tzinfo=UTC)
SEEN = datetime(2026, 4, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("pages", "hides_gone"),
    [
        ([], False),
        ([[]], False),
        ([[SEEN]], False),
        ([[SEEN, SEEN - GONE_AFTER]], False),
        ([[SEEN - GONE_AFTER], [SEEN]], False),
        ([[SEEN, SEEN - GONE_AFTER - SECOND]], True),
        ([[SEEN - GONE_AFTER - SECOND], [], [SEEN]], True),
        ([[SEEN], [SEEN - GONE_AFTER - SECOND]], True),
        ([[LATEST + timedelta(days=900), SEEN]], False),
        ([[LATEST], [SEEN - GONE_AFTER, SEEN]], False),
    ],
)
def test_only_a_span_of_more_than_a_month_can_hide_what_is_gone(pages, hides_gone):
    span = SeenSpan(latest=LATEST)
    for page in pages:
        span.take_in(page)
    assert span.hides_gone is hides_gone


@pytest.mark.parametrize("last_seen", [None, SEEN])
def test_where_nothing_can_be_gone_a_sync_asks_nothing_about_it(
    house, clock, django_assert_max_num_queries, last_seen
):
    gateway = FakeGateway(
        units=[make_unit(last_seen=last_seen)], leases=[make_lease(last_seen=last_seen)]
    )
    for _ in range(2):
        with django_assert_max_num_queries(60) as asked:
            sync(house, gateway, clock())
        texts = [query["sql"] for query in asked.captured_queries]
        assert not [text for text in texts if "MAX(" in text]
        clock.advance(hours=1)
